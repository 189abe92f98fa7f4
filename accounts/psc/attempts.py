"""One attempt to sign in: its state, nonce and PKCE verifier stay in the browser's session on the server (RP-1)."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.http import HttpRequest

KEY = "psc_attempts"
LIFE_SECONDS = 600
# Several tabs may be under way; the oldest gives way.
MOST = 4


@dataclass(frozen=True)
class Attempt:
    """`is_fresh`: a sign-in at PSC made before is not enough. `started_at` is seconds since 1970."""

    state: str
    nonce: str
    verifier: str
    next_url: str
    is_fresh: bool
    started_at: float

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def begin(request: HttpRequest, *, next_url: str, is_fresh: bool) -> Attempt:
    attempt = Attempt(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_hex(32),
        verifier=secrets.token_urlsafe(64),
        next_url=next_url,
        is_fresh=is_fresh,
        started_at=time.time(),
    )
    kept = request.session.get(KEY, [])
    request.session[KEY] = [*kept[-(MOST - 1) :], asdict(attempt)]
    return attempt


def take(request: HttpRequest, state: str) -> Attempt | None:
    """The attempt of this browser with that state, gone once taken; None when unknown, used or too old.

    The row of the session is locked: of two answers that come together, one finds it.
    """
    store: Any = request.session  # accounts.session_store, which knows its row
    if not store.session_key or not state.isascii():
        return None
    with transaction.atomic():
        row = store.model.objects.select_for_update().filter(session_key=store.key_hash).first()
        if row is None:
            return None
        content = store.decode(row.session_data)
        kept = content.get(KEY, [])
        found = next((item for item in kept if secrets.compare_digest(item["state"], state)), None)
        if found is None:
            return None
        content[KEY] = [item for item in kept if item is not found]
        row.session_data = store.encode(content)
        row.save(update_fields=["session_data"])
    request.session[KEY] = content[KEY]
    attempt = Attempt(**found)
    return attempt if 0 <= time.time() - attempt.started_at <= LIFE_SECONDS else None
