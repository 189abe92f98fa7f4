"""Mistyped words are looked up by one letter less; words of commune names join the others."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import CreateExtension
from django.db import migrations, models

from portal.referentiels.importers.lexique import COMMUNE_WORDS
from portal.referentiels.plier import RETRAITS


def _index(domaine: str) -> migrations.AddIndex:
    return migrations.AddIndex(
        model_name="lexiquemot",
        index=GinIndex(
            models.Func(models.F("mot"), function="referentiels_retraits"),
            condition=models.Q(("domaine", domaine)),
            fastupdate=False,
            name=f"lexique_{domaine}_retraits",
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("referentiels", "0003_import_force")]

    operations = [
        CreateExtension("fuzzystrmatch"),
        migrations.RunSQL(RETRAITS, "drop function referentiels_retraits(text)"),
        migrations.AlterField(
            model_name="lexiquemot",
            name="domaine",
            field=models.CharField(
                choices=[
                    ("nom", "nom de personne"),
                    ("structure", "mot d’un nom de structure"),
                    ("commune", "mot d’un nom de commune"),
                ],
                max_length=10,
                verbose_name="domaine",
            ),
        ),
        _index("nom"),
        _index("structure"),
        _index("commune"),
        migrations.RunSQL(COMMUNE_WORDS, migrations.RunSQL.noop),
    ]
