"""The one thread that may talk to the card."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from typing import TypeVar

from accounts.cps.agent.errors import CardError

T = TypeVar("T")
LONGEST_SECONDS = 60.0
"""A pin-pad waits for fingers; a dead reader must not hold a page for ever."""


class CardThread:
    """Runs jobs one after the other. A job that never ends makes the next ones answer « busy »."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="carte")

    def run(self, job: Callable[[], T]) -> T:
        """Result of `job`, or its exception. Raises CardError(busy)."""
        future: Future[T] = self._pool.submit(job)
        try:
            return future.result(LONGEST_SECONDS)
        except TookTooLong:
            future.cancel()
            raise CardError("busy") from None

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
