"""The token endpoint: authorization code with PKCE, refresh, and CIBA by polling."""

from __future__ import annotations

import uuid
from typing import Any

from portal.simulators.psc import failures, personas
from portal.simulators.psc.keys import half_hash
from portal.simulators.psc.state import (
    ACCESS_SECONDS,
    APPROVED,
    DEMAND_SECONDS,
    EXPIRED,
    PENDING,
    REFRESH_SECONDS,
    Client,
    Realm,
    Session,
    challenge_matches,
)
from portal.simulators.psc.web import Request, Response, json_answer

CIBA = "urn:openid:params:grant-type:ciba"
POLL_SECONDS = 1
_TWO_HOURS = 7200


def token(realm: Realm, request: Request) -> Response:
    client = realm.authenticate(request.headers.get("Authorization", ""), request.form)
    if client is None:
        return _refuse("invalid_client", "Invalid client or Invalid client credentials", 401)
    grant = request.form.get("grant_type", "")
    if grant == "authorization_code":
        return _by_code(realm, client, request.form)
    if grant == "refresh_token":
        return _by_refresh(realm, client, request.form)
    if grant == CIBA:
        return _by_poll(realm, client, request.form)
    return _refuse("unsupported_grant_type", "Unsupported grant_type")


def _by_code(realm: Realm, client: Client, form: dict[str, str]) -> Response:
    """A code is looked at once: a second use ends the session of the first, as the standard asks."""
    with realm.lock:
        code = realm.codes.get(form.get("code", ""))
        if realm.failures.is_on("replayed_code") or code is None:
            return _refuse("invalid_grant", "Code not valid")
        if code.is_used:
            realm.end_session(code.session.sid)
            return _refuse("invalid_grant", "Code not valid")
        code.is_used = True
    asked = code.asked
    if asked.client_id != client.client_id or realm.now() >= code.expires_at:
        return _refuse("invalid_grant", "Code not valid")
    if form.get("redirect_uri", "") != asked.redirect_uri:
        return _refuse("invalid_grant", "Incorrect redirect_uri")
    if not challenge_matches(asked, form.get("code_verifier", "")):
        return _refuse("invalid_grant", "PKCE verification failed")
    if realm.live_session(code.session.sid) is None:
        return _refuse("invalid_grant", "Session not active")
    return _grant(realm, client, code.session, asked.scope, asked.nonce)


def _by_refresh(realm: Realm, client: Client, form: dict[str, str]) -> Response:
    found = realm.live_token(form.get("refresh_token", ""), "refresh")
    if found is None or found.client_id != client.client_id:
        return _refuse("invalid_grant", "Token is not active")
    found.session.seen_at = realm.now()
    return _grant(realm, client, found.session, found.scope, found.nonce)


def ciba(realm: Realm, request: Request) -> Response:
    """Backchannel authentication: the client shows the number itself."""
    form = request.form
    client = realm.authenticate(request.headers.get("Authorization", ""), form)
    if client is None:
        return _refuse("invalid_client", "Invalid client credentials", 401)
    person = personas.find(form.get("login_hint", ""))
    number = form.get("binding_message", "")
    if "openid" not in form.get("scope", "").split() or not (number.isdecimal() and len(number) == 2):
        return _refuse("invalid_request", "scope and a two-digit binding_message are needed")
    if person is None or not realm.wallets[person.national_id].is_active:
        return _refuse("unknown_user_id", "No active e-CPS for this login_hint")
    made = realm.demand(
        person, "", None, number=number, client_id=client.client_id, scope=form.get("scope", "")
    )
    return json_answer({"auth_req_id": made.key, "expires_in": DEMAND_SECONDS, "interval": POLL_SECONDS})


def _by_poll(realm: Realm, client: Client, form: dict[str, str]) -> Response:
    found = realm.live_demand(form.get("auth_req_id", ""))
    if found is None or found.asked is not None or found.client_id != client.client_id or found.is_spent:
        return _refuse("invalid_grant", "Invalid Auth Req ID")
    if found.stage == PENDING:
        return _refuse("authorization_pending", "The authorization request is still pending")
    if found.stage == EXPIRED:
        return _refuse("expired_token", "Authentication timed out")
    if found.stage != APPROVED:
        return _refuse("access_denied", "Authentication was refused")
    found.is_spent = True
    return _grant(realm, client, realm.open_session(found.person, "MOBILE"), found.scope, "")


