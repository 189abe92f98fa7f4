"""What every template knows of the session."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts import keyed, lock, sessions
from portal.plateformes import current


def session(request: HttpRequest) -> dict[str, Any]:
    """`portal_session`: row of the open session or None; `session_limits`: what the warning of the page counts from;
    `session_locked`: this browser holds a locked session; `card_watch`: the card whose removal locks this session."""
    row = sessions.session_of(request)
    locked = {"session_locked": sessions.locked_of(request) is not None}
    if row is None:
        return {"portal_session": None, "session_limits": None, "card_watch": None, **locked}
    limits = {
        "idle_seconds": sessions.seconds_left(row, timezone.now()),
        "ends_at": row.ends_at,
        # What is being typed is kept for them alone, in this tab, and never on a shared desk (static/js/draft.js).
        "person": "" if row.is_shared else keyed.digest("draft", str(row.user.public_id))[:24],
        "warning_seconds": current().sessions.warning_minutes * 60,
    }
    watch = None
    if row.watched_card:
        number = "" if row.watched_card == lock.ANY_CARD else row.watched_card
        watch = {"agent": f"http://127.0.0.1:{settings.CPS_AGENT_PORT}", "number": number}
    return {"portal_session": row, "session_limits": limits, "card_watch": watch, **locked}
