"""The code typed in the terminal where the agent was started (--terminal): no echo, nothing kept."""

from __future__ import annotations

import getpass
import os
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from accounts.cps.agent.desk import Ending
from accounts.cps.agent.prompts import PAD, TITLE, Question

try:
    import termios
except ImportError:  # Windows
    termios = None  # type: ignore[assignment]

TURN_SECONDS = 0.2
_LONGEST_LINE = 4096

IsOver = Callable[[], bool]


def read_hidden(label: str, is_over: IsOver) -> str | None:
    """One line typed at the terminal without echo; None when the demand ends first, from the browser or the card.

    Raises KeyboardInterrupt and EOFError. Waits in short turns, as the rest of the agent does: a read that blocks is
    deaf to the Ctrl-C that falls just before it. Where the terminal cannot be waited for (Windows), the end of a
    demand is noticed once the line is typed.
    """
    if termios is None:
        return getpass.getpass(label)
    keyboard = sys.stdin.fileno()
    with _silent(keyboard):
        sys.stdout.write(label)
        sys.stdout.flush()
        try:
            while not is_over():
                if select.select([keyboard], [], [], TURN_SECONDS)[0]:
                    return _line(os.read(keyboard, _LONGEST_LINE))
        finally:
            sys.stdout.write("\n")
    return None


def _line(read: bytes) -> str:
    """What was typed before Enter; nothing at all is Ctrl-D."""
    if not read:
        raise EOFError
    return read.decode("utf-8", "replace").split("\n", 1)[0]


@contextmanager
def _silent(keyboard: int) -> Iterator[None]:
    """No echo; what was typed before the question is not an answer to it, nor what follows a command to the shell."""
    before = termios.tcgetattr(keyboard)
    quiet = list(before)
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(keyboard, termios.TCSAFLUSH, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(keyboard, termios.TCSAFLUSH, before)


class TerminalPrompt:
    """`read` shows its first argument and returns one line typed without echo, None once the second says it is over."""

    name = "terminal"

    def __init__(
        self, out: TextIO = sys.stdout, read: Callable[[str, IsOver], str | None] = read_hidden
    ) -> None:
        self._out = out
        self._read = read

    def ask(self, question: Question, is_over: IsOver) -> str | None:
        """Ctrl-C and Ctrl-D give up."""
        lines = [""] if question.error else ["", TITLE, "=" * len(TITLE)]
        if question.error:
            lines.append(question.error)
        else:
            lines += [f"{name} : {value}" for name, value in question.asked]
        lines += [question.tries, *([question.warning] if question.warning else [])]
        if question.has_pin_pad:
            lines.append(PAD)
        self._say(lines)
        label = "Entrée pour valider" if question.has_pin_pad else "Code Porteur"
        try:
            return self._read(f"{label} (Ctrl-C pour annuler) : ", is_over)
        except (KeyboardInterrupt, EOFError):
            return None

    def tell(self, end: Ending) -> None:
        self._say(["", f"{end.title}. {end.sentence}"])

    def _say(self, lines: list[str]) -> None:
        self._out.write("\n".join(lines) + "\n")
        self._out.flush()


def is_possible() -> bool:
    return sys.stdin.isatty()
