"""A session locked by its person, or because their card left the reader: it stays open, and is nobody's.

Locked, it answers no private page and enters no application (portal.hub.oidc asks for a sign-in); the person comes
back to where they were with a proof as strong as the session. Partners already entered are not left: signing out does
that. State is the row of the session, on the server; the address to come back to is in the session's own content.
"""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import journal, sessions
from accounts.models import User, UserSession
from portal.common import web

ANY_CARD = "?"
"""A watched card whose certificate does not tell its number."""
_TARGET = "lock_target"


def lock(request: HttpRequest, row: UserSession, *, reason: str, target: str = "") -> None:
    """Lock the session of this request. reason: "button" or "card_out"; target: where its person comes back to."""
    now = timezone.now()
    with transaction.atomic():
        if not UserSession.objects.filter(pk=row.pk, locked_at=None).update(locked_at=now, seen_at=now):
            return
        journal.record(
            journal.Action.SESSION_LOCKED, request=request, actor=row.user, subject=row.user, reason=reason
        )
    row.locked_at = row.seen_at = now
    request.session[_TARGET] = target if web.is_safe_next(target) else ""


def target_of(request: HttpRequest) -> str:
    """Where the person was, "" when nothing was noted."""
    kept = request.session.get(_TARGET, "")
    return kept if isinstance(kept, str) and web.is_safe_next(kept) else ""


def unlock(request: HttpRequest, row: UserSession, *, level: int, method: str, factor_level: int) -> None:
    """The person has just proven who they are, at the level of the session or above; its key changes (SES-1)."""
    if row.locked_at is None or level < row.level:
        raise ValueError("a locked session opens with a proof as strong as itself")
    request.portal_session, request.locked_session = row, None  # type: ignore[attr-defined]
    with transaction.atomic():
        sessions.prove_again(request, level=level, method=method, factor_level=factor_level)
        row.locked_at, row.seen_at = None, timezone.now()
        row.watched_card = ""  # the card is watched again when it is what has just unlocked
        row.save(update_fields=["locked_at", "seen_at", "watched_card"])
        journal.record(
            journal.Action.SESSION_UNLOCKED,
            request=request,
            actor=row.user,
            subject=row.user,
            method=method,
            level=level,
        )
    request.session.pop(_TARGET, None)


def watch_card(row: UserSession, number: str) -> None:
    """On a shared desk, a session opened or raised by a card lasts as long as that card stays in the reader."""
    if row.is_shared:
        row.watched_card = number[:40] or ANY_CARD
        row.save(update_fields=["watched_card"])


def initials(user: User) -> str:
    """« A. M. »: enough for the person to know their own session, and nobody else's business."""
    letters = [name.strip()[:1].upper() for name in (user.prenom, user.nom)]
    return " ".join(f"{letter}." for letter in letters if letter)
