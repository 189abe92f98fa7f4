"""What an import found: counts, warnings, and every refused row, written as it is met."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

# A file where more rows than this share are bad is not the file we know.
MAX_BAD_SHARE = 0.20
# Closing more than this share of what is known asks for a confirmation…
CONFIRM_SHARE = 0.05
# … and a file this much shorter than the last one is refused unless forced.
MAX_SHRINK = 0.20

Progress = Callable[[str, float], None]


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _plain(cell: str) -> str:
    """A cell that a spreadsheet would compute is text: names of columns come from the file (WEB-6)."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


class FileRefused(Exception):
    """The whole file is refused; nothing changed. The message is the French sentence to show."""


class Refusable(FileRefused):
    """The file is sound, but what it would do must be wanted. `sentence` says what; the message adds how to insist
    on the command line (`option`); a page has its own button."""

    option = ""
    insist = ""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(f"{sentence} {self.insist}, relancez avec --{self.option} ; rien n’est modifié.")


class ConfirmationNeeded(Refusable):
    """The file would close many rows: it is applied only with an explicit confirmation."""

    option = "confirmer"
    insist = "Si c’est voulu"


class ForceNeeded(Refusable):
    """The file is much shorter than the last one written."""

    option = "forcer"
    insist = "S’il est juste"


class Report:
    """Counts by French label in the order met, warnings, and the refused rows.

    `rejects_path` receives one CSV line per refused row (line, column, reason, start of the value class); nothing
    of a person is copied into it but the line number and the column.
    """

    def __init__(self, source: str, rejects_path: Path | None = None) -> None:
        self.source = source
        self.counts: dict[str, int] = {}
        self.warnings: list[str] = []
        self.rejects_path = rejects_path
        self.rejected = 0
        self.first_rejects: list[tuple[int, str, str]] = []
        self._file: TextIO | None = None
        self._writer: Any = None

    def __enter__(self) -> Report:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = self._writer = None

    def count(self, label: str, number: int) -> None:
        self.counts[label] = self.counts.get(label, 0) + number

    def add(self, counts: Mapping[str, int]) -> None:
        """Several counts, by label."""
        for label, number in counts.items():
            self.count(label, number)

    def warn(self, sentence: str) -> None:
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def reject(self, line: int, column: str, reason: str) -> None:
        """One refused row: its line in the file (the header is line 1), the column at fault, the reason."""
        self.rejected += 1
        if len(self.first_rejects) < 20:
            self.first_rejects.append((line, column, reason))
        if self.rejects_path is not None:
            if self._writer is None:
                self._open(self.rejects_path)
            self._writer.writerow([line, _plain(column), _plain(reason)])

    def forget_rejects(self) -> None:
        """The file is about to be read again from its start."""
        if self._file is not None:
            self._file.close()
            self._file = self._writer = None
        self.rejected = 0
        self.first_rejects.clear()

    def _open(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, delimiter=";")
        self._writer.writerow(["ligne", "colonne", "raison"])

    def check_bad_share(self, rows: int) -> None:
        """Refuse the whole file when too many of its `rows` are bad."""
        if self.rejected > MAX_BAD_SHARE * max(rows, 1):
            raise FileRefused(
                f"{self.rejected} lignes refusées sur {rows} : plus d’une sur cinq. "
                f"Le fichier n’a pas la forme attendue ; rien n’est modifié.{self._example()}"
            )

    def _example(self) -> str:
        if not self.first_rejects:
            return ""
        line, column, reason = self.first_rejects[0]
        return f" Première ligne refusée : {line} ({column} : {reason})."

    @property
    def changes(self) -> int:
        """Rows created, modified or closed."""
        return sum(number for label, number in self.counts.items() if label.startswith(CHANGES))

    def lines(self) -> list[str]:
        found = [f"{label} : {number}" for label, number in self.counts.items()]
        found.append(f"Lignes refusées : {self.rejected}")
        return found + self.warnings


CREATED, UPDATED, CLOSED, REOPENED = "Créés", "Modifiés", "Fermés", "Rouverts"
CHANGES = (CREATED, UPDATED, CLOSED, REOPENED)


def check_closures(report: Report, *, known: int, closing: int, confirmed: bool, what: str) -> None:
    """Ask for a confirmation when more than 5 % of the known open rows would be closed."""
    if known and closing > CONFIRM_SHARE * known and not confirmed:
        raise ConfirmationNeeded(
            f"Ce fichier fermerait {closing} {what} sur {known} ({_percent(closing, known)})."
        )


def check_shrink(*, rows: int, last: int | None, forced: bool) -> None:
    """Refuse a file much shorter than the last one written, unless forced."""
    if last and rows < (1 - MAX_SHRINK) * last and not forced:
        raise ForceNeeded(f"Ce fichier a {rows} lignes, le précédent en avait {last} : il semble incomplet.")


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %".replace(".", ",")
