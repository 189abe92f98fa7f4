"""manage.py relever_listes_cps : relève tout de suite les listes de révocation des cartes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.cps import anchors, revocation


class Command(BaseCommand):
    help = "Relève les listes de révocation des cartes (CPS_CRL_URLS) et dit ce qu'il en est."

    def handle(self, *args: Any, **options: Any) -> None:
        accepted = anchors.current()
        if accepted is None:
            self.stdout.write("La connexion par carte est fermée : aucune liste à relever.")
            return
        results = revocation.refresh(accepted, settings.CPS_CRL_URLS)
        for url, reason in results.items():
            self.stdout.write(f"{'ÉCHEC' if reason else 'OK   '}  {url}  {reason}".rstrip())
        if any(results.values()):
            raise CommandError("Une liste au moins n'a pas été relevée.")
