"""Header of a delimited file: columns are read by name, and every difference is named."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .report import FileRefused, Report

_NAMES = {"|": "barre verticale « | »", ";": "point-virgule", ",": "virgule", "\t": "tabulation"}


@dataclass(frozen=True, slots=True)
class Entete:
    """`positions`: our column name → its rank in the file. `separators`: how many each row must hold."""

    names: tuple[str, ...]
    positions: Mapping[str, int]
    separators: int

    def label(self, position: int) -> str:
        """The file's own name of the column at this rank."""
        return self.names[position] if position < len(self.names) else f"colonne {position + 1}"


def read_header(
    line: str,
    *,
    separator: str,
    columns: Mapping[str, str],
    required: Sequence[str],
    report: Report,
) -> Entete:
    """Match the header `line` with `columns` (our name → theirs).

    A missing `required` column refuses the file, naming what the file has instead; another missing one and any
    unknown one are warnings. A wrong separator and a file without header are told apart.
    """
    if separator not in line:
        other = next((char for char in _NAMES if line.count(char) >= 3), None)
        if other:
            raise FileRefused(f"Séparateur inattendu : {_NAMES[other]} au lieu de {_NAMES[separator]}.")
        raise FileRefused("La première ligne n’est pas l’en-tête attendu ; rien n’est modifié.")
    names = tuple(name.strip().strip('"') for name in line.split(separator))
    found = {_key(name): rank for rank, name in enumerate(names) if name}
    positions = {ours: found[_key(theirs)] for ours, theirs in columns.items() if _key(theirs) in found}
    if not positions:
        raise FileRefused("Le fichier n’a pas d’en-tête (la première ligne est déjà une donnée ?).")
    known = {_key(theirs) for theirs in columns.values()}
    unknown = [name for name in names if name and _key(name) not in known]
    missing = [ours for ours in columns if ours not in positions]
    _refuse_missing([columns[ours] for ours in missing if ours in required], unknown)
    for ours in missing:
        report.warn(f"Colonne absente : « {columns[ours]} ».{_instead(columns[ours], unknown)}")
    for name in unknown:
        report.warn(f"Colonne inconnue, ignorée : « {name} ».")
    return Entete(names, positions, line.count(separator))


def _refuse_missing(missing: list[str], unknown: list[str]) -> None:
    if missing:
        told = " ; ".join(f"« {name} »{_instead(name, unknown)}" for name in missing)
        raise FileRefused(f"Colonne obligatoire absente ou renommée : {told}. Rien n’est modifié.")


def _instead(name: str, unknown: list[str]) -> str:
    key = _key(name)
    close = difflib.get_close_matches(name, unknown, n=1, cutoff=0.6)
    close = close or [other for other in unknown if key in _key(other) or _key(other) in key]
    return f" (renommée « {close[0]} » ?)" if close else ""


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).replace("’", "'").lstrip("#").strip().casefold()
