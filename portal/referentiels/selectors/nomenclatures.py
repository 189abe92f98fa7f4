"""Code lists: labels for display, open codes for entry, and what a profession may choose from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from portal.common.text import fold
from portal.referentiels.models import ConsigneProfession, FiltreProfession, NomenclatureConcept

from .saisie import prepare, words

LIMIT = 20

# Field of a form → value set, and the terminology used while the value set is not imported.
LISTES_DES_CHAMPS: dict[str, tuple[str, str]] = {
    "type_offre": ("J238", "R244"),
    "activite": ("J17", "R211"),
    "acte_en_cabinet": ("J16", "R210"),
    "acte_hors_cabinet": ("J16", "R210"),
    "equipement": ("J18", "R212"),
    "competence": ("J33", "R243"),
    "accessibilite": ("J50", "R202"),
    "modalite": ("J226", "R338"),
    "mode_prise_en_charge": ("J19", "R213"),
    "champ_activite": ("J20", "R227"),
    "public": ("J29", "R239"),
    "classe_age": ("J15", "R208"),
    "expertise": ("J227", "R344"),
    "specialisation": ("J35", "R245"),
    "horaire": ("J41", "R252"),
    "nature_contact": ("J221", "R287"),
    "fonction_contact": ("J220", "R251"),
    "canal": ("J225", "R200"),
    "confidentialite": ("J222", "R283"),
    "conventionnement": ("J218", "R282"),
    "profession": ("J229", "G15"),
    "specialite": ("J210", "R38"),
    "mode_exercice": ("J217", "R23"),
    "type_fermeture": ("J185", "R286"),
}


@dataclass(frozen=True, slots=True)
class Choix:
    """One value a form may offer."""

    code: str
    libelle: str
    liste: str


def concepts_of(champ_or_liste: str, *, closed: bool = False) -> list[Choix]:
    """Codes of a field (« activite ») or of a list (« R211 »), in the published order; open ones only."""
    for liste in LISTES_DES_CHAMPS.get(champ_or_liste, (champ_or_liste,)):
        found = NomenclatureConcept.objects.filter(nomenclature=liste)
        if not closed:
            found = found.open()
        choices = [_choice(concept) for concept in found.order_by("rang", "code")]
        if choices:
            return choices
    return []


def find_concept(liste: str, code: str) -> NomenclatureConcept | None:
    """The concept of a list, open or closed; a value set may hold a code of two terminologies: the first."""
    found = NomenclatureConcept.objects.filter(nomenclature=liste, code=code)
    return found.order_by("ferme", "rang", "pk").first()


def labels_of(liste: str, codes: Iterable[str]) -> dict[str, str]:
    """Current labels of these codes, closed ones too; an unknown code is absent."""
    found = NomenclatureConcept.objects.filter(nomenclature=liste, code__in=list(codes))
    return dict(found.order_by("-ferme", "-rang").values_list("code", "libelle"))


def choices_for(code_profession: str, champ: str) -> list[Choix]:
    """What a profession may choose in a field: its own table when it has one, else every open code."""
    own = (
        FiltreProfession.objects.filter(code_profession=code_profession, champ=champ, actif=True)
        .filter(concept__ferme=False)
        .select_related("concept")
        .order_by("rang", "concept__rang", "pk")
    )
    choices = [_choice(row.concept, row.libelle_local) for row in own]
    return choices or concepts_of(champ)


def suggest_concepts(
    champ_or_liste: str, typed: str, *, code_profession: str = "", limit: int = LIMIT
) -> list[Choix]:
    """Choices whose label holds a word starting like each word typed (or whose code is typed)."""
    text = prepare(typed)
    wanted = words(text)
    choices = choices_for(code_profession, champ_or_liste) if code_profession else concepts_of(champ_or_liste)
    return [choice for choice in choices if _matches(choice, text, wanted)][:limit]


def consigne_for(code_profession: str, champ: str) -> ConsigneProfession | None:
    """The help text of a field for a profession, else the one for every profession."""
    found = ConsigneProfession.objects.filter(champ=champ).filter(
        Q(code_profession=code_profession) | Q(code_profession="")
    )
    return found.order_by("-code_profession").first()


def _choice(concept: NomenclatureConcept, local: str = "") -> Choix:
    return Choix(concept.code, local or concept.libelle, concept.systeme or concept.nomenclature_id)


def _matches(choice: Choix, text: str, wanted: list[str]) -> bool:
    if choice.code.lower() == text:
        return True
    label = re.findall(r"[a-z0-9]+", fold(choice.libelle))
    return all(any(word.startswith(part) for word in label) for part in wanted)
