"""A second session beside the import's own: the tables of a first load owe each other nothing, and a server has more
than one core."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

import psycopg
from django.db import Error, connection

from .staging import bulk_settings, execute

P = ParamSpec("P")
R = TypeVar("R")


class SecondSession:
    """Runs functions, one at a time, in a thread where `connection` is another connection; opened when first used.

    What they write waits for `commit`, which the import calls just before its own: what is written here must mean
    nothing without what the import writes. A process killed between both commits leaves rows that nothing points to,
    which the next first load throws away.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="import")
        self._link: psycopg.Connection[Any] | None = None
        self._last: Future[Any] | None = None
        self._published: list[str] = []

    def __enter__(self) -> SecondSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._last is not None:
                self._stop()
                self._thread.submit(self._leave).result()
        finally:
            self._thread.shutdown()

    def start(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Run this function in the open transaction; what it raises comes out of the result."""
        work = self._thread.submit(self._run, partial(function, *args, **kwargs))
        self._last = work
        return work

    def publish(self, table: str) -> None:
        """Commit a working table, so that the import reads it too; dropped at the end, or by the next import."""
        self._published.append(table)
        self._thread.submit(lambda: connection.commit()).result()

    def commit(self) -> None:
        """Keep what was written. Nothing happens when nothing was asked."""
        if self._last is not None:
            self._thread.submit(lambda: connection.commit()).result()

    def undo(self) -> None:
        """Stop what is under way, whatever it raises, and forget what was not committed."""
        self._stop()
        self._thread.submit(lambda: connection.rollback()).result()

    def _stop(self) -> None:
        # Between two statements there is nothing to stop: asked again until the function ends.
        while self._last is not None and not self._last.done():
            if self._link is not None:
                with suppress(psycopg.Error):
                    self._link.cancel_safe(timeout=5)
            wait([self._last], timeout=0.2)

    def _run(self, function: Callable[[], R]) -> R:
        if self._link is None:
            connection.set_autocommit(False)
            self._link = connection.connection
        bulk_settings()
        return function()

    def _leave(self) -> None:
        """In the thread: nothing stays of the working tables, nor of the connection. A server that went away drops
        nothing; the next import does, and whoever waits is told of the first error, not of this one."""
        try:
            with suppress(Error):
                connection.rollback()
                bulk_settings()
                for table in self._published:
                    execute(f"drop table if exists {table}")
                connection.commit()
        finally:
            connection.close()
