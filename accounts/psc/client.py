"""The OpenID Connect exchange with Pro Santé Connect, from the address where it starts to a proven identity."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.urls import reverse

from accounts.psc import identity, tokens
from accounts.psc.attempts import Attempt
from accounts.psc.line import HTTP_OK, Answer, Line
from accounts.psc.provider import Metadata, metadata
from accounts.psc.reasons import PscRefused, Reason
from accounts.strong.identity import StrongIdentity

SCOPE = "openid scope_all"
ACR = "eidas1"
START_SECONDS = 5.0
MAX_TOKEN = 16_384
_UNAUTHORIZED = 401


@dataclass(frozen=True)
class Proof:
    """`id_token` is kept for sign-out only."""

    identity: StrongIdentity
    id_token: str


def redirect_uri() -> str:
    """Declared to PSC to the letter: built from SITE_URL, never from the request."""
    return settings.SITE_URL + reverse("accounts:psc_return")


def authorization_url(attempt: Attempt) -> str:
    """Where to send the browser. What is asked comes from here alone: no parameter of a visitor changes it (RP-5)."""
    with Line(START_SECONDS) as line:
        endpoint = metadata(line).authorization_endpoint
    asked = {
        "response_type": "code",
        "client_id": settings.PSC.client_id,
        "redirect_uri": redirect_uri(),
        "scope": SCOPE,
        "acr_values": ACR,
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": attempt.challenge,
        "code_challenge_method": "S256",
    }
    if attempt.is_fresh:
        asked["prompt"] = "login"
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


def redeem(code: str, attempt: Attempt) -> Proof:
    """Exchange the code at once (it lives a minute), verify, read UserInfo. Raises PscRefused."""
    with Line() as line:
        published = metadata(line)
        granted = _ask_tokens(line, published, code, attempt)
        access_token = granted.get("access_token")
        if not isinstance(access_token, str) or not _is_header_safe(access_token):
            raise PscRefused(Reason.UNREADABLE)
        claims = tokens.verify(
            line,
            granted.get("id_token"),
            nonce=attempt.nonce,
            access_token=access_token,
            is_fresh=attempt.is_fresh,
        )
        userinfo = _ask_userinfo(line, published, access_token)
    return Proof(_dated(identity.read(userinfo, claims), attempt), granted["id_token"])


def _dated(proven: StrongIdentity, attempt: Attempt) -> StrongIdentity:
    """A new proof was asked and given: a clock behind ours does not date it before the question (RP-7)."""
    began = datetime.fromtimestamp(attempt.started_at, UTC)
    if not attempt.is_fresh or proven.auth_time is None:
        return proven
    is_of_now = began - timedelta(seconds=tokens.SKEW_SECONDS) <= proven.auth_time < began
    return replace(proven, auth_time=began) if is_of_now else proven


def _ask_tokens(line: Line, published: Metadata, code: str, attempt: Attempt) -> dict[str, Any]:
    config = settings.PSC
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri(),
        "code_verifier": attempt.verifier,
    }
    basic = ""
    if config.token_auth == "client_secret_basic":  # noqa: S105
        basic = basic_credentials(config.client_id, config.client_secret)
    else:
        form["client_id"] = config.client_id
        if config.token_auth == "client_secret_post":  # noqa: S105
            form["client_secret"] = config.client_secret
    answer = line.post(published.token_endpoint, form, basic=basic)
    if answer.status != HTTP_OK:
        raise PscRefused(_why_refused(answer), status=answer.status)
    return answer.json()


def basic_credentials(client_id: str, client_secret: str) -> str:
    """Each half is form-encoded before the colon joins them (RFC 6749, 2.3.1)."""
    pair = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"
    return base64.b64encode(pair.encode()).decode()


def _why_refused(answer: Answer) -> Reason:
    try:
        error = answer.json().get("error")
    except PscRefused:
        return Reason.UNREADABLE
    if answer.status == _UNAUTHORIZED or error in {"invalid_client", "unauthorized_client"}:
        return Reason.CLIENT_REFUSED
    return Reason.CODE_REFUSED


def _ask_userinfo(line: Line, published: Metadata, access_token: str) -> dict[str, Any]:
    """JSON, or a token signed by the same keys."""
    answer = line.get(published.userinfo_endpoint, bearer=access_token)
    if answer.status != HTTP_OK:
        raise PscRefused(Reason.UNAVAILABLE, status=answer.status)
    if answer.kind == "application/jwt":
        return tokens.read_signed(line, answer.body.decode("ascii", "replace").strip())
    return answer.json()


def _is_header_safe(token: str) -> bool:
    return 0 < len(token) <= MAX_TOKEN and token.isascii() and token.isprintable() and " " not in token
