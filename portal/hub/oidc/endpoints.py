"""Endpoints that programs call: no session, no cookie, no page; JSON in and out of caches' reach."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from accounts.models import User
from portal.common.access import public
from portal.hub.oidc import claims, client_auth, discovery, grants, jose, keys
from portal.hub.oidc.enums import PERSON_SCOPES, GrantType
from portal.hub.oidc.errors import Refused, as_json
from portal.hub.oidc.grants import Granted, Tokens
from portal.hub.oidc.models import OpenIdClient, OpenIdToken
from portal.hub.oidc.parameters import form_of

DISCOVERY_MAX_AGE = 3600
_VERIFIER = re.compile(r"\A[A-Za-z0-9._~-]{43,128}\Z")
Endpoint = Callable[[HttpRequest], HttpResponse]


def endpoint(view: Endpoint) -> Endpoint:
    """Errors as JSON, nothing kept by a cache, no cookie looked at."""

    @public
    @csrf_exempt
    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        try:
            response = view(request)
        except Refused as refused:
            return as_json(refused, request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

    return answered


# --- what everybody may read -----------------------------------------------------------------------------
@endpoint
def configuration(request: HttpRequest) -> HttpResponse:
    return _bytes(request, discovery.document(settings.SITE_URL), DISCOVERY_MAX_AGE)


@endpoint
def jwks(request: HttpRequest) -> HttpResponse:
    return _bytes(request, keys.ring().jwks, keys.JWKS_MAX_AGE)


def _bytes(request: HttpRequest, body: bytes, max_age: int) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    headers = {
        "Cache-Control": f"public, max-age={max_age}",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return HttpResponse(body, content_type="application/json", headers=headers)


# --- token --------------------------------------------------------------------------------------------------
@endpoint
def token(request: HttpRequest) -> HttpResponse:
    form = form_of(request)
    client = client_auth.authenticate(request, form)
    asked = form.get("grant_type", "")
    given = _GRANTS.get(asked)
    if given is None:
        raise Refused("unsupported_grant_type", "This grant_type is not supported")
    if asked not in client.grants:
        raise Refused("unauthorized_client", "This client may not use this grant_type")
    return JsonResponse(given(client, form), headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _redeem(client: OpenIdClient, form: dict[str, str]) -> dict[str, Any]:
    code, verifier = form.get("code", ""), form.get("code_verifier", "")
    if not code or not verifier:
        raise Refused("invalid_request", "code and code_verifier are required")
    granted = grants.redeem_code(code, client.pk)
    if granted is None:
        raise Refused("invalid_grant", "The code is unknown, used or too old")
    is_right = bool(_VERIFIER.match(verifier)) and jose.s256(verifier) == granted.challenge
    if not is_right or form.get("redirect_uri") != granted.redirect_uri:
        grants.end([granted.id], "code_mismatch")
        raise Refused("invalid_grant", "code_verifier or redirect_uri is not that of the request")
    can_refresh = GrantType.REFRESH in client.grants
    tokens = grants.issue(
        granted.id, granted.scopes, granted.ends_at, refresh_scopes=granted.scopes if can_refresh else None
    )
    return _answer(client, granted, tokens, granted.scopes, nonce=granted.nonce)


def _refresh(client: OpenIdClient, form: dict[str, str]) -> dict[str, Any]:
    presented = form.get("refresh_token", "")
    if not presented:
        raise Refused("invalid_request", "refresh_token is required")
    asked = form["scope"].split(" ") if "scope" in form else None
    granted = grants.spend_refresh(presented, client.pk)
    if granted is None:
        raise Refused("invalid_grant", "The refresh token is unknown, used or over")
    scopes = granted.token_scopes
    if asked is not None:
        if not set(asked) <= set(scopes):
            grants.end([granted.id], "scope_widened")
            raise Refused("invalid_scope", "A refresh never widens the scope")
        scopes = [scope for scope in scopes if scope in asked]
    tokens = grants.issue(granted.id, scopes, granted.ends_at, refresh_scopes=granted.token_scopes)
    return _answer(client, granted, tokens, scopes, nonce="")


def _answer(
    client: OpenIdClient, granted: Granted, tokens: Tokens, scopes: list[str], *, nonce: str
) -> dict[str, Any]:
    answer = _token_answer(tokens, scopes)
    if "openid" in scopes:
        answer["id_token"] = claims.id_token(client, granted, tokens.access, nonce=nonce)
    return answer


def _machine(client: OpenIdClient, form: dict[str, str]) -> dict[str, Any]:
    """Access of the application itself: none of the scopes that speak of a person."""
    allowed = [scope for scope in client.scopes if scope not in PERSON_SCOPES]
    asked = form["scope"].split(" ") if "scope" in form else allowed
    if not set(asked) <= set(allowed):
        raise Refused("invalid_scope", "This client may not ask for this scope")
    scopes = [scope for scope in allowed if scope in asked]
    return _token_answer(grants.open_machine_grant(client.pk, scopes), scopes)


def _token_answer(tokens: Tokens, scopes: list[str]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "access_token": tokens.access,
        "token_type": "Bearer",
        "expires_in": tokens.seconds,
        "scope": " ".join(scopes),
    }
    if tokens.refresh:
        answer["refresh_token"] = tokens.refresh
    return answer


_GRANTS: dict[str, Callable[[OpenIdClient, dict[str, str]], dict[str, Any]]] = {
    GrantType.CODE: _redeem,
    GrantType.REFRESH: _refresh,
    GrantType.MACHINE: _machine,
}


# --- UserInfo -------------------------------------------------------------------------------------------------
@endpoint
def userinfo(request: HttpRequest) -> HttpResponse:
    """Claims for the bearer of an access token, taken from the Authorization header and nowhere else."""
    if request.method not in {"GET", "POST"}:
        return HttpResponseNotAllowed(["GET", "POST"])
    if "access_token" in request.GET or (request.method == "POST" and "access_token" in request.POST):
        return _challenge("invalid_request", status=400)
    kind, _, presented = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() != "bearer" or not presented:
        return _challenge("")
    told = claims.userinfo(presented.strip())
    return JsonResponse(told) if told is not None else _challenge("invalid_token")


def _challenge(error: str, status: int = 401) -> HttpResponse:
    told = f', error="{error}"' if error else ""
    return HttpResponse(status=status, headers={"WWW-Authenticate": f'Bearer realm="openid"{told}'})


# --- revocation, introspection ----------------------------------------------------------------------------------
@endpoint
def revoke(request: HttpRequest) -> HttpResponse:
    """End a token of the caller: the whole family for a refresh token. Always 200, whatever the token (RFC 7009)."""
    form = form_of(request)
    client = client_auth.authenticate(request, form)
    if "token" not in form:
        raise Refused("invalid_request", "token is required")
    found = _own_token(client, form["token"])
    if found is not None and found.is_refresh:
        grants.end([found.grant_id], "revoked")
    elif found is not None:
        OpenIdToken.objects.filter(pk=found.pk).update(expires_at=timezone.now())
    return HttpResponse(status=200)


@endpoint
def introspect(request: HttpRequest) -> HttpResponse:
    """State of a token of the caller; another's is simply not active (RFC 7662)."""
    form = form_of(request)
    client = client_auth.authenticate(request, form)
    if "token" not in form:
        raise Refused("invalid_request", "token is required")
    found = _own_token(client, form["token"])
    if found is None or not _is_live(found):
        return JsonResponse({"active": False})
    grant = found.grant
    told: dict[str, Any] = {
        "active": True,
        "client_id": client.client_id,
        "scope": " ".join(found.scopes),
        "iss": settings.SITE_URL,
        "iat": int(found.created_at.timestamp()),
        "exp": int(found.expires_at.timestamp()),
        "token_type": "refresh_token" if found.is_refresh else "Bearer",
    }
    if isinstance(grant.user, User):
        told["sub"] = claims.subject_for(client, grant.user.public_id)
    return JsonResponse(told)


def _own_token(client: OpenIdClient, presented: str) -> OpenIdToken | None:
    return (
        OpenIdToken.objects.filter(token_hash=grants.digest(presented), grant__client=client)
        .select_related("grant__user", "grant__session")
        .first()
    )


def _is_live(found: OpenIdToken) -> bool:
    grant, now = found.grant, timezone.now()
    if found.used_at is not None or found.expires_at <= now or grant.ended_at is not None:
        return False
    if grant.user is None or grant.session is None:
        return grant.user_id is None
    return grant.user.is_active and grant.session.ended_at is None and grant.session.ends_at > now
