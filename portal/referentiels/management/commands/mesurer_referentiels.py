import json

from django.core.management.base import BaseCommand

from portal.referentiels.bench.buts import import_lines, lookup_lines
from portal.referentiels.bench.produit import measure_import
from portal.referentiels.bench.recherches import measure_lookups

# 1.7 rows per person; the ratios are the same on 80 000 rows as on two million.
PEOPLE, PEOPLE_QUICK = 150_000, 50_000


class Command(BaseCommand):
    help = "Mesure les imports et les recherches sur une base vide (utilisé par bin/bench) ; imprime du JSON."

    def add_arguments(self, parser):
        parser.add_argument("partie", choices=["import", "lookup"])
        parser.add_argument("--rapide", action="store_true", help="petit annuaire, un seul tour")
        parser.add_argument("--personnes", type=int)
        parser.add_argument(
            "--sur-place", action="store_true", help="recherches sur ce que l'import vient de charger"
        )

    def handle(self, *args, partie, rapide, personnes, sur_place, **options):
        people = personnes or (PEOPLE_QUICK if rapide else PEOPLE)
        # A second of work is at the mercy of the machine: three of them, of which the middle one counts.
        lines = [] if sur_place else import_lines(measure_import(people, 3 if rapide else 1))
        if partie == "lookup":
            lines = lookup_lines(measure_lookups(1 if rapide else 3))
        self.stdout.write(json.dumps(lines))
