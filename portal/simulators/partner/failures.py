"""How the application mishandles the sign-outs that the portal tells it."""

from __future__ import annotations

import threading
from typing import Any

MODES = {
    "": "aucune panne : les déconnexions sont reçues et suivies",
    "slow": "répond après le délai indiqué, puis obéit",
    "hang": "ne répond pas avant le délai indiqué, et n’obéit pas",
    "error": "répond 500",
    "cut": "coupe la ligne sans répondre",
}
MAX_SECONDS = 60.0


class Failures:
    """The order in force; `take` counts down those limited in number."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.set("")

    def set(self, mode: str, *, seconds: float = 10, times: int | None = None) -> None:
        """ValueError for an unknown mode or a delay outside 0..60 s."""
        if mode not in MODES:
            raise ValueError(f"unknown failure: {mode}")
        if not 0 <= seconds <= MAX_SECONDS:
            raise ValueError("seconds")
        with self._lock:
            self.mode, self.seconds, self.times = mode, seconds, times

    def take(self) -> tuple[str, float]:
        """(mode, seconds) for the call at hand."""
        with self._lock:
            mode, seconds = self.mode, self.seconds
            if mode and self.times is not None:
                self.times -= 1
                if self.times <= 0:
                    self.mode = ""
            return mode, seconds

    def shown(self) -> dict[str, Any]:
        with self._lock:
            return {"mode": self.mode, "seconds": self.seconds, "times": self.times}
