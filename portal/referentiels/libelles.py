"""Codes told in words to the support."""

from __future__ import annotations

from portal.common.memory import remembered
from portal.referentiels.models import NomenclatureConcept

_LISTS_SECONDS = 60
EVERY_PROFESSION = "Toutes les professions"


@remembered(_LISTS_SECONDS)
def profession_labels() -> dict[str, str]:
    """TRE G15: code → label; the list is kept a minute."""
    found = NomenclatureConcept.objects.filter(nomenclature="G15").order_by("rang", "code")
    return dict(found.values_list("code", "libelle"))


def profession_label(code: str) -> str:
    """« Masseur-kinésithérapeute (70) »; the code alone when the list is not imported."""
    if not code:
        return EVERY_PROFESSION
    label = profession_labels().get(code, "")
    return f"{label} ({code})" if label else code
