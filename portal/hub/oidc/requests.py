"""An authorization request: read, checked against its client, kept while the person signs in or agrees.

Errors about the client or its address never leave our own page; all others go back to the partner (RFC 6749, 4.1.2.1).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import QueryDict
from django.utils import timezone

from portal.hub.oidc import clients, jose, keys, parameters
from portal.hub.oidc.enums import LEVEL_OF_ACR, PERSON_SCOPES, GrantType
from portal.hub.oidc.errors import PageRefused, Refused
from portal.hub.oidc.models import OpenIdClient, OpenIdPending

PROMPTS = frozenset({"none", "login", "consent", "select_account"})
MAX_NONCE = 512
MAX_LOGIN_HINT = 254
_CHALLENGE = re.compile(r"\A[A-Za-z0-9_-]{43}\Z")
_NOT_OFFERED = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
    "claims": "invalid_request",
    "resource": "invalid_target",
    "authorization_details": "invalid_request",
}


@dataclass(frozen=True)
class Authorization:
    """A request that is right in itself. `wanted_at`: when it came, from which a new proof counts."""

    redirect_uri: str
    state: str
    scopes: list[str]
    nonce: str
    challenge: str
    prompts: list[str]
    max_age: int | None
    level: int
    hinted_subject: str
    login_hint: str
    wanted_at: float

    @property
    def is_silent(self) -> bool:
        return "none" in self.prompts

    @property
    def wants_login(self) -> bool:
        return "login" in self.prompts or "select_account" in self.prompts or self.max_age == 0


class SentBack(Refused):
    """A refusal told to the partner, at its registered address."""

    def __init__(self, refused: Refused, redirect_uri: str, state: str) -> None:
        super().__init__(refused.code, refused.message)
        self.redirect_uri = redirect_uri
        self.state = state

    @property
    def url(self) -> str:
        told = {"error": self.code, "error_description": self.message}
        return answer_url(self.redirect_uri, self.state, told)


def answer_url(redirect_uri: str, state: str, told: dict[str, str]) -> str:
    """The registered address with our answer added; `iss` says who answers (RFC 9207)."""
    values = {**told, **({"state": state} if state else {}), "iss": settings.SITE_URL}
    separator = "&" if "?" in redirect_uri else "?"
    return f"{redirect_uri}{separator}{urlencode(values)}"


# --- reading ----------------------------------------------------------------------------------------------
def find_client(source: QueryDict, user_id: int | None) -> tuple[OpenIdClient, str]:
    """The client and its address of return. PageRefused unless both are known to the letter.

    The client carries `agreed_scopes`: what this person agreed to release to it, or None.
    """
    ids, uris = source.getlist("client_id"), source.getlist("redirect_uri")
    if len(ids) != 1 or len(uris) != 1:
        raise PageRefused("invalid_request", "L’application n’a pas dit qui elle est ni où revenir.")
    client = clients.find_for_person(user_id, client_id=ids[0])
    if client is None:
        raise PageRefused("invalid_client", "Cette application n’est pas connue du portail.")
    if uris[0] not in client.redirect_uris:
        raise PageRefused(
            "invalid_redirect_uri",
            f"L’adresse de retour demandée n’est pas une de celles que « {client.name} » a déclarées.",
        )
    return client, uris[0]


def read(source: QueryDict, client: OpenIdClient, redirect_uri: str, now: datetime) -> Authorization:
    """Check everything else. SentBack when something is wrong."""
    states = source.getlist("state")
    state = states[0] if len(states) == 1 and len(states[0]) <= parameters.MAX_LENGTH else ""
    try:
        return _read(parameters.read_once(source), client, redirect_uri, now)
    except Refused as refused:
        raise SentBack(refused, redirect_uri, state) from refused


def _read(values: dict[str, str], client: OpenIdClient, redirect_uri: str, now: datetime) -> Authorization:
    for name, error in _NOT_OFFERED.items():
        if name in values:
            raise Refused(error, f"{name} is not supported")
    if values.get("response_type") != "code":
        raise Refused("unsupported_response_type", "Only response_type=code is supported")
    if values.get("response_mode", "query") != "query":
        raise Refused("invalid_request", "Only response_mode=query is supported")
    if GrantType.CODE not in client.grants:
        raise Refused("unauthorized_client", "This client may not sign people in")
    if values.get("code_challenge_method") != "S256" or not _CHALLENGE.match(
        values.get("code_challenge", "")
    ):
        raise Refused("invalid_request", "PKCE with code_challenge_method=S256 is required")
    if len(values.get("nonce", "")) > MAX_NONCE:
        raise Refused("invalid_request", "nonce is too long")
    return Authorization(
        redirect_uri=redirect_uri,
        state=values.get("state", ""),
        scopes=_scopes(values.get("scope", ""), client),
        nonce=values.get("nonce", ""),
        challenge=values["code_challenge"],
        prompts=_prompts(values.get("prompt", "")),
        max_age=_max_age(values.get("max_age")),
        level=max(client.needed_level, _asked_level(values.get("acr_values", ""))),
        hinted_subject=_hinted_subject(values.get("id_token_hint", ""), client),
        login_hint=_login_hint(values.get("login_hint", "")),
        wanted_at=now.timestamp(),
    )


def _scopes(text: str, client: OpenIdClient) -> list[str]:
    """What is asked and allowed, in our order; unknown words are passed over (OpenID Connect Core, 3.1.2.1)."""
    asked = set(text.split(" "))
    if "openid" not in asked:
        raise Refused("invalid_scope", "scope must hold openid")
    return [scope for scope in PERSON_SCOPES if scope in asked and scope in {*client.scopes, "openid"}]


def _prompts(text: str) -> list[str]:
    prompts = text.split(" ") if text else []
    if not set(prompts) <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise Refused("invalid_request", "prompt is not understood")
    return prompts


def _max_age(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Refused("invalid_request", "max_age must be a number of seconds")
    return int(text)


def _asked_level(text: str) -> int:
    """The first level we know among those asked, by order of preference; unknown ones are passed over."""
    return next((LEVEL_OF_ACR[acr] for acr in text.split(" ") if acr in LEVEL_OF_ACR), 0)


def _login_hint(text: str) -> str:
    """Too long to be somebody's identifier: passed over, as everything the person may type over (Core, 3.1.2.1)."""
    return text if len(text) <= MAX_LOGIN_HINT else ""


