"""The `structures` claim: where a person works, and who says so.

`verified` is true for what the RPPS publishes about a proven national identifier, or what a linked card or Pro Santé
Connect attested at its last use; false for what the person declared, unless one of those says the same place.
"""

from __future__ import annotations

from typing import Any

from portal.common.text import fold

_SOURCES = {"card": "carte CPS", "ecps": "Pro Santé Connect"}
_KEYS = ("name", "number", "finess", "legal_finess", "siret", "postal_code")


def told(
    declared: list[dict[str, str]], practised: list[dict[str, Any]], attested: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Proven places first, each once; the declared ones last, when nothing proves them.

    declared, each: name, number (FINESS or other), postal_code. practised: rows of the RPPS. attested: `kind` and
    `places` of each linked card or e-CPS.
    """
    found: list[dict[str, Any]] = []
    for place in practised:
        _add(found, place, "RPPS")
    for means in attested:
        for place in means["places"]:
            _add(found, place, _SOURCES[means["kind"]])
    proven = list(found)
    for place in declared:
        shown = _shown(place) | {"verified": False, "source": "déclaration"}
        if place["name"] and shown not in found and not any(_is_declared(one, place) for one in proven):
            found.append(shown)
    return found


def _add(found: list[dict[str, Any]], place: dict[str, Any], source: str) -> None:
    shown = _shown(place)
    names_a_place = shown.get("name") or shown.get("finess") or shown.get("siret")
    if names_a_place and not any(_is_same(one, shown) for one in found):
        found.append(shown | {"verified": True, "source": source})


def _shown(place: dict[str, Any]) -> dict[str, Any]:
    return {key: place[key] for key in _KEYS if place.get(key)}


def _is_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """By the number of the site when both have it, else of the company at that postcode, else by name."""
    for key in ("finess", "siret"):
        if one.get(key) and other.get(key):
            return bool(one[key] == other[key])
    return _named(one) == _named(other)


def _is_declared(proven: dict[str, Any], declared: dict[str, str]) -> bool:
    """What was declared is proven when it is that very number; a name alone proves no number."""
    number = declared["number"].replace(" ", "")
    if number:
        return number in {proven.get("finess"), proven.get("legal_finess"), proven.get("siret")}
    return _named(proven) == _named(declared)


def _named(place: dict[str, Any]) -> tuple[str, str]:
    return fold(str(place.get("name", ""))), str(place.get("postal_code", ""))
