"""The simulator's own pages: files of pages/ with {{ name }}, where every value is escaped unless it is Html."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
_HOLE = re.compile(r"\{\{ (\w+) \}\}")


class Html(str):
    """Text that is markup already: made by `fill`, `join` or written here."""

    __slots__ = ()


def fill(name: str, /, **values: object) -> Html:
    """pages/<name>.html with its holes filled. KeyError when a value is missing."""
    return fill_text(_page(name), **values)


def fill_text(source: str, /, **values: object) -> Html:
    def put(match: re.Match[str]) -> str:
        value = values[match[1]]
        return value if isinstance(value, Html) else html.escape(str(value))

    return Html(_HOLE.sub(put, source))


def join(parts: Iterable[Html]) -> Html:
    return Html("".join(parts))


def when(condition: object, source: str, /, **values: object) -> Html:
    """`source` filled, or nothing."""
    return fill_text(source, **values) if condition else Html()


def error(told: str) -> Html:
    """The message above a form, for `aria-describedby="erreur"`; nothing without one."""
    return when(told, '<p class="error" id="erreur"><strong>Erreur :</strong> {{ told }}</p>', told=told)


def described(told: str, *others: str) -> Html:
    """Attributes of the field that the message is about; `others` are ids of its hints."""
    ids = " ".join([*(["erreur"] if told else []), *others])
    invalid = ' aria-invalid="true"' if told else ""
    return Html(f'{invalid} aria-describedby="{ids}"' if ids else "")


def page(name: str, /, *, title: str, place: str = "", **values: object) -> Html:
    """A whole page: banner « Simulation », the title, pages/<name>.html as its body."""
    heading = title.removeprefix("Erreur : ")
    return fill("base", title=title, heading=heading, place=place, body=fill(name, **values))


@cache
def _page(name: str) -> str:
    return (FOLDER / "pages" / f"{name}.html").read_text(encoding="utf-8")


def static(name: str) -> bytes | None:
    """Content of a static file, None when there is none of that name."""
    file = FOLDER / "static" / name
    return file.read_bytes() if name in _static_names() else None


@cache
def _static_names() -> frozenset[str]:
    return frozenset(file.name for file in (FOLDER / "static").iterdir())
