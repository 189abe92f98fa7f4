from portal.referentiels.commands import ImportCommand


class Command(ImportCommand):
    source_key = "rpps_savoir_faire"
