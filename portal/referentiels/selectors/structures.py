"""FINESS structures: by number, and by name or commune while typing."""

# ruff: noqa: S608  every name put into the SQL is a constant of our modules; values are parameters

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F

from portal.referentiels.models import StructureFiness

from .lexique import SHORTEST, close_words, corrections, known_words
from .saisie import digits, like_prefix, prepare, words

LIMIT = 20
# Matches of a very common word that are ranked; the others are reached by typing one more word.
CANDIDATES = 400
_FINESS = re.compile(r"[0-9][0-9AB][0-9]{1,7}", re.ASCII)


@dataclass(frozen=True, slots=True)
class StructureTrouvee:
    """One answer, with what a form fills from it."""

    numero_finess: str
    nom: str
    libelle_categorie: str
    code_postal: str
    commune: str
    code_departement: str
    nom_departement: str
    numero_siret: str
    adresse: str

    @property
    def libelle(self) -> str:
        """« CH de la Vallée — Mantes-la-Jolie (78200) »."""
        place = f"{self.commune} ({self.code_postal})" if self.code_postal else self.commune
        return f"{self.nom} — {place}" if place else self.nom

    @property
    def departement(self) -> str:
        """« 28 - Eure-et-Loir »."""
        return f"{self.code_departement} - {self.nom_departement}" if self.nom_departement else ""


_EVERYWHERE = {"de", "du", "des", "la", "le", "les", "l", "d", "et", "en", "a", "au", "aux"}
# Candidates are ranked and cut on three columns; only the few answers are read whole.
_SELECT = """
    select s.numero_finess, coalesce(nullif(s.raison_sociale_longue, ''), s.raison_sociale),
           s.libelle_categorie, s.code_postal, coalesce(c.nom, s.nom_commune),
           s.code_departement, coalesce(d.nom, ''), s.numero_siret, btrim(concat_ws(' ', s.voie, s.lieu_dit))
    from (select s.numero_finess from {source} s order by {order} limit %(limit)s) premiers
    join referentiels_structurefiness s on s.numero_finess = premiers.numero_finess
    left join referentiels_commune c on c.code_insee = s.commune_id
    left join referentiels_departement d on d.code = s.code_departement
    order by {order}
"""
_FILTERS = """
    s.ferme_le is null and s.type = 'et'
    and (%(departements)s::text[] = '{}' or s.code_departement = any(%(departements)s::text[]))
    and (%(categories)s::text[] = '{}' or s.code_categorie = any(%(categories)s::text[]))
"""
_RANK = "length(s.recherche), s.recherche, s.numero_finess"
_BY_WORDS = _SELECT.format(
    source=f"""(
        select s.numero_finess, s.recherche, s.code_postal from referentiels_structurefiness s
        where s.termes @@ to_tsquery('simple', %(query)s) and {_FILTERS} limit %(candidates)s
    )""",
    order=f"s.code_postal = %(code_postal)s desc, {_RANK}",
)
_BY_START = _SELECT.format(
    source=f"""(
        select s.numero_finess, s.recherche, s.code_postal from referentiels_structurefiness s
        where s.recherche like %(prefix)s and {_FILTERS} order by s.recherche limit %(limit)s
    )""",
    order="s.recherche, s.numero_finess",
)
_BY_NUMBER = _SELECT.format(
    source=f"""(
        select s.numero_finess, s.recherche, s.code_postal from referentiels_structurefiness s
        where (s.numero_finess like %(prefix)s
               or (s.numero_siret <> '' and s.numero_siret like %(prefix)s)
               or s.code_postal = %(number)s) and {_FILTERS} limit %(candidates)s
    )""",
    order=_RANK,
)


def suggest_structures(
    typed: str,
    *,
    departements: Iterable[str] = (),
    categories: Iterable[str] = (),
    code_postal: str = "",
    limit: int = LIMIT,
) -> list[StructureTrouvee]:
    """Open establishments by words of their name or commune in any order, FINESS or SIRET start, postal code.

    The last letters of each word may be missing; a word nobody knows is replaced by the ones that look like it.
    `departements` and `categories` restrict, `code_postal` only brings its establishments first.
    """
    text = prepare(typed)
    parameters: dict[str, Any] = {
        "departements": list(departements),
        "categories": list(categories),
        "code_postal": digits(code_postal),
        "limit": min(limit, 100),
        "candidates": CANDIDATES,
    }
    number = digits(text) or (text.upper() if _FINESS.fullmatch(text.upper()) else "")
    if len(number) >= 3:
        return _read(_BY_NUMBER, {**parameters, "prefix": like_prefix(number[:14]), "number": number})
    typed_words = _telling(words(text))
    if not typed_words or len(text) < 2:
        return []
    if len(typed_words) == 1 and len(text) < 4:
        return _read(_BY_START, {**parameters, "prefix": like_prefix(text)})
    return _read_words(typed_words, parameters)


