"""Base of management commands: nothing is written unless asked, and each run ends with a summary."""

from abc import ABC, abstractmethod
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand as DjangoCommand
from django.db import transaction


class Summary:
    """What a run did: counts by French label in the order met, and notes (rejects with their reason)."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.notes: list[str] = []

    def add(self, label: str, number: int = 1) -> None:
        self.counts[label] += number

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def lines(self) -> list[str]:
        return [f"{label} : {number}" for label, number in self.counts.items()] + self.notes


class Command(DjangoCommand, ABC):
    """Subclasses write `run(options, summary)`. Without `--ecrire`, everything is done then rolled back.

    The whole run is one transaction: a failure half-way leaves nothing. A command that must commit in batches
    sets `single_transaction = False`, and looks at `options["ecrire"]` itself.
    """

    single_transaction = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--ecrire",
            action="store_true",
            help="enregistre les changements (sinon : essai à blanc, rien n'est modifié)",
        )

    @abstractmethod
    def run(self, options: dict[str, Any], summary: Summary) -> None:
        """Do the work once and count it in `summary`."""

    def handle(self, *args: Any, **options: Any) -> None:
        summary = Summary()
        if self.single_transaction:
            with transaction.atomic():
                self.run(options, summary)
                if not options["ecrire"]:
                    transaction.set_rollback(True)
        else:
            self.run(options, summary)
        for line in summary.lines():
            self.stdout.write(line)
        if not options["ecrire"]:
            self.stdout.write("Essai à blanc : rien n'a été enregistré. Ajoutez --ecrire pour enregistrer.")
