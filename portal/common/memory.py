"""What a process may keep for a few seconds instead of asking the database at every page."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.conf import settings

P = ParamSpec("P")
R = TypeVar("R")
MAX_ENTRIES = 256
MAX_MARKS = 10_000


class Marks:
    """Questions that were once answered « yes » and stay so (an acceptance is never taken back): their keys, in this
    process, for `seconds`. Never empty answers, nor rights, which may be taken away."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[str, float] = {}

    def add(self, key: str) -> None:
        if not settings.PROCESS_MEMORY:
            return
        if len(self._until) >= MAX_MARKS:
            self._until.clear()
        self._until[key] = time.monotonic() + self._seconds

    def __contains__(self, key: str) -> bool:
        return self._until.get(key, 0.0) > time.monotonic()


def remembered(seconds: float) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep the answers of a function, by its arguments, in this process for `seconds`; then it is asked again.

    The only invalidation is the age: what staff change shows everywhere `seconds` later at most. For public facts that
    are the same for everybody, never for a decision of access; the value is shared by threads, so it must not be
    changed by who receives it. `settings.PROCESS_MEMORY = False` asks every time. Two threads may ask at once: the
    last answer stays.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        kept: dict[Hashable, tuple[float, R]] = {}

        @wraps(function)
        def answer(*args: P.args, **kwargs: P.kwargs) -> R:
            if not settings.PROCESS_MEMORY:
                return function(*args, **kwargs)
            key = (args, tuple(sorted(kwargs.items())))
            now = time.monotonic()
            found = kept.get(key)
            if found is not None and now - found[0] < seconds:
                return found[1]
            value = function(*args, **kwargs)
            if len(kept) >= MAX_ENTRIES:
                kept.clear()
            kept[key] = (now, value)
            return value

        return answer

    return decorate
