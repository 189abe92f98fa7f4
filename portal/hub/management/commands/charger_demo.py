"""Everything the demo needs, once or again: reference data, people, content. Refused in production."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.demo import load_people
from portal.hub import seeds
from portal.hub.demo import bind_pilot, give_authenticators, give_roles, load_favourites, load_tickets
from portal.hub.oidc.demo import load_clients
from portal.referentiels.demo import load_demo

# Settings that may hold made-up people, by their last word.
ALLOWED_SETTINGS = frozenset({"demo", "test"})


class Command(BaseCommand):
    help = "Charge les données de démonstration (répétable). Refusé avec les réglages de production."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json",
            metavar="FICHIER",
            help="écrit les personnes et les applications dans ce fichier (0600)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        check_settings()
        load_demo()
        with transaction.atomic():
            people = load_people()
            seeds.load()
            give_roles()
            bind_pilot()
            give_authenticators(people)
            load_favourites()
            load_tickets()
            clients = load_clients()
        if options["json"]:
            write_demo(Path(options["json"]), {"people": people, "openid_clients": clients})
        self.stdout.write(f"Données de démonstration en place : {len(people)} personnes.")


def check_settings() -> None:
    """Made-up people with known passwords must never reach a real portal."""
    module = _module()
    if module.rpartition(".")[2] not in ALLOWED_SETTINGS:
        raise CommandError(
            f"charger_demo est refusé avec les réglages « {module} » : il crée des comptes aux mots de passe connus."
        )


def _module() -> str:
    return str(settings.SETTINGS_MODULE or os.environ.get("DJANGO_SETTINGS_MODULE", ""))


def write_demo(path: Path, told: dict[str, list[dict[str, Any]]]) -> None:
    """Replace the file at once, readable by its owner only: it holds the demo's passwords and secrets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(told, file, ensure_ascii=False, indent=1)
    draft.replace(path)
