"""Is this process able to serve? Each check is bounded in time and answers with one word.

Other apps add theirs from their `AppConfig.ready`: `health.register("referentiels", check)`, where `check()` returns
nothing when all is well and raises NotReadyError (or anything else) when it is not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import uuid4

import structlog
from celery import current_app
from django.core.cache import cache
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from portal.messaging.selectors import outbox_figures

CHECK_SECONDS = 2.0
"""For all checks together, run side by side."""
MAX_OUTBOX_SECONDS = 300.0
"""A due message that no worker took for that long means that nothing is being sent."""

Check = Callable[[], None]

logger = structlog.get_logger(__name__)
_checks: dict[str, Check] = {}
_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="sante")
_migrated = False


class NotReadyError(Exception):
    """A part works, but not well enough to send people here; the message is a word for the operator."""


def register(name: str, check: Check) -> None:
    """Add a check under a French word shown to operators; the same name replaces the former one."""
    _checks[name] = check


def run_checks() -> dict[str, str]:
    """Return « ok », « panne » or « trop lent » for each check, in less than CHECK_SECONDS."""
    deadline = time.monotonic() + CHECK_SECONDS
    running = {name: _pool.submit(_alone, check) for name, check in _checks.items()}
    return {name: _outcome(name, future, deadline) for name, future in running.items()}


def _alone(check: Check) -> None:
    """Run in the pool's thread, then give its database connection back."""
    try:
        check()
    finally:
        connections.close_all()


def _outcome(name: str, future: Future[None], deadline: float) -> str:
    try:
        future.result(timeout=max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        future.cancel()
        logger.warning("not_ready", component=name, error="too-slow")
        return "trop lent"
    except Exception as error:  # noqa: BLE001  whatever a part raises, it is down
        logger.warning("not_ready", component=name, error=type(error).__name__.lower())
        return "panne"
    return "ok"


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_migrations() -> None:
    """Refuse while a migration of this code is not applied. Applied ones stay so: asked once per process."""
    global _migrated
    if _migrated:
        return
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReadyError("migrations")
    _migrated = True


def check_broker() -> None:
    options = {"socket_timeout": 1, "socket_connect_timeout": 1, "max_retries": 0}
    with current_app.connection_for_write(connect_timeout=1, transport_options=options) as link:
        link.default_channel.client.ping()


def check_cache() -> None:
    mark = uuid4().hex
    cache.set(f"sante:{mark}", mark, timeout=5)
    if cache.get(f"sante:{mark}") != mark:
        raise NotReadyError("cache")


def check_outbox() -> None:
    if outbox_figures().oldest_due_seconds > MAX_OUTBOX_SECONDS:
        raise NotReadyError("outbox")


register("base", check_database)
register("migrations", check_migrations)
register("file", check_broker)
register("cache", check_cache)
register("messages", check_outbox)
