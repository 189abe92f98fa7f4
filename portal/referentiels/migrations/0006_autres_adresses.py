from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("referentiels", "0005_import_force_default")]

    operations = [
        migrations.AddField(
            model_name="structurefiness",
            name="autres_adresses",
            field=models.TextField(
                blank=True, db_default="", default="", verbose_name="autres adresses publiées"
            ),
        ),
    ]
