"""Forms under which a commune is searched."""

from __future__ import annotations

import re
from collections.abc import Iterator

from portal.common.text import fold

_ARTICLE = re.compile(r"^(?:le|la|les|l|aux|au) ")
_ARRONDISSEMENT = re.compile(r"^(.+?) (\d{1,2})(?:er|e|eme)? arrondissement$")
# Words nobody starts a search with.
_SMALL = {"de", "du", "des", "le", "la", "les", "l", "d", "en", "et", "sur", "sous", "aux", "au", "a"}


def forms_of(nom: str) -> Iterator[tuple[str, int]]:
    """(folded form, rank): 0 the name, 1 other names (no article, « paris 06 »), 2 the start of an inner word."""
    name = fold(nom)
    seen = {name}
    yield name, 0
    for other in _other_names(name):
        if other not in seen:
            seen.add(other)
            yield other, 1
    parts = name.split()
    for rank in range(1, len(parts)):
        form = " ".join(parts[rank:])
        if parts[rank] not in _SMALL and form not in seen:
            seen.add(form)
            yield form, 2


def _other_names(name: str) -> Iterator[str]:
    yield _ARTICLE.sub("", name)
    found = _ARRONDISSEMENT.match(name)
    if found:
        town, number = found[1], int(found[2])
        yield from (f"{town} {number:02d}", f"{town} {number}", f"{town} {number}e", f"{town} {number}eme")
