"""Applications as the pages of the account name them: entered from a session, or told by the journal (oidc.hooks)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.utils import timezone

from accounts.sessions import Opened
from portal.hub.oidc.models import OpenIdClient, OpenIdGrant


def from_sessions(session_ids: Sequence[int]) -> dict[int, list[Opened]]:
    """By session, each application once, with the time of its first entry. One query."""
    now = timezone.now()
    rows = (
        OpenIdGrant.objects.filter(session_id__in=session_ids, code_used_at__isnull=False)
        .order_by("created_at")
        .values_list("session_id", "client__name", "created_at", "ended_at", "ends_at")
    )
    found: dict[int, dict[str, Opened]] = {}
    for session_id, name, at, ended_at, ends_at in rows:
        known = found.setdefault(session_id or 0, {})
        is_open = ended_at is None and ends_at > now
        first = known.get(name)
        known[name] = Opened(name, first.at if first else at, is_open or bool(first and first.is_open))
    return {session_id: list(known.values()) for session_id, known in found.items()}


def names(client_ids: Collection[str]) -> dict[str, str]:
    """Today's names of these applications (registered in accounts.journal_words.applications). One query."""
    return dict(OpenIdClient.objects.filter(client_id__in=client_ids).values_list("client_id", "name"))
