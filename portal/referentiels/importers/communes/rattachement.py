"""Places imported before their commune was known are tied to it afterwards."""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

from portal.referentiels.importers.rpps.ecriture import place_of_lines
from portal.referentiels.importers.staging import execute

_TABLES = ("referentiels_activiterpps", "referentiels_structurefiness")


def attach_communes() -> int:
    """Tie activities and structures without a commune: by their published INSEE code, else by the delivery line."""
    attached = 0
    for table in _TABLES:
        attached += execute(
            f"update {table} t set commune_id = c.code_insee from referentiels_commune c "
            "where t.commune_id is null and t.code_commune <> '' and c.code_insee = t.code_commune"
        )
        lines = (
            f"select distinct acheminement as ligne from {table} "
            "where commune_id is null and code_commune = '' and acheminement <> ''"
        )
        attached += execute(
            f"update {table} t set commune_id = l.code_insee from ({place_of_lines(lines)}) l "
            "where t.commune_id is null and t.code_commune = '' and t.acheminement = l.ligne"
        )
    execute(
        "update referentiels_structurefiness t set latitude = c.latitude, longitude = c.longitude, "
        "fiabilite = 'commune' from referentiels_commune c "
        "where t.commune_id = c.code_insee and t.latitude is null and c.latitude is not null"
    )
    return attached