def _grant(realm: Realm, client: Client, session: Session, scope: str, nonce: str) -> Response:
    """Access token 2 minutes, refresh token 30 minutes, ID token."""
    shared = _shared(realm, client, session, nonce)
    access = realm.keys.sign({**shared, **_life(realm, ACCESS_SECONDS), "typ": "Bearer", "scope": scope})
    refresh = realm.keys.sign({**shared, **_life(realm, REFRESH_SECONDS), "typ": "Refresh"})
    realm.give_token("access", client.client_id, session, scope, nonce, access)
    realm.give_token("refresh", client.client_id, session, scope, nonce, refresh)
    claims = {
        **shared,
        **_life(realm, ACCESS_SECONDS),
        "typ": "ID",
        "aud": client.client_id,
        "at_hash": half_hash(access),
        "sid": session.sid,
        "family_name": session.person.nom,
        "given_name": session.person.prenom,
    }
    answer = {
        "access_token": access,
        "expires_in": ACCESS_SECONDS,
        "refresh_expires_in": REFRESH_SECONDS,
        "refresh_token": refresh,
        "token_type": "Bearer",
        "id_token": _id_token(realm, client, claims),
        "not-before-policy": 0,
        "session_state": session.sid,
        "scope": scope,
    }
    if realm.failures.is_on("missing_id_token"):
        del answer["id_token"]
    return json_answer(answer)


def _shared(realm: Realm, client: Client, session: Session, nonce: str) -> dict[str, Any]:
    return {
        "jti": str(uuid.uuid4()),
        "iss": realm.issuer,
        "sub": session.person.subject,
        "azp": client.client_id,
        "session_state": session.sid,
        "acr": "eidas1",
        "auth_time": int(session.auth_time),
        "preferred_username": session.person.national_id,
        **({"nonce": nonce} if nonce else {}),
    }


def _life(realm: Realm, seconds: int) -> dict[str, int]:
    now = int(realm.now())
    return {"iat": now, "exp": now + seconds}


def _id_token(realm: Realm, client: Client, claims: dict[str, Any]) -> str:
    """Signed as it should be, unless a switch says otherwise."""
    now = claims["iat"]
    changes: dict[str, dict[str, Any]] = {
        "wrong_iss": {"iss": "https://auth.exemple.invalid/auth/realms/esante-wallet"},
        "wrong_aud": {"aud": "autre-service"},
        "several_aud": {"aud": [client.client_id, "autre-service"], "azp": None},
        "wrong_azp": {"azp": "autre-service"},
        "wrong_nonce": {"nonce": "0" * 64},
        "missing_nonce": {"nonce": None},
        "expired_token": {"iat": now - _TWO_HOURS, "exp": now - _TWO_HOURS + ACCESS_SECONDS},
        "future_token": {"iat": now + _TWO_HOURS, "exp": now + _TWO_HOURS + ACCESS_SECONDS},
        "wrong_at_hash": {"at_hash": half_hash("autre")},
        "empty_sub": {"sub": ""},
        "acr_low": {"acr": "eidas-low"},
        "no_acr": {"acr": None},
        "acr_eidas2": {"acr": "eidas2"},
        "old_auth_time": {"auth_time": now - 10_800},
    }
    signing = set(failures.TOKEN) - set(changes) - {"missing_id_token", "replayed_code"}
    for mode, change in changes.items():
        if realm.failures.is_on(mode):
            claims = {name: value for name, value in {**claims, **change}.items() if value is not None}
    for mode in sorted(signing):
        if realm.failures.is_on(mode):
            return realm.keys.sign_wrongly(mode, claims, client.secret)
    return realm.keys.sign(claims)


def _refuse(error: str, description: str, status: int = 400) -> Response:
    return json_answer({"error": error, "error_description": description}, status)
