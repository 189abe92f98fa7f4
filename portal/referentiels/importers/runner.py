"""The one way into an import: lock, one transaction, dry run by default, journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from portal.referentiels.models import ImportRun

from .report import Progress, Report
from .second import SecondSession
from .staging import bulk_settings, execute, scalar

# One import at a time, of any source: two of them would wait for each other's rows.
LOCK = 7_302_026
# Statistics are taken again when more than this share of the rows read changed.
ANALYZE_SHARE = 0.1


class AlreadyRunning(Exception):
    """Another import holds the lock."""

    def __init__(self) -> None:
        super().__init__("Un autre import est en cours : attendez sa fin, puis relancez.")


class TablesBusy(AlreadyRunning):
    """Somebody else kept a lock on the tables for longer than an import waits."""

    def __init__(self) -> None:
        Exception.__init__(
            self, "Les tables sont occupées par une autre opération : relancez dans un moment."
        )


def _silent(stage: str, share: float) -> None:
    """No progress shown."""


@dataclass(slots=True)
class Job:
    """What an importer receives. `progress(stage, share)` takes a French stage name and 0…1.

    `tables`: what was written, with the columns that questions are asked by when a table has many others. `second`:
    another session whose writes are kept with ours; none inside somebody else's transaction.
    """

    path: Path
    report: Report
    confirmed: bool = False
    forced: bool = False
    progress: Progress = _silent
    last_rows: int | None = None
    tables: list[str] = field(default_factory=list)
    second: SecondSession | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One national file we know how to read. `apply(job)` runs inside the transaction and fills the report."""

    key: str
    label: str
    apply: Callable[[Job], None]
    help: str = ""


def run_import(
    source: Source,
    path: Path,
    *,
    write: bool,
    confirmed: bool = False,
    forced: bool = False,
    progress: Progress = _silent,
    rejects_path: Path | None = None,
) -> Report:
    """Apply one file in one transaction, rolled back at the end unless `write`.

    Raises FileRefused (nothing changed), ConfirmationNeeded, AlreadyRunning, TablesBusy. Readers see the old data
    until the commit, then the new; a process killed in between leaves the old data whole.
    """
    report = Report(source.key, rejects_path)
    job = Job(path, report, confirmed, forced, progress, last_written_rows(source.key))
    alone = connection.in_atomic_block
    with (
        report,
        nullcontext() if alone else SecondSession() as job.second,
        _told_when_busy(),
        transaction.atomic(),
    ):
        if not scalar("select pg_try_advisory_xact_lock(%s)", [LOCK]):
            raise AlreadyRunning
        bulk_settings()
        source.apply(job)
        if not write:
            transaction.set_rollback(True)
        elif job.second:
            job.second.commit()
    if write and report.changes and not connection.in_atomic_block:
        progress("statistiques", 0.99)
        _settle(job)
    progress("terminé", 1.0)
    return report


@contextmanager
def _told_when_busy() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
            raise TablesBusy from error
        raise


def _settle(job: Job) -> None:
    """After the commit: the visibility map (suggestions are answered from the index alone), and the statistics when
    enough changed for them to differ (the share of autovacuum): what the next day costs follows what changed."""
    rows_read = job.report.counts.get("Lignes lues", 0)
    analyze = job.report.changes > ANALYZE_SHARE * rows_read
    for table in job.tables:
        execute(f"vacuum (analyze) {table}" if analyze else f"vacuum {table.split(' (')[0]}")


def last_written_rows(source_key: str) -> int | None:
    """Rows of the last file written for this source, to notice one cut in the middle."""
    last = (
        ImportRun.objects.filter(source=source_key, statut=ImportRun.Statut.ECRIT)
        .order_by("-cree_le")
        .first()
    )
    return None if last is None else last.compteurs.get("Lignes lues")


def record_run(
    source: Source,
    path: Path,
    *,
    statut: ImportRun.Statut,
    write: bool,
    phrase: str = "",
    report: Report | None = None,
    rejects_path: Path | None = None,
) -> ImportRun:
    """Journal line of an import run from the command line."""
    now = timezone.now()
    kept_rejects = rejects_path is not None and rejects_path.exists()
    return ImportRun.objects.create(
        source=source.key,
        nom_fichier=path.name[:255],
        ecrire=write,
        statut=statut,
        phrase=phrase,
        compteurs={} if report is None else {**report.counts, "Lignes refusées": report.rejected},
        chemin_rejets=str(rejects_path) if kept_rejects else "",
        commence_le=now,
        termine_le=now,
    )
