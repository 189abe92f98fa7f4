"""Filters that write values the way people say them in French. A value of the wrong kind shows as nothing."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format

register = template.Library()

NARROW_SPACE = "\u202f"
SPACE = "\u00a0"
_OVERSEAS = re.compile(r"^\+(262|508|590|594|596|681|687|689)(\d+)$")


def _local(value: datetime) -> datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


def _hour(value: datetime) -> str:
    return f"{value.hour}{SPACE}h{SPACE}{value.minute:02d}" if value.minute else f"{value.hour}{SPACE}h"


def _day(value: date, pattern: str) -> str:
    text = date_format(value, pattern)
    return re.sub(r"\b1 (?=[a-zéû])", "1ᵉʳ ", text, count=1) if value.day == 1 else text


@register.filter
def jour(value: date | None) -> str:
    """« lundi 3 mars 2026 »."""
    if not isinstance(value, date):
        return ""
    return _day(_local(value) if isinstance(value, datetime) else value, "l j F Y")


@register.filter
def moment(value: datetime | None) -> str:
    """« aujourd'hui à 14 h 05 », « hier à 9 h », else « 3 mars 2026 à 14 h 05 »."""
    if not isinstance(value, datetime):
        return jour(value)
    local = _local(value)
    days = (timezone.localdate() - local.date()).days
    near = {0: "aujourd’hui", 1: "hier", -1: "demain"}.get(days)
    return f"{near or _day(local, 'j F Y')} à {_hour(local)}"


@register.filter
def instant(value: datetime | None) -> str:
    """« 3 mars 2026 à 14 h 05 », for what is read another day: a mail, a file."""
    if not isinstance(value, datetime):
        return ""
    local = _local(value)
    return f"{_day(local, 'j F Y')} à {_hour(local)}"


@register.filter
def depuis(value: datetime | None) -> str:
    """« il y a 3 minutes », « dans 2 jours », « à l'instant »; past and future alike."""
    if not isinstance(value, datetime):
        return ""
    now = timezone.now() if timezone.is_aware(value) else datetime.now()  # noqa: DTZ005 - matches a naive value
    gap = now - value
    if abs(gap) < timedelta(minutes=1):
        return "à l’instant"
    # To the minute: nobody reads « il y a 4 minutes 09 ».
    text = duree(abs(gap).total_seconds() // 60 * 60)
    return f"il y a {text}" if gap > timedelta() else f"dans {text}"


@register.filter
def duree(seconds: float | timedelta | None) -> str:
    """« 20 minutes », « 1 heure 30 », « 3 jours »: the two largest units that count, from seconds."""
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    if seconds is None or isinstance(seconds, str):
        return ""
    total = max(0, int(seconds))
    days, hours, minutes = total // 86400, total % 86400 // 3600, total % 3600 // 60
    if days:
        return _plural(days, "jour")
    if hours:
        return _plural(hours, "heure") + (f" {minutes:02d}" if minutes else "")
    if minutes:
        rest = total % 60
        return _plural(minutes, "minute") + (f" {rest:02d}" if rest else "")
    return _plural(total, "seconde")


def _plural(count: int, word: str) -> str:
    return f"{count}{SPACE}{word}{'s' if count > 1 else ''}"


@register.filter
def nombre(value: Any) -> str:
    """« 12 500 », « 3,5 »: narrow spaces between thousands, a comma for decimals."""
    if value is None or value == "":
        return ""
    return f"{value:,}".replace(",", NARROW_SPACE).replace(".", ",")


@register.filter
def telephone(value: str | None) -> str:
    """« 06 39 98 00 01 » from +33639980001; overseas numbers too; any other text as it is."""
    text = str(value or "")
    if re.fullmatch(r"\+33\d{9}", text):
        return _pairs("0" + text[3:])
    if overseas := _OVERSEAS.match(text):
        return f"+{overseas[1]}{SPACE}{_pairs(overseas[2])}"
    return _pairs(text) if re.fullmatch(r"0\d{9}", text) else text


def _pairs(digits: str) -> str:
    start = len(digits) % 2
    head = [digits[: start + 2]] if start else []
    body = digits[start + 2 :] if start else digits
    return SPACE.join(head + [body[i : i + 2] for i in range(0, len(body), 2)])


@register.filter
def groupes(value: Any, size: int = 3) -> str:
    """A long number (RPPS, FINESS, SIRET) in groups counted from the right, so that it can be read aloud."""
    text = str(value or "")
    if not text.isdigit():
        return text
    first = len(text) % size or size
    return NARROW_SPACE.join([text[:first], *(text[i : i + size] for i in range(first, len(text), size))])


@register.filter
def taille(value: int | None) -> str:
    """« 1,2 Mo » from bytes, in powers of ten."""
    if not isinstance(value, int):
        return ""
    for limit, unit in ((1_000_000_000, "Go"), (1_000_000, "Mo"), (1_000, "ko")):
        if value >= limit:
            shown = round(value / limit, 1)
            return f"{nombre(int(shown) if shown == int(shown) else shown)}{SPACE}{unit}"
    return f"{value}{SPACE}octet{'s' if value > 1 else ''}"


@register.filter
def pluriel(count: int, words: str) -> str:
    """`{{ n|pluriel:"demande,demandes" }}` → « 3 demandes »; zero and one take the singular."""
    singular, plural = words.split(",")
    return f"{nombre(count)}{SPACE}{plural if abs(count) >= 2 else singular}"
