"""What the `import_<source>` commands share: options, progress, report, exit status."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.referentiels.importers.catalogue import SOURCES
from portal.referentiels.importers.report import FileRefused, Report
from portal.referentiels.importers.runner import AlreadyRunning, Source, record_run, run_import
from portal.referentiels.models import ImportRun


def reports_folder() -> Path:
    """Where the CSV of refused rows are written."""
    return Path(settings.VAR_DIR) / "imports" / "rapports"


class ImportCommand(BaseCommand):
    """Dry run by default. Exit status 1 with a sentence when the file is refused: nothing is modified."""

    source_key = ""

    @property
    def source(self) -> Source:
        return SOURCES[self.source_key]

    @property
    def help(self) -> str:  # type: ignore[override]
        return f"Importe : {self.source.label}. {self.source.help}"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("fichier", type=Path)
        parser.add_argument("--ecrire", action="store_true", help="écrit (sinon : vérification à blanc)")
        parser.add_argument(
            "--confirmer", action="store_true", help="accepte de fermer plus de 5 %% des lignes connues"
        )
        parser.add_argument(
            "--forcer", action="store_true", help="accepte un fichier bien plus court que le précédent"
        )
        parser.add_argument("--rapport", type=Path, help="fichier CSV des lignes refusées")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["fichier"]
        rejects = options["rapport"] or self._rejects_path()
        write: bool = options["ecrire"]
        try:
            report = run_import(
                self.source,
                path,
                write=write,
                confirmed=options["confirmer"],
                forced=options["forcer"],
                progress=self._progress,
                rejects_path=rejects,
            )
        except AlreadyRunning as error:
            raise CommandError(str(error)) from error
        except FileRefused as error:
            record_run(
                self.source, path, statut=ImportRun.Statut.REFUSE, write=write, phrase=str(error),
                rejects_path=rejects,
            )  # fmt: skip
            raise CommandError(str(error)) from error
        statut = ImportRun.Statut.ECRIT if write else ImportRun.Statut.VERIFIE
        record_run(self.source, path, statut=statut, write=write, report=report, rejects_path=rejects)
        self._print(report, write, rejects)

    def _rejects_path(self) -> Path:
        stamp = timezone.now().strftime("%Y%m%d-%H%M%S-%f")
        return reports_folder() / f"{self.source_key}-{stamp}.csv"

    def _progress(self, stage: str, share: float) -> None:
        # One line rewritten on a terminal; a log file gets a line per stage only.
        if self.stdout.isatty():
            self.stdout.write(f"\r{stage:<16} {share:4.0%}", ending="")
        elif stage != getattr(self, "_stage", ""):
            self._stage = stage
            self.stdout.write(f"{stage}…")

    def _print(self, report: Report, write: bool, rejects: Path) -> None:
        self.stdout.write("")
        for line in report.lines():
            self.stdout.write(line)
        if report.rejected:
            self.stdout.write(f"Détail des lignes refusées : {rejects}")
        if not write:
            self.stdout.write(
                "Vérification à blanc : rien n’est enregistré. Ajoutez --ecrire pour enregistrer."
            )
