"""A limit on a whole call over the network: a server that drips its answer passes every limit on a single read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Closable(Protocol):
    """What `cut_after` closes."""

    def close(self) -> None:
        """End the line under whoever reads it."""


@contextmanager
def cut_after(seconds: float, line: Closable) -> Iterator[None]:
    """Close the line under whoever reads it once the time is over: their next read fails."""
    timer = threading.Timer(seconds, line.close)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
