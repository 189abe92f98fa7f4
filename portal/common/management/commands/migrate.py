from django.core.management.commands import migrate

from portal.common.database_rights import give


class Command(migrate.Command):
    """Whoever migrates owns the tables, and gives the other accounts their rights on them."""

    def handle(self, *args, **options):
        super().handle(*args, **options)
        if not (options["plan"] or options["check_unapplied"]):
            give(options["database"])
