"""Stream of a delimited text file towards COPY: whole blocks when they are clean, line by line when not.

Python never splits the lines of a clean block. Memory is two blocks, whatever the size of the file.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from enum import IntEnum
from pathlib import Path

from .entete import Entete
from .report import FileRefused, Report

# Small enough for the server to go on with what it holds while the next one is looked at.
BLOCK = 1 << 18
_CONTROLS = bytes(code for code in range(32) if code not in (9, 10, 13)) + b"\x7f"
# Direction overrides and isolates, byte-order mark, lone surrogates: they make a name look like another.
_BIDI = re.compile(rb"\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]|\xef\xbb\xbf|\xc2[\x80-\x9f]")
# The same by first byte, looked for only where that byte is: forty times faster over a clean block.
_FAST = (
    (b"\xe2", re.compile(rb"\xe2(?:\x80[\x8e\x8f\xaa-\xae]|\x81[\xa6-\xa9])")),
    (b"\xc2", re.compile(rb"\xc2[\x80-\x9f]")),
    (b"\xef", re.compile(rb"\xef\xbb\xbf")),
)


class Care(IntEnum):
    """How much is looked at before a block is sent.

    TRUSTING leaves to the COPY what it refuses itself (columns missing or too many, bytes that are not UTF-8), which
    it does for nothing; it says so of the whole file, which is then read again CHECKING each block, so that the bad
    lines are found and the others kept; then CAREFUL, line by line, when errors of a block cancel out.
    """

    TRUSTING = 0
    CHECKING = 1
    CAREFUL = 2


class Lignes:
    """Iterates over the data part of the file as COPY text blocks; refused lines go to the report."""

    def __init__(
        self,
        path: Path,
        entete: Entete,
        separator: str,
        report: Report,
        *,
        care: Care = Care.TRUSTING,
        advance: Callable[[float], None] | None = None,
    ) -> None:
        self.path = path
        self.entete = entete
        self.separator = separator.encode()
        self.report = report
        self.care = care
        self.advance = advance
        self.kept = 0
        self._next_line = 2
        self._dropped = array("Q")

    def again(self, care: Care) -> Lignes:
        """The same file from its start; what was refused on the first reading is forgotten."""
        self.report.forget_rejects()
        separator = self.separator.decode()
        return Lignes(self.path, self.entete, separator, self.report, care=care, advance=self.advance)

    def line_of(self, rank: int) -> int:
        """Line in the file of the `rank`-th kept row (1 for the first), header and refused lines counted."""
        line = rank + 1
        while True:
            shifted = rank + 1 + bisect_right(self._dropped, line)
            if shifted == line:
                return line
            line = shifted

    def __iter__(self) -> Iterator[bytes]:
        size = self.path.stat().st_size
        done = 0
        with self.path.open("rb", buffering=0) as file:
            rest = self._skip_header(file.read(BLOCK))
            done += len(rest)
            while True:
                block = file.read(BLOCK)
                if not block:
                    break
                done += len(block)
                whole, newline, tail = (rest + block).rpartition(b"\n")
                rest = tail
                if newline:
                    yield self._clean(whole + newline)
                if self.advance:
                    self.advance(min(done / size, 1.0))
            if rest:
                yield from self._last(rest)

    def _skip_header(self, start: bytes) -> bytes:
        _, newline, rest = start.partition(b"\n")
        if not newline or (not rest.strip() and len(start) < BLOCK):
            raise FileRefused("Le fichier n’a que son en-tête, aucune donnée ; rien n’est modifié.")
        return rest

    def _last(self, rest: bytes) -> Iterator[bytes]:
        """The end of the file: whole lines, or one line without its end, or a line cut short."""
        if not rest.endswith(b"\n"):
            last = rest.rsplit(b"\n", 1)[-1]
            if last.count(self.separator) < self.entete.separators:
                raise FileRefused(
                    "Le fichier est coupé : sa dernière ligne est incomplète. Rien n’est modifié."
                )
            rest += b"\n"
        yield self._clean(rest)

    def _clean(self, block: bytes) -> bytes:
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n")
        lines = block.count(b"\n")
        if self.care is Care.CAREFUL or not self._is_clean(block, lines):
            return self._line_by_line(block)
        self._next_line += lines
        self.kept += lines
        return block.replace(b"\\", b"\\\\") if b"\\" in block else block

    def _is_clean(self, block: bytes, lines: int) -> bool:
        if len(block.translate(None, _CONTROLS)) != len(block) or b"\r" in block:
            return False
        if any(first in block and expression.search(block) for first, expression in _FAST):
            return False
        return self.care is Care.TRUSTING or self._has_the_shape(block, lines)

    def _has_the_shape(self, block: bytes, lines: int) -> bool:
        if block.count(self.separator) != lines * self.entete.separators:
            return False
        try:
            block.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return True

    def _line_by_line(self, block: bytes) -> bytes:
        kept: list[bytes] = []
        for line in block.split(b"\n")[:-1]:
            number = self._next_line
            self._next_line += 1
            problem = self._problem(line)
            if problem is None:
                kept.append(line.replace(b"\\", b"\\\\"))
                continue
            self._dropped.append(number)
            if problem[1]:
                self.report.reject(number, *problem)
        self.kept += len(kept)
        return b"\n".join(kept) + b"\n" if kept else b""

    def _problem(self, line: bytes) -> tuple[str, str] | None:
        """(column, reason) of what makes this line unfit; an empty reason for a blank line, which is only skipped."""
        if not line.strip():
            return ("", "")
        separators = line.count(self.separator)
        if separators != self.entete.separators:
            kind = "trop courte" if separators < self.entete.separators else "trop longue"
            return ("ligne", f"ligne {kind} : {separators} séparateurs au lieu de {self.entete.separators}")
        for position, value in enumerate(line.split(self.separator)):
            reason = _value_problem(value)
            if reason:
                return (self.entete.label(position), reason)
        return None


def _value_problem(value: bytes) -> str:
    if b"\0" in value:
        return "caractère NUL"
    if len(value.translate(None, _CONTROLS)) != len(value) or b"\r" in value:
        return "caractère de contrôle"
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return "octets illisibles en UTF-8"
    return "caractère invisible ou de sens d’écriture" if _BIDI.search(value) else ""
