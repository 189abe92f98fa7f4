"""What tells one application from another at a glance: its drawing, or its initials, on a tint of its own."""

from __future__ import annotations

import re
import zlib
from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.common.templatetags.portal_components import icon

register = template.Library()
TINTS = 6
"""How many `--tint-N` pairs static/css/tokens.css has."""
GENERIC_ICONS = frozenset({"application", "people", "arrow-right"})
"""Drawings many applications share: initials say more."""
_SMALL_WORDS = frozenset(["cpts", "maia", "de", "du", "des", "la", "le", "les", "l", "d", "et", "en", "sur"])


def initials(name: str) -> str:
    """Two letters of a name, without the words many names share: « SF » for « CPTS Seine et Forêts »."""
    words = re.findall(r"[^\W_]+", name)
    telling = [word for word in words if word.casefold() not in _SMALL_WORDS] or words
    if len(telling) > 1:
        return (telling[0][0] + telling[1][0]).upper()
    return telling[0][:2].capitalize() if telling else "?"


@register.simple_tag
@lru_cache(maxsize=512)
def tile_mark(slug: str, name: str, drawing: str) -> SafeString:
    """The square before the name; decorative, for the name follows. KeyError on a drawing we do not have."""
    tint = zlib.crc32(slug.encode()) % TINTS + 1
    inside = initials(name) if drawing in GENERIC_ICONS else icon(drawing, "icon-large")
    return format_html('<span class="tile-icon tint-{}" aria-hidden="true">{}</span>', tint, inside)
