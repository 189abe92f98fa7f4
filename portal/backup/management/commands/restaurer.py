"""`manage.py restaurer FICHIER`: remet une sauvegarde dans une base et des dossiers vides, puis vérifie tout."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from portal.backup import keys, restore
from portal.backup.errors import BackupError


class Command(BaseCommand):
    help = "Restaure une sauvegarde dans une place vide, vérifie les empreintes et la chaîne du journal."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("fichier", help="la sauvegarde")
        parser.add_argument("--cle", default="", help="fichier de la clé (sinon : BACKUP_KEY_FILE)")
        only = parser.add_mutually_exclusive_group()
        only.add_argument(
            "--verifier", action="store_true", help="relire la sauvegarde en entier, sans rien écrire"
        )
        only.add_argument("--secrets", metavar="DOSSIER", help="sortir seulement les secrets dans ce dossier")
        parser.add_argument(
            "--ecraser", action="store_true", help="remplacer ce que contiennent base et dossiers"
        )
        parser.add_argument(
            "--confirmer", metavar="BASE", default="", help="nom de la base à écraser, au lieu de la question"
        )
        parser.add_argument(
            "--fermer-les-sessions",
            action="store_true",
            help="déconnecter tout le monde après la restauration",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            passphrase = keys.passphrase(options["cle"])
            file = Path(options["fichier"])
            if options["verifier"]:
                self._look(restore.look_through(file, passphrase))
            elif options["secrets"]:
                for path in restore.take_secrets_out(file, passphrase, Path(options["secrets"])):
                    self.stdout.write(f"Secret écrit : {path}")
            else:
                self._restore(file, passphrase, options)
        except BackupError as error:
            raise CommandError(str(error)) from error

    def _look(self, found: restore.Contents) -> None:
        self.stdout.write(
            f"Sauvegarde lisible et entière : {found.manifest['plateforme']}, {found.manifest['at']}, "
            f"{len(found.manifest['tables'])} tables, {found.rows} lignes, {found.files} fichiers."
        )

    def _restore(self, file: Path, passphrase: bytes, options: dict[str, Any]) -> None:
        if options["ecraser"]:
            self._confirm(options["confirmer"])
        done = restore.restore(file, passphrase, erase=options["ecraser"])
        self.stdout.write(
            f"Sauvegarde du {done.at} ({done.plateforme}) restaurée en {done.seconds:.1f} s\n"
            f"  Base : {done.tables} tables, {done.rows} lignes, empreintes identiques\n"
            f"  Fichiers : {done.files}, empreintes identiques\n"
            "  Secrets : ceux de la sauvegarde"
        )
        if options["fermer_les_sessions"]:
            self.stdout.write(f"  Sessions fermées : {restore.close_sessions()}")
        if done.waiting_messages:
            self.stdout.write(
                f"  Messages en attente : {done.waiting_messages} (ceux partis depuis la sauvegarde repartiront)"
            )
        if done.journal.broken_id is not None:
            raise CommandError(
                f"Le journal de sécurité sauvegardé était déjà altéré : la ligne n° {done.journal.broken_id} ne "
                "correspond pas à son sceau. Le reste est restauré."
            )
        self.stdout.write(
            f"  Journal de sécurité : chaîne intacte, {done.journal.checked} lignes scellées, "
            f"{done.journal.unsealed} en attente de sceau"
        )

    def _confirm(self, given: str) -> None:
        """Erasing asks for the name of the database, typed or given: nobody erases another one by habit."""
        name = str(connection.settings_dict["NAME"])
        if not given and sys.stdin.isatty():
            given = input(
                f"Tout ce que contient la base « {name} » va être remplacé. Tapez son nom pour continuer : "
            )
        if given != name:
            raise CommandError(
                f"Rien n'est changé : --ecraser demande le nom de la base (--confirmer {name})."
            )
