"""Failure switches: a small file that says how a stand-in misbehaves, read at each message.

Modes
  refuse     the message is refused for good at the door (SMTP 550 to RCPT, HTTP 422)
  temporary  "try later" (SMTP 451 after the body, HTTP 503)
  permanent  the message is refused for good after the body (SMTP 554, HTTP 400)
  slow       the answer comes after `seconds`, the message is taken
  cut        the message is taken, then the line is cut before the answer
  down       the line is cut before anything is said
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

Failure = Literal["refuse", "temporary", "permanent", "slow", "cut", "down"]
MODES: tuple[str, ...] = get_args(Failure)


class Order(NamedTuple):
    """How to treat one message: mode "" means normally."""

    mode: str = ""
    seconds: float = 0.0


class Switch:
    """Reads and writes the order; `take` counts down the ones limited in number."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def set(self, mode: str, *, seconds: float = 0, times: int | None = None) -> None:
        """Misbehave for the next `times` messages, or until `clear`. ValueError for an unknown mode."""
        if mode not in MODES:
            raise ValueError(f"unknown failure mode: {mode}")
        self._write({"mode": mode, "seconds": float(seconds), "times": times})

    def clear(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()

    def take(self) -> Order:
        """The order for the message at hand."""
        with self._lock:
            order = self._read()
            if not order:
                return Order()
            times = order["times"]
            if times is not None:
                if times <= 1:
                    self.clear()
                else:
                    self._write({**order, "times": times - 1})
            return Order(order["mode"], order["seconds"])

    def _read(self) -> dict[str, Any]:
        try:
            content: dict[str, Any] = json.loads(self.path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return content

    def _write(self, order: dict[str, Any]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(json.dumps(order))
        draft.replace(self.path)
