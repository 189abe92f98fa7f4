"""This browser's session after a change of password: goes on, under a new id (SES-1)."""

from __future__ import annotations

from django.contrib.auth import HASH_SESSION_KEY
from django.http import HttpRequest

from accounts import sessions
from accounts.models import User


def keep_session(request: HttpRequest, user: User) -> None:
    """Give the session a new key and the fingerprint of the new password; its row follows."""
    request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    sessions.renew(request)
