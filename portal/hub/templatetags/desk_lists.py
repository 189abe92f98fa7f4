"""Lists of the support as cards on a phone: each cell says the name of its column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django import template
from django.utils.html import escape, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

register = template.Library()
_OPENING = re.compile(r"<(?:td|th)(?= |>)")
_EMPTY = {"", "-", "–"}


@register.filter
def labelled(cells: Iterable[SafeString], headers: Sequence[dict[str, Any]]) -> list[SafeString]:
    """The cells of one row of Django's list, with the title of their column in `data-label`; `data-empty` where
    there is nothing to show. A column without a title (the box to tick) stays as it is."""
    titles = ["" if "<" in str(header["text"]) else str(header["text"]) for header in headers]
    return [_labelled(str(cell), title) for cell, title in zip(cells, titles, strict=False)]


def _labelled(cell: str, title: str) -> SafeString:
    attributes = f' data-label="{escape(capfirst(title))}"' if title else ""
    if strip_tags(cell).strip() in _EMPTY and title and "<img" not in cell:
        attributes += " data-empty"
    # The cell is Django's own, its value escaped by Django; the title is escaped above.
    return mark_safe(_OPENING.sub(lambda tag: tag.group() + attributes, cell, count=1))  # noqa: S308
