"""Files deposited by the support: kept, checked by a worker, read as a report, then written on demand.

The row of ImportRun is the truth; the cache only carries the progress shown on screen.
"""

from __future__ import annotations

import csv
import itertools
import os
import uuid
from datetime import timedelta
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from .importers.catalogue import SOURCES
from .importers.report import FileRefused, Progress, Refusable, Report
from .importers.runner import LOCK, AlreadyRunning, run_import
from .importers.staging import scalar
from .models import ImportRun

TASK = "portal.referentiels.tasks.perform_import"
# Progress is written at most this often, in steps of the share done.
_STEP = 0.01
# A run that says "running" while nobody holds the lock was killed; the worker may still be about to take it.
GRACE_SECONDS = 30
# A run still waiting after this long was never heard of by a worker.
WAITING_SECONDS = 300
# How long an import waits before asking again whether another one is over.
RETRY_SECONDS = 10
# Key of the counters that holds the option a refused file may still be written with.
ASKS = "attend"
WAITS_FOR_TURN = "Un autre import est en cours : celui-ci attend son tour."
SHOWN_REJECTS = 10
# What may be started again, as long as the file is there.
_AT_REST = (ImportRun.Statut.VERIFIE, ImportRun.Statut.REFUSE, ImportRun.Statut.INTERROMPU)


def folder() -> Path:
    """Where deposited files wait; shared by the web and worker machines."""
    return Path(settings.VAR_DIR) / "imports"


def _private(path: str, flags: int) -> int:
    """Read by us and by the group that keeps the backups, by nobody else (UPL-2)."""
    return os.open(path, flags, settings.FILE_UPLOAD_PERMISSIONS)


def deposit(source_key: str, file: UploadedFile, *, auteur_ref: str) -> ImportRun:
    """Keep the file and open a run that only checks it. KeyError for an unknown source."""
    source = SOURCES[source_key]
    run = ImportRun(id=uuid.uuid4(), source=source.key, nom_fichier=Path(file.name or "fichier").name[:255])
    target = folder() / "depots" / str(run.pk)
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "xb", opener=_private) as kept:
        for chunk in file.chunks():
            kept.write(chunk)
    run.chemin = str(target)
    run.auteur_ref = auteur_ref
    run.save()
    return run


def ask_write(run: ImportRun, *, accepted: bool = False) -> bool:
    """Ask for the checked file to be written; False when the run is not in a state for it.

    A refused file that asks something is written once that is `accepted`; what was accepted before stays so, and a
    file refused for good is never written.
    """
    option = asked_option(run)
    if run.statut == ImportRun.Statut.REFUSE and not (option and accepted):
        return False
    return _reopen(
        run,
        ecrire=True,
        confirmed=run.confirme or option == "confirmer",
        forced=run.force or option == "forcer",
    )


def ask_again(run: ImportRun) -> bool:
    """Start again a run that was interrupted, as it was."""
    return _reopen(run, ecrire=run.ecrire, confirmed=run.confirme, forced=run.force)


def _reopen(run: ImportRun, *, ecrire: bool, confirmed: bool, forced: bool) -> bool:
    changed = (
        ImportRun.objects.filter(pk=run.pk, statut__in=_AT_REST)
        .exclude(chemin="")
        .update(
            statut=ImportRun.Statut.DEPOSE,
            ecrire=ecrire,
            confirme=confirmed,
            force=forced,
            phrase="",
            compteurs={},
            commence_le=timezone.now(),
            termine_le=None,
        )
    )
    return bool(changed)


def enqueue(run: ImportRun) -> None:
    """Tell the worker after the commit; a lost broker leaves the run waiting, to be started again."""
    transaction.on_commit(lambda: _tell_worker(str(run.pk)), robust=True)


def _tell_worker(run_id: str) -> None:
    current_app.send_task(TASK, args=[run_id], ignore_result=True)


def _tell_worker_later(run_id: str) -> None:
    current_app.send_task(TASK, args=[run_id], ignore_result=True, countdown=RETRY_SECONDS)


def perform(run_id: uuid.UUID) -> None:
    """Check or write a deposited file. Twice is harmless: only a waiting run is taken."""
    taken = ImportRun.objects.filter(pk=run_id, statut=ImportRun.Statut.DEPOSE).update(
        statut=ImportRun.Statut.EN_COURS, commence_le=timezone.now()
    )
    if not taken:
        return
    run = ImportRun.objects.get(pk=run_id)
    rejects = folder() / "rapports" / f"{run.pk}.csv"
    try:
        report = run_import(
            SOURCES[run.source],
            Path(run.chemin),
            write=run.ecrire,
            confirmed=run.confirme,
            forced=run.force,
            progress=_show_progress(run.pk),
            rejects_path=rejects,
        )
    except AlreadyRunning:
        _wait_for_turn(run)
    except Refusable as error:
        # Sound, but somebody must want it: the page asks.
        _finish(run, ImportRun.Statut.REFUSE, phrase=f"{error.sentence} Rien n’est modifié.", rejects=rejects)
        run.compteurs = {ASKS: error.option}
        run.save(update_fields=["compteurs"])
    except FileRefused as error:
        _finish(run, ImportRun.Statut.REFUSE, phrase=str(error), rejects=rejects)
    except Exception:
        _finish(
            run,
            ImportRun.Statut.INTERROMPU,
            phrase="L’import s’est arrêté ; rien n’est écrit.",
            rejects=rejects,
        )
        raise
    else:
        statut = ImportRun.Statut.ECRIT if run.ecrire else ImportRun.Statut.VERIFIE
        _finish(run, statut, report=report, rejects=rejects)


