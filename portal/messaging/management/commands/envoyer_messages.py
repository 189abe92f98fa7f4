"""Send by hand what the outbox holds, without broker nor worker."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from portal.messaging import delivery, sweeping


class Command(BaseCommand):
    help = "Envoie les messages en attente, sans passer par les processus de fond."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limite", type=int, default=1000, help="nombre de messages à traiter au plus")

    def handle(self, *args: Any, **options: Any) -> None:
        given_up, freed = sweeping.take_back()
        expired = sweeping.expire_all()
        tried = delivery.drain(options["limite"])
        self.stdout.write(
            f"{tried} envoi(s) tenté(s), {freed} message(s) repris à un processus arrêté, "
            f"{given_up} abandonné(s), {expired} périmé(s)."
        )
