"""Communes by part of a name or of a postal code."""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from .lexique import SHORTEST, corrections, rewritten
from .saisie import digits, like_prefix, prepare, ranges, words

LIMIT = 20
MAX_LIMIT = 100


@dataclass(frozen=True, slots=True)
class CommuneTrouvee:
    """One answer. `code_postal` is the code asked for, or the only one of the commune, or empty."""

    code_insee: str
    nom: str
    code_postal: str
    codes_postaux: tuple[str, ...]
    code_departement: str
    nom_departement: str
    latitude: float | None
    longitude: float | None

    @property
    def libelle(self) -> str:
        """« Boinvilliers (78200) », or with the département when the town has several codes."""
        return f"{self.nom} ({self.code_postal or self.code_departement})"

    @property
    def departement(self) -> str:
        return f"{self.code_departement} - {self.nom_departement}"


_COLUMNS = """
    c.code_insee, c.nom,
    array(select m.codepostal_id from referentiels_commune_codes_postaux m
          where m.commune_id = c.code_insee order by m.codepostal_id),
    c.departement_id, d.nom, c.latitude, c.longitude
"""

_BY_CODE = f"""
    select m.codepostal_id, {_COLUMNS}
    from referentiels_commune_codes_postaux m
    join referentiels_commune c on c.code_insee = m.commune_id
    join referentiels_departement d on d.code = c.departement_id
    where m.codepostal_id like %(prefix)s and c.ferme_le is null
    order by c.departement_id = any(%(departements)s::text[]) desc, m.codepostal_id, c.nom_plie, c.code_insee
    limit %(limit)s
"""

# Ranks come from the index alone; only the few kept answers are read from the tables.
_RANKED = """
    with formes as (
        select a.commune_id, a.rang, a.poids,
               substr(a.commune_id, 1, case when a.commune_id >= '97' then 3 else 2 end)
                   = any(%(departements)s::text[]) as proche
        from referentiels_communeappellation a
        where {condition}
        order by proche desc, {order}
        limit %(wide)s
    ),
    communes as (
        select commune_id, min(rang) as rang, max(poids) as poids, bool_or(proche) as proche
        from formes group by commune_id
    )
"""
_NAMED = f"""
    select null, {_COLUMNS}
    from communes f
    join referentiels_commune c on c.code_insee = f.commune_id
    join referentiels_departement d on d.code = c.departement_id
    where c.ferme_le is null
    order by f.proche desc, f.rang, f.poids desc, c.nom_plie, c.code_insee
    limit %(limit)s
"""
_BY_LIKENESS = f"""
    with formes as (
        select a.commune_id, max(similarity(a.plie, %(text)s)) as ressemblance, max(a.poids) as poids
        from referentiels_communeappellation a
        where a.plie %% %(text)s
        group by a.commune_id
        order by 2 desc, 3 desc, 1
        limit %(limit)s
    )
    select null, {_COLUMNS}
    from formes f
    join referentiels_commune c on c.code_insee = f.commune_id
    join referentiels_departement d on d.code = c.departement_id
    where c.ferme_le is null
    order by f.ressemblance desc, f.poids desc, c.code_insee
"""


def _by_name(condition: str) -> str:
    return _RANKED.format(condition=condition, order="a.rang, a.poids desc, a.commune_id") + _NAMED


def suggest_communes(
    typed: str, *, departements: Iterable[str] = (), limit: int = LIMIT
) -> list[CommuneTrouvee]:
    """Communes whose name holds a word starting with `typed`, or whose postal code starts with it.

    A whole postal code answers every commune it covers (« 78200 » has 12). Communes of `departements` come
    first, then official names, then the largest towns. With no answer, the names that look alike (one typo).
    """
    text = prepare(typed)
    number = digits(text)
    parameters: dict[str, Any] = {"departements": list(departements), "limit": min(limit, MAX_LIMIT)}
    if number:
        if len(number) == 5:
            parameters["limit"] = MAX_LIMIT
        return _read(_BY_CODE, {**parameters, "prefix": like_prefix(number[:5])})
    text = text.split(" (")[0].strip(" ()")
    if len(text) < 2:
        return []
    wide = 4 * parameters["limit"]
    found = _read(
        _by_name("a.plie like %(prefix)s"), {**parameters, "prefix": like_prefix(text), "wide": wide}
    )
    if found or len(text) < SHORTEST:
        return found
    return _corrected(text, {**parameters, "wide": wide}) or _read(_BY_LIKENESS, {**parameters, "text": text})


def _corrected(text: str, parameters: dict[str, Any]) -> list[CommuneTrouvee]:
    """Communes whose name starts with what was typed, once its words are replaced by near ones that exist."""
    typed = words(text)
    starts = rewritten(typed, corrections("commune", typed), limit=12)
    if not starts:
        return []
    bounds, condition = ranges("a.plie", starts)
    return _read(_by_name(condition), {**parameters, **bounds})


def find_commune(code_insee: str) -> CommuneTrouvee | None:
    """The commune of this INSEE code, open or closed."""
    sql = f"""
        select null, {_COLUMNS} from referentiels_commune c
        join referentiels_departement d on d.code = c.departement_id
        where c.code_insee = %(code)s
    """
    found = _read(sql, {"code": code_insee[:5].replace("\0", "")})
    return found[0] if found else None


def communes_of_code_postal(code_postal: str) -> list[CommuneTrouvee]:
    """Every commune a whole postal code covers, by name."""
    number = digits(code_postal)
    return suggest_communes(number) if len(number) == 5 else []


def _read(sql: str, parameters: dict[str, Any]) -> list[CommuneTrouvee]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [_row(*row) for row in cursor.fetchall()]


def _row(
    code_postal: str | None,
    code_insee: str,
    nom: str,
    codes_postaux: list[str],
    code_departement: str,
    nom_departement: str,
    latitude: float | None,
    longitude: float | None,
) -> CommuneTrouvee:
    only = codes_postaux[0] if len(codes_postaux) == 1 else ""
    return CommuneTrouvee(
        code_insee=code_insee,
        nom=nom,
        code_postal=code_postal or only,
        codes_postaux=tuple(codes_postaux),
        code_departement=code_departement,
        nom_departement=nom_departement,
        latitude=latitude,
        longitude=longitude,
    )