def purge() -> int:
    """Erase the files deposited `IMPORT_DEPOSIT_DAYS` ago or more and never written; answers how many.

    The journal keeps the line and its report. A file under way is left alone, as is a young one that no line tells
    of yet: the upload is not over. A run that waits since then was lost: it is closed with its file.
    """
    now = timezone.now()
    limit = now - timedelta(days=settings.IMPORT_DEPOSIT_DAYS)
    old = ImportRun.objects.filter(Q(termine_le__lt=limit) | Q(termine_le=None, cree_le__lt=limit))
    for run in old.filter(statut__in=[ImportRun.Statut.DEPOSE, ImportRun.Statut.EN_COURS]):
        mark_interrupted(run)
    erased = 0
    for run in old.filter(statut__in=_AT_REST).exclude(chemin=""):
        # Asked to start again a moment ago: its file stays.
        if ImportRun.objects.filter(pk=run.pk, statut=run.statut, termine_le__lt=limit).update(chemin=""):
            Path(run.chemin).unlink(missing_ok=True)
            erased += 1
    return erased + _purge_orphans(limit.timestamp())


def _purge_orphans(before: float) -> int:
    """Deposits that no line of the journal tells of: the portal stopped in the middle of an upload."""
    erased = 0
    for path in (folder() / "depots").glob("*"):
        if path.stat().st_mtime < before and not ImportRun.objects.filter(chemin=str(path)).exists():
            path.unlink(missing_ok=True)
            erased += 1
    return erased


def _wait_for_turn(run: ImportRun) -> None:
    """Another import holds the database: this one stays in the queue and is tried again."""
    ImportRun.objects.filter(pk=run.pk).update(
        statut=ImportRun.Statut.DEPOSE, phrase=WAITS_FOR_TURN, commence_le=timezone.now()
    )
    _tell_worker_later(str(run.pk))


def _finish(
    run: ImportRun,
    statut: ImportRun.Statut,
    *,
    phrase: str = "",
    report: Report | None = None,
    rejects: Path,
) -> None:
    run.statut = statut
    run.phrase = phrase or (" ".join(report.warnings) if report else "")
    run.compteurs = {} if report is None else {**report.counts, "Lignes refusées": report.rejected}
    run.chemin_rejets = str(rejects) if rejects.exists() else ""
    run.termine_le = timezone.now()
    run.save()
    if statut == ImportRun.Statut.ECRIT:
        # The file is in the database now; the journal keeps what it said.
        Path(run.chemin).unlink(missing_ok=True)


def _show_progress(run_id: uuid.UUID) -> Progress:
    """A progress callback that writes to the cache; a lost cache only blanks the bar."""
    shown: list[tuple[str, float]] = [("", -1.0)]

    def progress(stage: str, share: float) -> None:
        last_stage, last_share = shown[0]
        if stage == last_stage and share - last_share < _STEP:
            return
        shown[0] = (stage, share)
        try:
            cache.set(_key(run_id), {"stage": stage, "share": share}, timeout=3600)
        except Exception:  # noqa: BLE001  the cache clients raise errors of their own
            return

    return progress


def progress_of(run: ImportRun) -> tuple[str, int]:
    """(stage, percent) last shown by the worker."""
    try:
        found = cache.get(_key(run.pk)) or {}
    except Exception:  # noqa: BLE001  no cache: no bar
        found = {}
    return str(found.get("stage", "en attente")), round(100 * float(found.get("share", 0)))


def asked_option(run: ImportRun) -> str:
    """ "confirmer" or "forcer" when a refused file may be written all the same, else an empty text."""
    return str(run.compteurs.get(ASKS, "")) if is_kept(run) and run.statut == ImportRun.Statut.REFUSE else ""


def is_kept(run: ImportRun) -> bool:
    """Whether its file is still here: not that of a command, nor one erased since."""
    return bool(run.chemin)


def counts_of(run: ImportRun) -> dict[str, int]:
    """The counters of the report, by French label."""
    return {
        label: number
        for label, number in run.compteurs.items()
        if isinstance(number, int) and number is not True
    }


def first_rejects(run: ImportRun) -> list[list[str]]:
    """(line, column, reason) of the first refused rows, to show before the whole list is downloaded."""
    path = Path(run.chemin_rejets) if run.chemin_rejets else None
    if path is None or not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter=";")
        next(rows, None)
        return list(itertools.islice(rows, SHOWN_REJECTS))


def is_interrupted(run: ImportRun) -> bool:
    """True when nobody works on an unfinished run: its worker died, or the broker lost the word.

    A working import holds the database lock from its first moments to its commit.
    """
    since = run.commence_le or run.cree_le
    grace = GRACE_SECONDS if run.statut == ImportRun.Statut.EN_COURS else WAITING_SECONDS
    if run.is_finished or (timezone.now() - since).total_seconds() < grace:
        return False
    held = scalar(
        # Several portals may share a server: only the locks of this database count.
        "select exists (select from pg_locks where locktype = 'advisory' and objid = %s and granted "
        "and database = (select oid from pg_database where datname = current_database()))",
        [LOCK],
    )
    return not held


def mark_interrupted(run: ImportRun) -> bool:
    """Record that a run was lost, so that it can be started again."""
    if not is_interrupted(run):
        return False
    changed = ImportRun.objects.filter(pk=run.pk, statut=run.statut).update(
        statut=ImportRun.Statut.INTERROMPU,
        phrase="L’import a été interrompu ; rien n’est écrit.",
        termine_le=timezone.now(),
    )
    return bool(changed)


def _key(run_id: uuid.UUID) -> str:
    return f"referentiels:import:{run_id}"
