"""What a person typed, made ready for a search: folded, bounded, harmless in a LIKE or a text query."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from portal.common.text import fold

MAX_TYPED = 80
MAX_WORDS = 8
_WORD = re.compile(r"[a-z0-9]+")


def prepare(typed: str) -> str:
    """Folded text of at most 80 characters; control characters and lone surrogates become spaces.

    Anything may arrive here (200 kB, NUL, emoji): the answer is then empty or useless, never an error.
    """
    start = typed[: MAX_TYPED * 2]
    plain = "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") else char for char in start)
    return fold(plain)[:MAX_TYPED].strip()


def words(folded: str) -> list[str]:
    """Letters-and-digits words of a folded text, at most 8."""
    return _WORD.findall(folded)[:MAX_WORDS]


def like_prefix(folded: str) -> str:
    """The LIKE pattern of texts starting with `folded`, its own wildcards taken literally."""
    return re.sub(r"([\\%_])", r"\\\1", folded) + "%"


def ranges(column: str, starts: Sequence[str]) -> tuple[dict[str, str], str]:
    """« The column starts with one of these », as ranges with constant ends: the only form that is both answered by
    the index and estimated rightly (LIKE ANY and a join with the starts read the whole table). Answers the parameters
    and the condition."""
    bounds: dict[str, str] = {}
    for rank, start in enumerate(starts):
        # From `start` to the first text after every text that starts with it.
        bounds |= {f"debut{rank}": start, f"fin{rank}": start[:-1] + chr(ord(start[-1]) + 1)}
    condition = " or ".join(
        f"({column} ~>=~ %(debut{rank})s and {column} ~<~ %(fin{rank})s)" for rank in range(len(starts))
    )
    return bounds, f"({condition})"


def digits(typed: str) -> str:
    """The digits when the text is only digits and spaces, else an empty string."""
    compact = typed.replace(" ", "").replace("\u00a0", "")
    return compact if compact.isascii() and compact.isdigit() else ""
