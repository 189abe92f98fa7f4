"""Data of « Quelle authentification forte pour moi ? »: texts of aide.toml, professions and addresses of the tables."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from accounts.models import HelpLink, StrongKind, User
from accounts.strong import means
from portal.referentiels.models import Profession

_FILE = Path(__file__).with_name("aide.toml")


@dataclass(frozen=True)
class Address:
    label: str
    url: str


@dataclass(frozen=True)
class Advice:
    """What somebody of this profession, at this employer, has to do. Addresses are already resolved."""

    profession: Profession
    category: dict[str, Any]
    employer: dict[str, str]
    register: Address | None
    note: Address | None

    @property
    def offers_card(self) -> bool:
        return self.profession.allows_card

    @property
    def uses_rpps_plus(self) -> bool:
        return bool(self.category.get("uses_rpps_plus"))


@dataclass(frozen=True)
class Done:
    """One step of the way and whether this account has made it."""

    label: str
    is_done: bool


@cache
def content() -> dict[str, Any]:
    with _FILE.open("rb") as file:
        return tomllib.load(file)


def addresses() -> dict[str, Address]:
    """Links by key; a row of the administration wins over what the product ships."""
    shipped = {key: Address(link["label"], link["url"]) for key, link in content()["links"].items()}
    kept = {row.key: Address(row.label, row.url) for row in HelpLink.objects.order_by("key")}
    return shipped | kept


def employers() -> list[dict[str, str]]:
    return list(content()["employers"])


def entries_of(code: str) -> list[Profession]:
    """Entries of one profession: two when it stands in two categories, and the kind of role then decides."""
    if not code:
        return []
    return list(Profession.objects.filter(code=code, is_selectable=True).order_by("rang", "pk"))


def advise(profession: Profession, employer_key: str) -> Advice:
    found = content()["categories"][profession.categorie]
    links = addresses()
    employer = next(
        (item for item in employers() if item["key"] == employer_key), {"key": "", "rpps_plus": ""}
    )
    return Advice(
        profession=profession,
        category=found,
        employer=employer,
        register=_register(profession, found, links),
        note=links.get(found.get("note_link", "")),
    )


def _register(profession: Profession, category: dict[str, Any], links: dict[str, Address]) -> Address | None:
    """The Order with its own name and site, else the portal of the category."""
    if profession.ordre and profession.url_enregistrement:
        return Address(profession.ordre, profession.url_enregistrement)
    return links.get(category.get("register_link", ""))


def question(entry: Profession) -> str:
    """How a category names itself to somebody who must choose between two."""
    found = content()["categories"][entry.categorie]
    return str(found.get("question") or found["title"])


def steps_done(user: User) -> list[Done]:
    """Where this account stands; what is proven by card or e-CPS counts, what was typed is said to be typed only."""
    kinds, national = means.kinds(user), means.national_id(user)
    number = "Numéro RPPS prouvé" if national else "Numéro RPPS saisi, pas encore prouvé"
    if not national and not user.rpps:
        number = "Numéro RPPS connu"
    found = [
        Done("Profession indiquée", user.profession_id is not None),
        Done(number, bool(national or user.rpps)),
        Done("e-CPS rattachée à mon compte", StrongKind.ECPS in kinds),
    ]
    if user.profession is None or user.profession.allows_card or StrongKind.CARD in kinds:
        found.insert(2, Done("Carte rattachée à mon compte", StrongKind.CARD in kinds))
    return found


def with_links(steps: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Steps of a procedure with the address each one names."""
    links = addresses()
    return [{**step, "address": links.get(step.get("link", ""))} for step in steps]
