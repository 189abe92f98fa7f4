"""The schema of the working tables of an import: the one place where the running application may make a table.

Its name is portal.common.database_rights.WORKSHOP, written out: a migration stays what it was.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("referentiels", "0006_autres_adresses"),)

    operations = (migrations.RunSQL("CREATE SCHEMA IF NOT EXISTS atelier", "DROP SCHEMA IF EXISTS atelier"),)
