"""Django's PostgreSQL backend with a cheaper answer to « is this kept connection still good? » (CONN_HEALTH_CHECKS).

Django asks the database `SELECT 1` at each request. A server that stops or ends a connection writes on it, or closes
it, before anything is asked: then the socket has something to read. So a connection used a moment ago whose socket is
silent is taken as good, without a round trip; one that is not silent, or has rested, is asked as before. After a
restart of the database each kept connection is found dead before it is used, and replaced (REL-4).
"""

from __future__ import annotations

import select
import time
from typing import Any

from django.db.backends.postgresql import base, operations
from psycopg import Error

RESTED_SECONDS = 5.0
"""Beyond, a connection may have been lost without a word (a machine unplugged, a firewall): it is asked."""


class DatabaseOperations(operations.DatabaseOperations):
    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> str:
        """For the reports of queries: a prepared statement keeps no text with its parameters filled in."""
        return super().last_executed_query(cursor, sql, params) or str(sql).strip()


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
    health_check_enabled: bool
    health_check_done: bool
    _checked_at = float("-inf")

    def close_if_health_check_failed(self) -> None:
        if self.connection is None or not self.health_check_enabled or self.health_check_done:
            return
        now = time.monotonic()
        if now - self._checked_at < RESTED_SECONDS and self._is_silent():
            self.health_check_done = True
        else:
            super().close_if_health_check_failed()
        self._checked_at = now

    def _is_silent(self) -> bool:
        """Whether nothing came on the socket since the last answer, the end of the connection included."""
        try:
            poll = select.poll()
            poll.register(self.connection.fileno(), select.POLLIN)
        except (Error, OSError):
            return False
        return not poll.poll(0)
