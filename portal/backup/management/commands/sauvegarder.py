"""`manage.py sauvegarder DESTINATION`: base, fichiers et secrets dans un fichier chiffré, sans arrêter le portail."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import journal
from portal.backup import create, keys
from portal.backup.errors import BackupError


class Command(BaseCommand):
    help = "Sauvegarde la base, les fichiers et les secrets dans un fichier chiffré, pendant que le portail sert."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "destination", help="le fichier à écrire, ou un dossier où il sera nommé d'après la date"
        )
        parser.add_argument("--cle", default="", help="fichier de la clé (sinon : BACKUP_KEY_FILE)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            passphrase = keys.passphrase(options["cle"])
            journal.record(journal.Action.DATABASE_SAVED)  # before the snapshot: the backup says it was made
            made = create.back_up(Path(options["destination"]), passphrase)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Sauvegarde écrite : {made.path}\n"
            f"  {made.tables} tables, {made.rows} lignes, {made.files} fichiers, {made.size / 1e6:.1f} Mo, "
            f"{made.seconds:.1f} s\n"
            "  Gardez la clé ailleurs : sans elle, personne ne relit ce fichier."
        )
