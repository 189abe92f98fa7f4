"""Look-ups on what the import section loaded: time, share answered, agreement with a reading of every row."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from portal.common.text import fold
from portal.referentiels import selectors
from portal.referentiels.models import ProfessionnelRpps, StructureFiness
from portal.referentiels.selectors.lexique import corrections, unknown_words
from portal.referentiels.selectors.saisie import words

from .horloge import Cout, cost_of

ASKED = 150
WARM = 10
CHECKED = 25
Answer = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Question:
    """What is typed, and what one of the answers must be."""

    typed: str
    wanted: str


def measure_lookups(rounds: int) -> dict[str, Any]:
    """Milliseconds of each look-up and of `select 1`, taken in turns, the share of the questions whose wanted answer
    came, and the share that a reading of every row confirms."""
    drawn = random.Random(7)  # noqa: S311  a reproducible draw
    asked = _questions(drawn)
    found: dict[str, Any] = {
        name: {"ms": [], "answered": _answered(look_up, answers, questions)}
        for name, (look_up, answers, questions) in asked.items()
    }
    found["select_1"] = {}
    for look_up, _, questions in asked.values():
        for question in questions[:WARM]:
            look_up(question.typed)
    costs: dict[str, list[Cout]] = {name: [] for name in ("select_1", *asked)}
    for _ in range(rounds):
        # One question of each kind in turn, so that a busy moment of the machine weighs on all alike.
        for rank in range(ASKED):
            costs["select_1"].append(cost_of(_select_1, ""))
            for name, (look_up, _, questions) in asked.items():
                if rank < len(questions):
                    costs[name].append(cost_of(look_up, questions[rank].typed))
    for name, taken in costs.items():
        found[name] |= {
            "ms": [cost.wall * 1000 for cost in taken],
            "cpu_ms": [cost.cpu * 1000 for cost in taken],
        }
    people, sites = asked["person_by_name"][2], asked["structure"][2]
    found["naive_name"] = {"ms": [cost_of(_naive_name, q.wanted).wall * 1000 for q in people[:5]]}
    found["naive_structure"] = {
        "ms": [cost_of(_naive_structure, q.typed.split()[-1]).wall * 1000 for q in sites[:5]]
    }
    found["agreement_names"] = _share([_same_people(question.typed) for question in people[:CHECKED]])
    found["agreement_typos"] = _share(
        [_same_words(question.typed.split("|")[0]) for question in asked["person_typo"][2][:CHECKED]]
    )
    return found


def _questions(drawn: random.Random) -> dict[str, tuple[Answer, Callable[[Any], str], list[Question]]]:
    """Look-up → (how it is asked, what is compared of an answer, its questions)."""
    people, towns, sites = _samples(drawn)

    def typo(text: str) -> str:
        return mistyped(drawn, text)

    def name_of(answer: Any) -> str:
        return fold(answer.nom)

    def start(text: str, shortest: int, longest: int) -> str:
        return text[: drawn.randint(shortest, longest)]

    # As somebody types it: the name without its small words.
    names = [
        (" ".join(word for word in words(name) if len(word) > 2 or word.isdigit()), name) for _, name in sites
    ]
    mistakes = [Question(f"{typo(name)}|{code}", name) for _, name, code in people]
    # What is by chance another name that exists is no mistake.
    written = unknown_words("nom", [question.typed.split("|")[0] for question in mistakes])
    mistakes = [question for question in mistakes if question.typed.split("|")[0] in written]
    communes, structures = selectors.suggest_communes, selectors.suggest_structures
    return {
        "commune": (communes, _any, [Question(start(town, 3, 7), "") for town in towns]),
        "commune_typo": (communes, name_of, [Question(typo(town), town) for town in towns]),
        "structure": (
            structures,
            _any,
            [Question(start(" ".join(text.split()[:3]), 4, 18), "") for text, _ in sites],
        ),
        "structure_typo": (structures, name_of, [Question(typo(typed), name) for typed, name in names]),
        "person_by_number": (_by_number, _any, [Question(number, "") for number, _, _ in people]),
        "person_by_name": (_near, name_of, [Question(f"{name}|{code}", name) for _, name, code in people]),
        "person_typo": (_near, name_of, mistakes),
    }


def mistyped(drawn: random.Random, text: str) -> str:
    """One letter of the longest word doubled, forgotten, changed or swapped with the next, its first one kept."""
    parts = text.split()
    rank = max(range(len(parts)), key=lambda position: len(parts[position]))
    word = parts[rank]
    at = drawn.randrange(1, len(word) - 1)
    kind = drawn.randrange(4)
    if kind == 0:
        word = word[:at] + word[at] + word[at:]
    elif kind == 1:
        word = word[:at] + word[at + 1 :]
    elif kind == 2:
        word = word[:at] + ("e" if word[at] != "e" else "a") + word[at + 1 :]
    else:
        word = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join([*parts[:rank], word, *parts[rank + 1 :]])


def _samples(
    drawn: random.Random,
) -> tuple[list[tuple[str, str, str]], list[str], list[tuple[str, str]]]:
    """People (number, name, postal code), names of communes, structures (text searched, name)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select p.identifiant, p.nom_plie, a.code_postal from referentiels_activiterpps a "
            "join referentiels_professionnelrpps p on p.identification_nationale = a.professionnel_id "
            "where a.id %% 97 = 0 and length(p.nom_plie) > 5 and p.nom_plie !~ ' ' "
            "and a.code_postal <> '' and a.ferme_le is null "
            "order by a.id limit %s",
            [ASKED * 10],
        )
        people = cursor.fetchall()
        cursor.execute(
            "select nom_plie from referentiels_commune "
            "where length(nom_plie) > 7 and ferme_le is null order by code_insee"
        )
        towns = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "select recherche, coalesce(nullif(raison_sociale_longue, ''), raison_sociale) "
            "from referentiels_structurefiness where recherche ~ '^[a-z]' "
            "and type = 'et' and ferme_le is null order by numero_finess"
        )
        sites = [(text, fold(name)) for text, name in cursor.fetchall()]
    return tuple(drawn.sample(rows, min(ASKED, len(rows))) for rows in (people, towns, sites))  # type: ignore[return-value]


