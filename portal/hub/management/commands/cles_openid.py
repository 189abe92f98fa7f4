"""Signing keys from the command line: list, rotate, replace at once."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from portal.hub.oidc import jose, keys


class Command(BaseCommand):
    help = "Clés de signature : lister, tourner (publiée un jour avant de signer), remplacer (compromise)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["lister", "tourner", "remplacer"])
        parser.add_argument("--algorithme", choices=jose.ALGORITHMS, help="un seul ; les deux sinon")

    def handle(self, *args: Any, **options: Any) -> None:
        keys.ring()
        chosen = [options["algorithme"]] if options["algorithme"] else list(jose.ALGORITHMS)
        if options["action"] != "lister":
            for algorithm in chosen:
                keys.rotate(algorithm, at_once=options["action"] == "remplacer")
        told = [row for row in keys.describe() if row["algorithm"] in chosen]
        self.stdout.write(json.dumps(told, ensure_ascii=False, indent=1))
