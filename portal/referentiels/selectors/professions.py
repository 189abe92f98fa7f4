"""The sign-up list of professions."""

from __future__ import annotations

from portal.referentiels.models import Profession

from .saisie import prepare

LIMIT = 20


def professions_by_categorie() -> dict[str, list[Profession]]:
    """Selectable entries under the label of their category, in the published order.

    A profession listed in two categories appears in both.
    """
    groups: dict[str, list[Profession]] = {str(label): [] for _, label in Profession.Categorie.choices}
    for profession in Profession.objects.filter(is_selectable=True).order_by("rang", "pk"):
        groups[str(profession.get_categorie_display())].append(profession)
    return {label: entries for label, entries in groups.items() if entries}


def suggest_professions(typed: str, *, limit: int = LIMIT) -> list[Profession]:
    """Selectable entries whose label holds a word starting like each word typed; all of them for no text."""
    wanted = prepare(typed).split()
    entries = Profession.objects.filter(is_selectable=True).order_by("rang", "pk")
    return [entry for entry in entries if _matches(entry.label_plie, wanted)][:limit]


def professions_of_code_nos(code_nos: str) -> list[Profession]:
    """Entries of a national profession code (TRE G15 « 70 »…): what an RPPS or PSC answer is turned into."""
    if not code_nos:
        return []
    return list(Profession.objects.filter(code_nos=code_nos).order_by("rang", "pk"))


def _matches(label: str, wanted: list[str]) -> bool:
    return all(any(word.startswith(part) for word in label.split()) for part in wanted)
