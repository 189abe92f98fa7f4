"""Correction of mistyped words against the words that exist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from django.db import connection

SHORTEST = 4
# Words read for each one typed, among which the nearest are kept.
_READ = 60
# The words that share a letter removed with the one typed: two letters apart at most, swapped ones included.
_CLOSE = """
    select t.mot, l.mot, l.distance, l.frequence
    from unnest(%(words)s::text[]) as t(mot)
    cross join lateral (
        select c.mot, c.frequence, levenshtein_less_equal(c.mot, t.mot, 2) as distance
        from referentiels_lexiquemot c
        where c.domaine = 'DOMAINE' and referentiels_retraits(c.mot) && referentiels_retraits(t.mot)
          and c.mot <> t.mot and levenshtein_less_equal(c.mot, t.mot, 2) <= 2
        order by distance, c.frequence desc, c.mot
        limit %(limit)s
    ) l
"""
_KNOWN = """
    select t.mot, exists (select from referentiels_lexiquemot c where c.domaine = 'DOMAINE' and c.mot = t.mot)
    from unnest(%(words)s::text[]) as t(mot)
    where exists (select from referentiels_lexiquemot c where c.domaine = 'DOMAINE'
                  and c.mot >= t.mot and c.mot < t.mot || '~')
"""
_ALIKE = """
    select mot from referentiels_lexiquemot
    where domaine = 'DOMAINE' and mot %% %(word)s
    order by similarity(mot, %(word)s) desc, frequence desc, mot
    limit %(limit)s
"""
_DOMAINES = {"nom": "nom", "structure": "structure", "commune": "commune"}


def close_words(domaine: str, word: str, *, limit: int = 5) -> list[str]:
    """Known words one or two letters from `word`, the nearest then the most frequent first; none under 4 letters.

    With none so near, those that share the most trigrams (part of a name, several mistakes).
    """
    found = corrections(domaine, [word], limit=limit).get(word, [])
    return found or _alike(domaine, word, limit)


def corrections(domaine: str, words: Iterable[str], *, limit: int = 5) -> dict[str, list[str]]:
    """For each word of at least 4 letters that has any, its near known words; one question for all of them.

    The nearest first, two letters swapped counting as one mistake, then the most frequent.
    """
    asked = [word for word in dict.fromkeys(words) if len(word) >= SHORTEST]
    near: dict[str, list[tuple[int, int, str]]] = {}
    if asked:
        for word, known, distance, frequence in _read(
            _CLOSE, domaine, {"words": asked, "limit": max(_READ, limit)}
        ):
            swapped = len(word) == len(known) and sorted(word) == sorted(known)
            near.setdefault(word, []).append((1 if swapped else distance, -frequence, known))
    return {word: [known for _, _, known in sorted(found)[:limit]] for word, found in near.items()}


def known_words(domaine: str, words: Sequence[str]) -> dict[str, bool]:
    """Those that a known word starts with, and whether they are such a word themselves."""
    return dict(_read(_KNOWN, domaine, {"words": list(words)}))


def unknown_words(domaine: str, words: Sequence[str]) -> list[str]:
    """Those that no known word starts with."""
    known = known_words(domaine, words)
    return [word for word in words if word not in known]


def rewritten(words: Sequence[str], corrected: dict[str, list[str]], *, limit: int) -> list[str]:
    """The typed words with the near ones in their place, the likeliest combinations first, the typed text left out."""
    choices = [[*corrected.get(word, [])[:3], word] for word in words]
    texts = (" ".join(choice) for choice in product(*choices))
    typed = " ".join(words)
    return [text for text in texts if text != typed][:limit]


def _alike(domaine: str, word: str, limit: int) -> list[str]:
    if len(word) < SHORTEST:
        return []
    return [row[0] for row in _read(_ALIKE, domaine, {"word": word, "limit": limit})]


def _read(sql: str, domaine: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        # The partial index of the domain is used only when the domain is a constant of the statement.
        cursor.execute(sql.replace("DOMAINE", _DOMAINES[domaine]), parameters)
        return cursor.fetchall()
