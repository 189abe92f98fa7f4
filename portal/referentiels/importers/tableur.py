"""Reader of the smaller CSV files (communes, postal codes, FINESS, ameli): quoted fields, one row at a time."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from .entete import Entete, read_header
from .fichier import check_kind
from .report import FileRefused
from .runner import Job

HOSTILE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_UNREADABLE = re.compile("[\udc80-\udcff]")

Row = dict[str, str]
MAX_LINE = 1 << 20
"""Characters of one line; the longest published has a few thousand."""


def encoding_of(path: Path, *, latin_accepted: bool = False) -> str:
    """utf-8-sig, or cp1252 when the file is not UTF-8 and the source is known to come so."""
    if not latin_accepted:
        return "utf-8-sig"
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            for block in iter(lambda: file.read(1 << 20), b""):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


def open_text(path: Path, encoding: str) -> TextIO:
    # Unreadable bytes become surrogates: the row is then refused by name instead of stopping the file.
    return path.open("r", encoding=encoding, errors="surrogateescape", newline="")


def check_complete(path: Path) -> None:
    """Refuse a file whose last line has no end and stops inside quotes."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65_536))
        tail = file.read()
    if not tail.endswith((b"\n", b"\r")) and tail.rsplit(b"\n", 1)[-1].count(b'"') % 2:
        raise FileRefused("Le fichier est coupé au milieu d’un champ ; rien n’est modifié.")


def read_rows(
    job: Job,
    *,
    separator: str,
    columns: Mapping[str, str],
    required: Sequence[str],
    latin_accepted: bool = False,
) -> Iterator[tuple[int, Row]]:
    """(line, our name → text) of each sound row; short, long and hostile rows go to the report.

    Values are stripped. The last row, when shorter than the header in a file without final newline, is a cut.
    """
    check_kind(job.path)
    check_complete(job.path)
    encoding = encoding_of(job.path, latin_accepted=latin_accepted)
    ends_with_newline = _tail_ends_line(job.path)
    with open_text(job.path, encoding) as file:
        lines = _bounded_lines(file)
        head = next(lines, "").rstrip("\r\n")
        if _UNREADABLE.search(head):
            raise FileRefused("L’en-tête n’est pas en UTF-8 ; rien n’est modifié.")
        entete = read_header(head, separator=separator, columns=columns, required=required, report=job.report)
        yield from _rows(job, _cells(lines, separator), entete, columns, ends_with_newline)


def _bounded_lines(file: TextIO) -> Iterator[str]:
    """Lines of the file; one without end is refused before it fills the memory."""
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise FileRefused(
                "Une ligne du fichier est démesurée : il n’a pas la forme attendue. Rien n’est modifié."
            )
        yield line


def _cells(lines: Iterator[str], separator: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, delimiter=separator)
    except csv.Error as error:
        raise FileRefused(
            "Un champ du fichier ne se termine pas (guillemet ouvert sans fin ?) ; rien n’est modifié."
        ) from error


def _rows(
    job: Job, reader: Iterator[list[str]], entete: Entete, columns: Mapping[str, str], complete: bool
) -> Iterator[tuple[int, Row]]:
    width = entete.separators + 1
    total, short_at = 0, 0
    for line, fields in enumerate(reader, start=2):
        if not fields:
            continue
        total += 1
        short_at = line if len(fields) < width else 0
        problem = _row_problem(fields, width, entete)
        if problem:
            job.report.reject(line, *problem)
            continue
        yield line, {name: fields[rank].strip() for name, rank in entete.positions.items()}
    if short_at and not complete:
        raise FileRefused("Le fichier est coupé : sa dernière ligne est incomplète. Rien n’est modifié.")
    if not total:
        raise FileRefused("Le fichier n’a que son en-tête, aucune donnée ; rien n’est modifié.")
    job.report.count("Lignes lues", total)
    job.report.check_bad_share(total)


def _row_problem(fields: list[str], width: int, entete: Entete) -> tuple[str, str] | None:
    if len(fields) != width:
        kind = "trop courte" if len(fields) < width else "trop longue"
        return ("ligne", f"ligne {kind} : {len(fields)} champs au lieu de {width}")
    for rank, value in enumerate(fields):
        reason = value_problem(value)
        if reason:
            return (entete.label(rank), reason)
    return None


def value_problem(value: str, *, max_length: int = 500) -> str:
    """Why a value cannot be kept, or an empty string."""
    if _UNREADABLE.search(value):
        return "octets illisibles en UTF-8"
    if "\0" in value:
        return "caractère NUL"
    if HOSTILE.search(value):
        return "caractère de contrôle ou invisible"
    if len(value) > max_length:
        return f"trop long ({len(value)} caractères, {max_length} au plus)"
    return ""


def _tail_ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) in b"\r\n"
