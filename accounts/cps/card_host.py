"""The host that asks for the card's certificate, as the settings describe it."""

from __future__ import annotations

from django.conf import settings

MIN_SECRET = 32


def is_open() -> bool:
    """True when the host has a name and the front a secret that nobody else can send."""
    return bool(settings.CPS_CARD_HOST) and len(settings.CPS_PROXY_SECRET) >= MIN_SECRET
