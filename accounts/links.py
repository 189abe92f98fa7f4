"""Links sent by mail: 256 random bits, hashed at rest, one use, replaced by a newer one (CODE-9)."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from accounts.enums import LinkPurpose
from accounts.models import MailedLink, User

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def issue(user: User, purpose: LinkPurpose, *, life: timedelta, email: str) -> str:
    """Make a link for `email` and return its token, which is kept nowhere; earlier live links of the purpose die."""
    token = secrets.token_urlsafe(32)
    now = timezone.now()
    with transaction.atomic():
        cancel(user, purpose)
        MailedLink.objects.create(
            user=user,
            purpose=purpose,
            token_hash=_hash(token),
            email_key=email.casefold(),
            expires_at=now + life,
        )
    return token


def find(token: str, purpose: LinkPurpose) -> MailedLink | None:
    """The live link of that purpose, with its account; None when unknown, used, replaced or too old."""
    if not _TOKEN.fullmatch(token):
        return None
    return (
        MailedLink.objects.select_related("user")
        .filter(
            token_hash=_hash(token),
            purpose=purpose,
            used_at=None,
            dead_at=None,
            expires_at__gt=timezone.now(),
        )
        .first()
    )


def consume(link: MailedLink) -> bool:
    """Use the link; False when somebody was quicker or it died meanwhile. Call it in the transaction of the act."""
    now = timezone.now()
    live = MailedLink.objects.filter(pk=link.pk, used_at=None, dead_at=None, expires_at__gt=now)
    return live.update(used_at=now) == 1


def cancel(user: User, *purposes: LinkPurpose) -> int:
    """Kill the live links of these purposes (all of them when none is named); return how many died."""
    links = MailedLink.objects.filter(user=user, used_at=None, dead_at=None)
    if purposes:
        links = links.filter(purpose__in=purposes)
    return links.update(dead_at=timezone.now())


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
