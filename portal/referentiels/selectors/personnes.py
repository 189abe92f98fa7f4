"""RPPS people: by number (current or former), and by name near a place."""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from portal.referentiels.models import ActiviteRpps, AncienIdentifiant, ProfessionnelRpps

from .lexique import SHORTEST, close_words, corrections
from .saisie import digits, like_prefix, prepare, ranges

LIMIT = 20
# Candidates of a common name looked at outside the place asked for, and the nearest ones looked at around it.
CANDIDATES = 100
# Names that look like the one typed, among which the place chooses.
NEAR_WORDS = 12


@dataclass(frozen=True, slots=True)
class ProfessionnelTrouve:
    """`trouve_par` says under which number: "rpps", "adeli" (still current) or "former" (replaced since)."""

    professionnel: ProfessionnelRpps
    trouve_par: str


@dataclass(frozen=True, slots=True)
class PersonneTrouvee:
    """One person with the place of practice nearest to the place asked for."""

    identification_nationale: str
    numero_rpps: str
    nom: str
    prenom: str
    code_profession: str
    lieu: str
    code_postal: str
    commune: str
    distance_km: float | None


def find_professionnel(numero: str) -> ProfessionnelTrouve | None:
    """The person who holds this RPPS (11 digits) or ADELI (9) number, today or formerly; spaces do not count.

    Also accepts a national identification (type digit and number). People absent from the last file are found
    too: the caller looks at `ferme_le`.
    """
    compact = re.sub(r"\s", "", numero[:40]).upper()
    identification = {11: "8" + compact, 9: "0" + compact, 12: compact, 10: compact}.get(len(compact), "")
    if not (compact.isascii() and compact.isalnum() and identification):
        return None
    current = ProfessionnelRpps.objects.filter(pk=identification).first()
    former = _former(compact if len(compact) in (9, 11) else compact[1:])
    if current and (current.ferme_le is None or former is None):
        return ProfessionnelTrouve(current, "rpps" if current.type_identifiant == "8" else "adeli")
    return ProfessionnelTrouve(former, "former") if former else None


def _former(numero: str) -> ProfessionnelRpps | None:
    type_ = AncienIdentifiant.Type.ADELI if len(numero) == 9 else AncienIdentifiant.Type.RPPS
    row = (
        AncienIdentifiant.objects.filter(type=type_, valeur=numero)
        .select_related("professionnel")
        .order_by("pk")
        .first()
    )
    return row.professionnel if row else None


def activites_of(professionnel: ProfessionnelRpps) -> list[ActiviteRpps]:
    """Current places of practice with their commune, liberal ones first."""
    rows = professionnel.activites.filter(ferme_le__isnull=True).select_related("commune__departement")
    return sorted(rows.order_by("pk"), key=lambda row: (row.code_mode != "L", row.pk))


def specialites_of(professionnel: ProfessionnelRpps) -> list[str]:
    """Know-how codes « S:SM54 », from both national files, without duplicates, sorted."""
    qualifications = professionnel.qualifications.filter(ferme_le__isnull=True).order_by("pk")
    codes = {f"{row.code_type}:{row.code}" for row in qualifications} | set(professionnel.savoir_faire)
    return sorted(codes)


_RESULT = """
    select p.identification_nationale, p.type_identifiant, p.identifiant, p.nom, p.prenom, p.code_profession,
           coalesce(nullif(a.raison_sociale, ''), nullif(a.enseigne, ''), a.voie, ''),
           coalesce(a.code_postal, ''), coalesce(c.nom, a.acheminement, ''), a.distance
"""
# A degree of latitude is 111.2 km; the cosine shortens a degree of longitude. Enough to sort a region.
_DISTANCE = """
    111.2 * sqrt(power(c.latitude - %(latitude)s, 2)
                 + power((c.longitude - %(longitude)s) * cos(radians(%(latitude)s)), 2))
"""
_NEAR = f"""
    with lieux as (
        select distinct on (a.professionnel_id) a.id, a.professionnel_id, a.nom_plie, {_DISTANCE} as distance
        from referentiels_activiterpps a
        left join referentiels_commune c
          on c.code_insee = a.commune_id and c.departement_id = any(%(departements)s::text[])
        where a.code_departement = any(%(departements)s::text[]) and a.ferme_le is null and (STARTS)
        order by a.professionnel_id, distance nulls last, a.id
    ), proches as (
        select * from lieux order by distance nulls last, nom_plie, professionnel_id limit %(near)s
    ), a as (
        select a.*, n.distance from proches n join referentiels_activiterpps a on a.id = n.id
    )
    {_RESULT}
    from a
    join referentiels_professionnelrpps p on p.identification_nationale = a.professionnel_id
    left join referentiels_commune c on c.code_insee = a.commune_id
    where p.ferme_le is null and p.prenom_plie like %(prenom)s
      and (%(professions)s::text[] = '{{}}' or p.code_profession = any(%(professions)s::text[]))
    order by a.distance nulls last, p.nom_plie, p.prenom_plie, p.identification_nationale
    limit %(limit)s
"""
_ANYWHERE = f"""
    with candidats as (
        select p.* from referentiels_professionnelrpps p
        where (STARTS) and p.prenom_plie like %(prenom)s and p.ferme_le is null
          and (%(professions)s::text[] = '{{}}' or p.code_profession = any(%(professions)s::text[]))
        limit %(candidates)s
    )
    {_RESULT}
    from candidats p
    left join lateral (
        select a.*, {_DISTANCE} as distance
        from referentiels_activiterpps a
        left join referentiels_commune c on c.code_insee = a.commune_id
        where a.professionnel_id = p.identification_nationale and a.ferme_le is null
        order by distance nulls last, a.id limit 1
    ) a on true
    left join referentiels_commune c on c.code_insee = a.commune_id
    order by a.distance nulls last, p.nom_plie, p.prenom_plie, p.identification_nationale
    limit %(limit)s
"""


