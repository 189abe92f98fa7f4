"""The schema of the working tables of an import: the one place where the running application may make a table."""

from django.db import migrations

from portal.common.database_rights import WORKSHOP


class Migration(migrations.Migration):
    dependencies = (("referentiels", "0006_autres_adresses"),)

    operations = (
        migrations.RunSQL(f"CREATE SCHEMA IF NOT EXISTS {WORKSHOP}", f"DROP SCHEMA IF EXISTS {WORKSHOP}"),
    )