def _hinted_subject(token: str, client: OpenIdClient) -> str:
    """Whom the partner thinks is signed in. The hint may be out of date, not forged or another's."""
    if not token:
        return ""
    claims = read_hint(token)
    if claims is None or claims["aud"] != client.client_id:
        raise Refused("invalid_request", "id_token_hint is not one of ours for this client")
    return str(claims["sub"])


def read_hint(token: str) -> dict[str, Any] | None:
    """Claims of an ID token we signed, whatever its age; None otherwise."""
    try:
        claims = jose.verify(token, keys.ring().verifiers)
    except jose.BadToken:
        return None
    is_ours = claims.get("iss") == settings.SITE_URL and "events" not in claims
    return claims if is_ours and {"aud", "sub", "sid"} <= set(claims) else None


# --- kept while the person does something --------------------------------------------------------------------
def keep(client: OpenIdClient, asked: Authorization) -> str:
    """Keep the request for an hour; its reference, which says nothing."""
    reference, now = secrets.token_urlsafe(24), timezone.now()
    OpenIdPending.objects.create(
        reference=reference,
        client=client,
        parameters=asdict(asked),
        created_at=now,
        expires_at=now + timedelta(seconds=OpenIdPending.LIFE_SECONDS),
    )
    return reference


def resume(reference: str, user_id: int | None) -> tuple[OpenIdClient, Authorization] | None:
    """A kept request, as it was checked; None when it is over or its client is closed."""
    row = OpenIdPending.objects.filter(reference=reference, expires_at__gt=timezone.now()).first()
    if row is None:
        return None
    client = clients.find_for_person(user_id, pk=row.client_id)
    asked = Authorization(**row.parameters)
    if client is None or asked.redirect_uri not in client.redirect_uris:
        return None
    return client, replace(asked, level=max(asked.level, client.needed_level))


def forget(reference: str) -> None:
    OpenIdPending.objects.filter(reference=reference).delete()
