"""What must exist before any import: professions, départements, health territories, small code lists.

Every function is idempotent and takes the app registry, so that the data migration and a repair command run
the same code. Rows an administrator edited keep their edits: only missing rows are added.
"""

from __future__ import annotations

from typing import Any

from django.apps.registry import Apps
from django.utils.text import slugify

from portal.common.text import fold
from portal.referentiels.seed_filtres import seed_filtres
from portal.referentiels.seed_listes import read_listes
from portal.referentiels.seed_professions import ARS, E_RPPS, ORDERS, OTHERS, ROLES, RPPS_PLUS
from portal.referentiels.seed_territoires import REGIONS, TERRITOIRES


def seed_professions(registry: Apps) -> None:
    """Add the missing entries of the sign-up list; the key is (code, category)."""
    model: Any = registry.get_model("referentiels", "Profession")
    for rang, row in enumerate(_profession_rows()):
        code = slugify(fold(row["label"]))
        model.objects.get_or_create(
            code=code,
            categorie=row.pop("categorie"),
            defaults={**row, "label_plie": fold(row["label"]), "rang": rang},
        )


def _profession_rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "label": order.label,
            "code_nos": order.code_nos,
            "categorie": "order",
            "ordre": order.name,
            "url_enregistrement": order.url,
            "allows_card": True,
        }
        for order in ORDERS
    ]
    for categorie, entries, url in (
        ("ars", ARS, E_RPPS),
        ("role", ROLES, RPPS_PLUS),
        ("other", OTHERS, RPPS_PLUS),
    ):
        rows += [
            {
                "label": label,
                "code_nos": code,
                "categorie": categorie,
                "url_enregistrement": url,
                # People registered through RPPS+ never hold a physical card.
                "allows_card": categorie == "ars",
            }
            for label, code in entries
        ]
    return rows


def seed_territoires(registry: Apps) -> None:
    region_model: Any = registry.get_model("referentiels", "Region")
    departement_model: Any = registry.get_model("referentiels", "Departement")
    territoire_model: Any = registry.get_model("referentiels", "TerritoireDeSante")
    for code, nom, departements in REGIONS:
        region_model.objects.get_or_create(code=code, defaults={"nom": nom})
        for departement, nom_departement in departements:
            departement_model.objects.get_or_create(
                code=departement, defaults={"nom": nom_departement, "region_id": code}
            )
    for code, nom, region, departement in TERRITOIRES:
        territoire, created = territoire_model.objects.get_or_create(
            code=code, defaults={"nom": nom, "region_id": region}
        )
        if created:
            territoire.departements.add(departement)


def seed_listes(registry: Apps) -> None:
    """Small code lists needed by the forms before the national lists are imported.

    A list the importer already brought is left alone: its rows are newer than ours.
    """
    nomenclature_model: Any = registry.get_model("referentiels", "Nomenclature")
    concept_model: Any = registry.get_model("referentiels", "NomenclatureConcept")
    for liste in read_listes():
        nomenclature, created = nomenclature_model.objects.get_or_create(
            code=liste.code,
            defaults={"type": liste.type, "nom": liste.nom, "oid": liste.oid, "url": liste.url},
        )
        if not created:
            continue
        concept_model.objects.bulk_create(
            concept_model(
                nomenclature=nomenclature,
                systeme=liste.code,
                code=code,
                libelle=libelle,
                libelle_plie=fold(libelle)[:500],
                rang=rang,
            )
            for rang, (code, libelle) in enumerate(liste.concepts)
        )


def seed_all(registry: Apps) -> None:
    seed_professions(registry)
    seed_territoires(registry)
    seed_listes(registry)
    seed_filtres(registry)
