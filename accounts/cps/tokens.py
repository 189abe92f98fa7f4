"""Values that serve once: challenges, states and tickets of the card. Kept as keyed digests, spent by one DELETE."""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts import keyed
from accounts.cps.models import CardToken

RANDOM_BYTES = 32


def issue(kind: str, *, holder: str, life: timedelta, data: dict[str, Any]) -> str:
    """A new random value (32 bytes, base64url without padding) that only `holder` can spend before `life` is over."""
    token = base64.urlsafe_b64encode(secrets.token_bytes(RANDOM_BYTES)).rstrip(b"=").decode()
    CardToken.objects.create(
        kind=kind,
        digest=_digest(kind, token),
        holder=_holder(kind, holder),
        data=data,
        expires_at=timezone.now() + life,
    )
    return token


def spend(kind: str, token: str, *, holder: str) -> dict[str, Any] | None:
    """The data of a live token of that holder, which is gone afterwards; None for any other. One caller wins."""
    row = CardToken.objects.filter(
        kind=kind,
        digest=_digest(kind, token),
        holder=_holder(kind, holder),
        expires_at__gt=timezone.now(),
    ).first()
    if row is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_cardtoken WHERE id = %s", [row.pk])
        won = cursor.rowcount == 1
    return dict(row.data) if won else None


def purge() -> int:
    """Drop what has expired; returns how many rows went."""
    return CardToken.objects.filter(expires_at__lte=timezone.now()).delete()[0]


def _digest(kind: str, token: str) -> str:
    return keyed.digest(f"card-token:{kind}", token)


def _holder(kind: str, holder: str) -> str:
    return keyed.digest(f"card-holder:{kind}", holder)
