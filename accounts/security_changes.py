"""What changes the safety of an account: written in the journal and told to its owner, by one call."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from accounts import journal, notifications
from accounts.models import User


def note(
    action: journal.Action,
    user: User,
    *,
    actor: User | None,
    request: HttpRequest | None = None,
    reason: str = "",
    method: str = "",
    detail: str = "",
    at: datetime | None = None,
    **data: Any,
) -> None:
    """Journal row and mail, in the caller's transaction. The mail says what `notifications` words for this action.

    actor None: the clock. `detail` is shown in the mail only; `data` goes to the journal only (no personal text).
    """
    journal.record(action, request=request, actor=actor, subject=user, reason=reason, method=method, **data)
    notifications.notify_security_change(user, action.value, at=at, detail=detail)
