"""An identity proven and not linked yet: kept sealed in the server's session for a quarter of an hour.

Two forms. `keep`: the person is choosing between their account and a new one. `bind`: the password of one account was
right for this very identity, the second proof of that account is awaited (RP-4).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from accounts import keyed
from accounts.models import User
from accounts.strong.identity import StrongIdentity, Structure

LIFE_SECONDS = 900
_KEY = "strong_pending"


@dataclass(frozen=True)
class Pending:
    """`user_pk` is the account whose password was given for this identity, None before that."""

    identity: StrongIdentity
    next_url: str = ""
    user_pk: int | None = None


def keep(request: HttpRequest, identity: StrongIdentity, next_url: str) -> None:
    _write(request, Pending(identity, next_url))


def bind(request: HttpRequest, waiting: Pending, user: User) -> None:
    """After the password: only that account, in this browser, may be linked to that identity."""
    _write(request, Pending(waiting.identity, waiting.next_url, user.pk))


def read(request: HttpRequest) -> Pending | None:
    """What waits in this browser; None when there is nothing or it is too old."""
    sealed = request.session.get(_KEY)
    if not isinstance(sealed, str):
        return None
    try:
        data = json.loads(keyed.decrypt(sealed, max_age_seconds=LIFE_SECONDS))
    except keyed.Undecipherable:
        forget(request)
        return None
    return Pending(_identity(data["identity"]), data["next_url"], data["user_pk"])


def mark(waiting: Pending) -> str:
    """What a form shows for the identity it speaks of: another card or e-CPS presented since gives another mark."""
    who = waiting.identity
    return keyed.digest(
        "strong-shown", "\0".join((who.means, who.issuer, who.subject, who.national_id, who.card_number))
    )


def is_shown(waiting: Pending, told: str) -> bool:
    """True when a form was made for the identity that waits now (RP-4)."""
    return told.isascii() and keyed.same(told, mark(waiting))


def forget(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)


def _write(request: HttpRequest, waiting: Pending) -> None:
    data = {
        "identity": as_data(waiting.identity),
        "next_url": waiting.next_url,
        "user_pk": waiting.user_pk,
    }
    request.session[_KEY] = keyed.encrypt(json.dumps(data))


# --- an identity as text --------------------------------------------------------------------------------------
def as_data(identity: StrongIdentity) -> dict[str, Any]:
    data = asdict(identity)
    data["auth_time"] = identity.auth_time.isoformat() if identity.auth_time else None
    return data


def _identity(data: dict[str, Any]) -> StrongIdentity:
    values = dict(data)
    values["structures"] = tuple(Structure(**place) for place in data["structures"])
    for name in ("profession_codes", "role_codes", "specialite_codes"):
        values[name] = tuple(data[name])
    values["auth_time"] = datetime.fromisoformat(data["auth_time"]) if data["auth_time"] else None
    return StrongIdentity(**values)


def seal(identity: StrongIdentity) -> str:
    return keyed.encrypt(json.dumps(as_data(identity)))


def unseal(sealed: str) -> StrongIdentity:
    """Raises keyed.Undecipherable."""
    return _identity(json.loads(keyed.decrypt(sealed)))