def search_personnes(
    nom: str,
    *,
    prenom: str = "",
    code_postal: str = "",
    codes_profession: Iterable[str] = (),
    limit: int = LIMIT,
) -> list[PersonneTrouvee]:
    """People whose surname starts with `nom` (a typo is forgiven), the nearest to the postal code first.

    Looks in the département of the postal code, then everywhere when the place gives too few answers.
    """
    folded, codes_profession = prepare(nom), list(codes_profession)
    if len(folded) < 2:
        return []
    place = _place(digits(code_postal))
    parameters: dict[str, Any] = {
        **place,
        "prenom": like_prefix(prepare(prenom)),
        "professions": codes_profession,
        "limit": limit,
        "candidates": CANDIDATES,
        # Without a filter the nearest are the answer; with one, any of them may be left out.
        "near": None if prenom or codes_profession else max(CANDIDATES, limit),
    }
    near = _read_starts(_NEAR, "a", [folded], parameters) if place["departements"] else []
    if len(near) >= limit:
        return near
    found = near
    if not near and place["departements"] and len(folded) >= SHORTEST:
        # A name that exists elsewhere may be a mistyped one of the neighbourhood: both are shown.
        near_words = corrections("nom", [folded], limit=NEAR_WORDS).get(folded, [])
        found = _read_starts(_NEAR, "a", near_words, parameters) if near_words else []
    elsewhere = _read_starts(_ANYWHERE, "p", [folded], parameters)
    if not (found or elsewhere):
        close = close_words("nom", folded)
        elsewhere = _read_starts(_ANYWHERE, "p", close, parameters) if close else []
    return _merged(found, elsewhere, limit)


def _merged(found: list[PersonneTrouvee], others: list[PersonneTrouvee], limit: int) -> list[PersonneTrouvee]:
    known = {person.identification_nationale for person in found}
    return (found + [person for person in others if person.identification_nationale not in known])[:limit]


def _read_starts(
    sql: str, table: str, starts: list[str], parameters: dict[str, Any]
) -> list[PersonneTrouvee]:
    """The people of `sql` whose surname starts with one of these."""
    bounds, condition = ranges(f"{table}.nom_plie", starts)
    return _read(sql.replace("STARTS", condition), {**parameters, **bounds})


def _place(code_postal: str) -> dict[str, Any]:
    """Départements of a postal code and the middle of its communes; the first digits when it is unknown."""
    empty: dict[str, Any] = {"departements": [], "latitude": None, "longitude": None}
    if len(code_postal) != 5:
        return empty
    with connection.cursor() as cursor:
        cursor.execute(
            "select array_agg(distinct c.departement_id), avg(c.latitude), avg(c.longitude) "
            "from referentiels_commune_codes_postaux m "
            "join referentiels_commune c on c.code_insee = m.commune_id where m.codepostal_id = %s",
            [code_postal],
        )
        departements, latitude, longitude = cursor.fetchone()
    if departements is None:
        start = code_postal[:3] if code_postal.startswith(("97", "98")) else code_postal[:2]
        departements = ["2A", "2B"] if start == "20" else [start]
    return {"departements": departements, "latitude": latitude, "longitude": longitude}


def _read(sql: str, parameters: dict[str, Any]) -> list[PersonneTrouvee]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [_row(*row) for row in cursor.fetchall()]


def _row(
    identification: str,
    type_identifiant: str,
    identifiant: str,
    nom: str,
    prenom: str,
    code_profession: str,
    lieu: str,
    code_postal: str,
    commune: str,
    distance: float | None,
) -> PersonneTrouvee:
    return PersonneTrouvee(
        identification_nationale=identification,
        numero_rpps=identifiant if type_identifiant == "8" else "",
        nom=nom,
        prenom=prenom,
        code_profession=code_profession,
        lieu=lieu,
        code_postal=code_postal,
        commune=commune,
        distance_km=None if distance is None else round(distance, 1),
    )
