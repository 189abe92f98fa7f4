"""Where a request comes from: its address and the kind of device, as the journal and the limits name them."""

from __future__ import annotations

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest

_BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/"),
    ("Opera", r"OPR/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|Chromium/|CriOS/"),
    ("Safari", r"Safari/"),
)
_SYSTEMS = (
    ("Windows", r"Windows"),
    ("Android", r"Android"),
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("macOS", r"Macintosh|Mac OS X"),
    ("Linux", r"Linux|X11"),
)


def address(request: HttpRequest) -> str | None:
    """IP address of the visitor, or None when nothing trustworthy gives it.

    TRUSTED_PROXY_COUNT proxies each append what they saw to X-Forwarded-For: the visitor is that many entries from
    the right. A header that is short or unparsable is not believed: the socket's address counts instead (ABU-3).
    """
    count = settings.TRUSTED_PROXY_COUNT
    if count:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        forwarded = _parse(hops[-count]) if len(hops) >= count else None
        if forwarded:
            return forwarded
    return _parse(request.META.get("REMOTE_ADDR", ""))


def network(request: HttpRequest) -> str:
    """Key under which limits per address count: the address, or its /64 for IPv6; « inconnue » without address."""
    text = address(request)
    if text is None:
        return "inconnue"
    parsed = ipaddress.ip_address(text)
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return text


def _parse(text: str) -> str | None:
    try:
        parsed = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped or parsed).partition("%")[0]


def device(request: HttpRequest) -> str:
    """« Firefox sur Windows »: enough for a person to recognise their browser, not enough to track it."""
    agent = request.META.get("HTTP_USER_AGENT", "")[:400]
    browser = _first(_BROWSERS, agent) or "Navigateur inconnu"
    system = _first(_SYSTEMS, agent)
    return f"{browser} sur {system}" if system else browser


def _first(table: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for name, pattern in table if re.search(pattern, agent)), "")
