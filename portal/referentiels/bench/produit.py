"""Imports of a made-up national file, beside a bare COPY of the same bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from django.db import connection

from portal.referentiels.generateur.annuaire import write_annuaire
from portal.referentiels.importers.catalogue import SOURCES
from portal.referentiels.importers.report import Report
from portal.referentiels.importers.rpps.colonnes import ACTIVITE
from portal.referentiels.importers.runner import run_import

from .horloge import Cout, forget_peak, measured, peak_mb

COLUMNS = 57
EMPTIED = (
    "referentiels_professionnelrpps", "referentiels_activiterpps", "referentiels_ancienidentifiant",
    "referentiels_conventionnement", "referentiels_savoirfairerpps", "referentiels_diplomerpps",
)  # fmt: skip
_CHANGED_COLUMN = list(ACTIVITE).index("compl_geo")
# From the stage « index » on, an import builds what searches need: tables and keys are complete.
SEARCH_STAGE = "index"


def measure_import(people: int, rounds: int) -> dict[str, Any]:
    """Cost of a bare COPY (before and after each load), of a first load, of the same file again and of the next
    day's; memory peak of this process, rows written the next day."""
    found: dict[str, Any] = {
        name: [] for name in ("copy", "first", "first_without_search", "again", "next_day")
    }
    with tempfile.TemporaryDirectory(prefix="portail-annuaire-") as folder:
        with ProcessPoolExecutor(1, mp_context=get_context("fork")) as child:
            # In a process of its own: what making the file needs is not memory of the import.
            files = child.submit(write_annuaire, Path(folder), people=people, seed=1).result()
            later = child.submit(next_day, files.activites, Path(folder) / "demain.txt").result()
        found["rows"], found["bytes"] = files.lignes, files.activites.stat().st_size
        run_import(SOURCES["communes"], files.communes, write=True, confirmed=True, forced=True)
        forget_peak()
        for _ in range(rounds):
            _empty()
            found["copy"].append(bare_copy(files.activites))
            cost, stages, _ = _load(files.activites)
            found["first"].append(cost)
            found["first_without_search"].append(stages[SEARCH_STAGE])
            found["copy"].append(bare_copy(files.activites))
            found["again"].append(_load(files.activites)[0])
            found["copy"].append(bare_copy(files.activites))
            cost, _, report = _load(later)
            found["next_day"].append(cost)
            found["written"] = report.changes
        found["memory_mb"] = peak_mb()
        run_import(SOURCES["finess"], files.finess, write=True, confirmed=True, forced=True)
    return found


def _empty() -> None:
    """No people and no word of theirs; the words of structures and communes stay."""
    with connection.cursor() as cursor:
        cursor.execute(f"truncate {', '.join(EMPTIED)}")
        cursor.execute("delete from referentiels_lexiquemot where domaine = 'nom'")


def _load(path: Path) -> tuple[Cout, dict[str, Cout], Report]:
    """One import of people: what it cost, what it had cost when each stage began, its report."""
    stages: dict[str, Cout] = {}

    def note(stage: str, share: float) -> None:
        if stage not in stages:
            stages[stage] = cost.so_far()

    with measured() as cost:
        report = run_import(SOURCES["rpps"], path, write=True, confirmed=True, forced=True, progress=note)
    return cost, stages, report


def bare_copy(path: Path) -> Cout:
    """A plain COPY of the same bytes into an unlogged all-text table: the unit of every ratio."""
    columns = ", ".join(f"c{rank} text" for rank in range(COLUMNS))
    with connection.cursor() as cursor:
        cursor.execute(f"drop table if exists copie_nue; create unlogged table copie_nue ({columns})")
        statement = "copy copie_nue from stdin (format text, delimiter '|', null '')"
        with measured() as cost, cursor.copy(statement) as copy, path.open("rb", buffering=0) as file:
            while block := file.read(1 << 20):
                copy.write(block)
        cursor.execute("drop table copie_nue")
    return cost


def next_day(path: Path, target: Path) -> Path:
    """The file of the day after: 0.5 % of the rows changed, 0.2 % gone, as many new."""
    with path.open(encoding="utf-8") as source, target.open("w", encoding="utf-8") as written:
        written.write(source.readline())
        written.writelines(_changed(source))
    return target


def _changed(lines: Iterator[str]) -> Iterator[str]:
    for rank, line in enumerate(lines):
        if rank % 500 == 3:
            continue
        if rank % 500 == 5:
            # Somebody new, by a number of another series.
            yield line.replace("|997", "|996", 1).replace("|8997", "|8996", 1)
        if rank % 200 == 7:
            fields = line.split("|")
            fields[_CHANGED_COLUMN] = "BATIMENT NEUF"
            line = "|".join(fields)
        yield line
