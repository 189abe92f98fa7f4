"""Pages of the application: files of pages/ with {{ name }}, every value escaped unless it is markup already."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from portal.simulators.psc.markup import Html, fill_text, join, when

FOLDER = Path(__file__).resolve().parent
_PARIS = ZoneInfo("Europe/Paris")
_NAMES = {
    "name": "Nom",
    "preferred_username": "Identifiant du portail",
    "email": "Adresse e-mail",
    "email_verified": "Adresse validée",
    "phone_number": "Mobile",
    "rpps": "Numéro RPPS",
    "rpps_verified": "Numéro prouvé par carte ou e-CPS",
    "profession": "Profession",
    "roles": "Rôles",
    "structures": "Structures",
}
_MEANS = {
    "pwd": "mot de passe",
    "otp": "code à usage unique",
    "sms": "code par SMS",
    "hwk": "clé d’accès",
    "sc": "carte CPS",
    "swk": "e-CPS",
    "mfa": "deux preuves",
}


def page(
    name: str, /, *, title: str, portal: str, who: str = "", message: str = "", **values: object
) -> Html:
    """A whole page; `message` is what has just happened."""
    return fill_text(
        _file("base"),
        title=title,
        heading=title.removeprefix("Erreur : "),
        portal=portal,
        who=when(who, '<p class="who">{{ who }}</p>', who=who),
        message=when(message, '<p class="message" role="status">{{ message }}</p>', message=message),
        body=fill_text(_file(name), **values),
    )


@cache
def _file(name: str) -> str:
    return (FOLDER / "pages" / f"{name}.html").read_text(encoding="utf-8")


@cache
def style() -> bytes:
    return (FOLDER / "partenaire.css").read_bytes()


def entry_lines(claims: Mapping[str, Any]) -> Html:
    """How and when the person proved who they are."""
    at = claims.get("auth_time") or claims.get("iat", 0)
    means = ", ".join(_MEANS.get(one, one) for one in claims.get("amr", []))
    return definitions(
        [
            ("Identité prouvée le", moment(at)),
            ("Niveau de preuve (acr)", str(claims.get("acr", "non dit"))),
            ("Moyens (amr)", means or "non dits"),
        ]
    )


def person_lines(person: Mapping[str, Any]) -> Html:
    return definitions([(label, _told(person[name])) for name, label in _NAMES.items() if name in person])


def claim_rows(claims: Mapping[str, Any]) -> Html:
    row = '<tr><th scope="row"><code>{{ name }}</code></th><td><code>{{ value }}</code></td></tr>'
    return join(fill_text(row, name=name, value=_raw(value)) for name, value in sorted(claims.items()))


def definitions(pairs: Iterable[tuple[str, str]]) -> Html:
    return join(fill_text("<dt>{{ name }}</dt><dd>{{ value }}</dd>", name=n, value=v) for n, v in pairs)


def rows(table: Iterable[Iterable[str]]) -> Html:
    return join(
        Html("<tr>") + join(fill_text("<td>{{ cell }}</td>", cell=cell) for cell in row) + Html("</tr>")  # type: ignore[misc]
        for row in table
    )


def moment(seconds: float) -> str:
    """« 20/11/2026 à 13:05:09 », heure de Paris."""
    return datetime.fromtimestamp(float(seconds), UTC).astimezone(_PARIS).strftime("%d/%m/%Y à %H:%M:%S")


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, list):
        return ", ".join(_told(one) for one in value) or "aucun"
    if isinstance(value, dict):
        return str(value.get("label") or value.get("name") or "")
    return str(value) or "non renseigné"


def _raw(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