def _telling(typed: list[str]) -> list[str]:
    """Without the words that nearly every name holds, unless there is nothing else."""
    return [word for word in typed if word not in _EVERYWHERE] or typed


def _read_words(typed_words: list[str], parameters: dict[str, Any]) -> list[StructureTrouvee]:
    """The words as typed, unless nobody knows one of them; then what they mean once corrected.

    A whole word is looked up as it is before it is taken for the start of another: the lists of those that start alike
    are read to their end, while whole words meet in the shortest list.
    """
    plain = [[word] for word in typed_words]
    if len(typed_words) == 1 and (found := _read_groups(plain, set(), parameters)):
        return found
    known = known_words("structure", typed_words)
    # The last word is still being typed.
    whole = {word for word in typed_words[:-1] if known.get(word)} - {typed_words[-1]}
    unknown = [word for word in typed_words if word not in known]
    # Numbers and initials are in no list of words.
    hopeless = any(len(word) >= SHORTEST and word.isalpha() and word not in ABREVIATIONS for word in unknown)
    found = [] if hopeless else _read_groups(plain, whole, parameters)
    found = found or _read_corrected(typed_words, unknown, whole, parameters)
    # A word may be missing from the list and present in a name all the same.
    return found or (_read_groups(plain, set(), parameters) if hopeless else [])


def _read_groups(
    groups: list[list[str]], whole: set[str], parameters: dict[str, Any]
) -> list[StructureTrouvee]:
    found = _read(_BY_WORDS, {**parameters, "query": _query(groups, whole)})
    return found or (_read(_BY_WORDS, {**parameters, "query": _query(groups)}) if whole else [])


def _read_corrected(
    typed_words: list[str], unknown: list[str], whole: set[str], parameters: dict[str, Any]
) -> list[StructureTrouvee]:
    """What the words mean once mistyped ones are replaced: those nobody knows, then any of them, then whatever is
    alike. Few alternatives first: each one is a list of structures to merge."""
    attempts: tuple[Callable[[], dict[str, list[str]]], ...] = (
        lambda: corrections("structure", unknown, limit=4),
        lambda: corrections("structure", typed_words, limit=4),
        lambda: {word: close_words("structure", word, limit=4) for word in unknown or typed_words},
    )
    tried: dict[str, list[str]] = {}
    for attempt in attempts:
        near = {word: found for word, found in attempt().items() if found}
        if near and near != tried:
            tried = near
            groups = [[word, *near.get(word, [])] for word in typed_words]
            if found := _read_groups(groups, whole - near.keys(), parameters):
                return found
    return []


# What people type for what FINESS writes in full (or the reverse).
ABREVIATIONS = {
    "ch": "(ch | chi | chu | centre & hospitalier)",
    "chi": "(chi | centre & hospitalier & intercommunal)",
    "chu": "(chu | centre & hospitalier)",
    "msp": "(msp | maison & sante)",
    "cds": "(cds | centre & sante)",
    "hopital": "(hopital | hopitaux | centre & hospitalier | ch)",
    "pmi": "(pmi | protection & maternelle)",
}


def _query(alternatives: list[list[str]], whole: Collection[str] = ()) -> str:
    """Text query: every word present, each as the start of one of its alternatives; usual initials understood.

    Those of `whole` are not taken for the start of a longer word.
    """
    return " & ".join(
        ABREVIATIONS.get(group[0])
        or "(" + " | ".join(word if word in whole else f"{word}:*" for word in group) + ")"
        for group in alternatives
    )


def find_structure(numero: str) -> StructureFiness | None:
    """The structure of this FINESS number (9 characters) or SIRET (14 digits), open or closed.

    Two sites may share a SIRET: an open one comes before a closed one, then the smallest FINESS number.
    """
    compact = re.sub(r"\s", "", numero[:40]).upper()
    if not compact.isascii() or not compact.isalnum():
        return None
    rows = StructureFiness.objects.select_related("commune__departement", "entite_juridique")
    if len(compact) == 9:
        return rows.filter(pk=compact).first()
    if len(compact) == 14:
        found = rows.filter(numero_siret=compact).exclude(numero_siret="")
        return found.order_by(F("ferme_le").asc(nulls_first=True), "numero_finess").first()
    return None


def _read(sql: str, parameters: dict[str, Any]) -> list[StructureTrouvee]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [StructureTrouvee(*row) for row in cursor.fetchall()]
