"""`manage.py verifier_journal`: is the security journal as it was written?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import journal_seal


class Command(BaseCommand):
    help = "Vérifie la chaîne de sceaux du journal de sécurité et nomme la première ligne changée."

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = journal_seal.verify()
        if verdict.broken_id is not None:
            raise CommandError(
                f"Le journal de sécurité a été changé : la ligne n° {verdict.broken_id} ne correspond plus à son sceau "
                f"({verdict.checked} lignes justes avant elle)."
            )
        self.stdout.write(
            f"Journal de sécurité intact : {verdict.checked} lignes scellées, {verdict.unsealed} en attente de sceau."
        )