def _near(text: str) -> Any:
    name, code_postal = text.split("|")
    return selectors.search_personnes(name, code_postal=code_postal)


def _by_number(number: str) -> list[Any]:
    found = selectors.find_professionnel(number)
    return [found] if found else []


def _any(answer: Any) -> str:
    return ""


def _answered(look_up: Answer, answers: Callable[[Any], str], questions: Sequence[Question]) -> float:
    return _share([question.wanted in map(answers, look_up(question.typed)) for question in questions])


def _share(right: list[bool]) -> float:
    return sum(right) / len(right)


def _same_people(question: str) -> bool:
    """The people of the neighbourhood are those that a reading of every row finds (the first twenty, in any order)."""
    name, code_postal = question.split("|")
    found = selectors.search_personnes(name, code_postal=code_postal, limit=100)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select distinct p.identification_nationale from referentiels_professionnelrpps p
            join referentiels_activiterpps a on a.professionnel_id = p.identification_nationale
            where p.nom_plie || '' like %(start)s and p.ferme_le is null and a.ferme_le is null
              and a.code_departement || '' in (select c.departement_id from referentiels_commune c
                  join referentiels_commune_codes_postaux m on m.commune_id = c.code_insee
                  where m.codepostal_id = %(code)s)
            """,
            {"start": name + "%", "code": code_postal},
        )
        wanted = {row[0] for row in cursor.fetchall()}
    first = {person.identification_nationale for person in found[: len(wanted)]}
    return first == wanted if len(wanted) < 100 else first <= wanted


def _same_words(typed: str) -> bool:
    """Every known name at one letter from what was typed is among the corrections."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select mot from referentiels_lexiquemot where domaine || '' = 'nom' "
            "and levenshtein(mot, %(typed)s) = 1",
            {"typed": typed},
        )
        wanted = {row[0] for row in cursor.fetchall()}
    return wanted <= set(corrections("nom", [typed], limit=500).get(typed, []))


def _select_1(_: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        cursor.fetchone()


def _naive_name(name: str) -> list[Any]:
    return list(ProfessionnelRpps.objects.filter(nom__icontains=name).order_by("nom")[:20])


def _naive_structure(word: str) -> list[Any]:
    return list(
        StructureFiness.objects.filter(raison_sociale__icontains=word).order_by("raison_sociale")[:20]
    )
