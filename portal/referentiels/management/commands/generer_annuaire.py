from pathlib import Path

from django.core.management.base import BaseCommand

from portal.referentiels.generateur.annuaire import write_annuaire


class Command(BaseCommand):
    help = "Écrit un annuaire national inventé, dans les formats réels (RPPS, FINESS, communes), pour les mesures."

    def add_arguments(self, parser):
        parser.add_argument("dossier", type=Path, help="dossier où écrire les fichiers")
        parser.add_argument("--personnes", type=int, default=10_000, help="nombre de personnes inventées")
        parser.add_argument("--graine", type=int, default=1, help="même graine, mêmes fichiers")

    def handle(self, *args, dossier, personnes, graine, **options):
        files = write_annuaire(
            dossier,
            people=personnes,
            seed=graine,
            progress=lambda number: self.stdout.write(f"{number} personnes", ending="\r"),
        )
        self.stdout.write(f"{personnes} personnes, {files.lignes} lignes d’activité dans {dossier}")
