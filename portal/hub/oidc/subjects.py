"""Names under which a partner knows a person and a session: opaque, stable, never a key of the database."""

from __future__ import annotations

import hashlib
from uuid import UUID

from accounts import keyed

SID_LENGTH = 32


def subject(public_id: UUID | str, *, is_pairwise: bool, salt: str) -> str:
    """The person's own reference, or one that two partners cannot match (OpenID Connect Core, 8.1)."""
    if not is_pairwise:
        return str(public_id)
    return hashlib.sha256(f"{salt}\0{public_id}".encode()).hexdigest()


def sid(session_id: int, client_pk: int) -> str:
    """Name of a session for one partner."""
    return keyed.digest("openid-sid", f"{session_id}:{client_pk}")[:SID_LENGTH]
