"""The code typed in the terminal where the agent was started (--terminal): no echo, nothing kept."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from typing import TextIO

from accounts.cps.agent.desk import Ending
from accounts.cps.agent.prompts import PAD, TITLE, Question


class TerminalPrompt:
    """`read` shows its argument and returns one line typed without echo."""

    name = "terminal"

    def __init__(self, out: TextIO = sys.stdout, read: Callable[[str], str] = getpass.getpass) -> None:
        self._out = out
        self._read = read

    def ask(self, question: Question, is_over: Callable[[], bool]) -> str | None:
        """Ctrl-C and Ctrl-D give up. A demand that ends meanwhile is noticed once the line is typed."""
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
            return self._read(f"{label} (Ctrl-C pour annuler) : ")
        except (KeyboardInterrupt, EOFError):
            return None

    def tell(self, end: Ending) -> None:
        self._say(["", f"{end.title}. {end.sentence}"])

    def _say(self, lines: list[str]) -> None:
        self._out.write("\n".join(lines) + "\n")
        self._out.flush()


def is_possible() -> bool:
    return sys.stdin.isatty()
