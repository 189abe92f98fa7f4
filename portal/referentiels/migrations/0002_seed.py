"""Professions, départements, health territories and small code lists: present before any file is imported."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.referentiels.seed import seed_all


def forwards(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    seed_all(apps)


class Migration(migrations.Migration):
    dependencies = [("referentiels", "0001_initial")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
