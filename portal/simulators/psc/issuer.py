"""The issuer's addresses: discovery, keys, UserInfo, introspection, revocation, logout."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from portal.simulators.psc import grants, markup
from portal.simulators.psc.keys import claims_of
from portal.simulators.psc.personas import userinfo
from portal.simulators.psc.state import REALM_PATH, Realm, Token
from portal.simulators.psc.web import Request, Response, Router, html_page, json_answer, redirect

OPENID = f"{REALM_PATH}/protocol/openid-connect"
WELL_KNOWN = f"{REALM_PATH}/.well-known/wallet-openid-configuration"
_SIGNATURES = [f"{family}{size}" for family in ("PS", "RS", "ES", "HS") for size in (256, 384, 512)] + [
    "EdDSA"
]


def make_router(realm: Realm) -> Router:
    router = Router()
    router.route("GET", WELL_KNOWN)(lambda request: _guarded(realm, "discovery", lambda: _discovery(realm)))
    router.route("GET", f"{OPENID}/certs")(
        lambda request: _guarded(realm, "jwks", lambda: json_answer(realm.keys.published()))
    )
    router.route("POST", f"{OPENID}/token")(
        lambda request: _guarded(realm, "token", lambda: grants.token(realm, request))
    )
    router.route("POST", f"{OPENID}/ext/ciba/auth")(lambda request: grants.ciba(realm, request))
    for method in ("GET", "POST"):
        router.route(method, f"{OPENID}/userinfo")(
            lambda request: _guarded(realm, "userinfo", lambda: _userinfo(realm, request))
        )
        router.route(method, f"{OPENID}/logout")(lambda request: _logout(realm, request))
    router.route("POST", f"{OPENID}/logout/confirmer")(lambda request: _logout_here(realm, request))
    router.route("POST", f"{OPENID}/token/introspect")(lambda request: _introspect(realm, request))
    router.route("POST", f"{OPENID}/revoke")(lambda request: _revoke(realm, request))
    return router


def _guarded(realm: Realm, endpoint: str, answer: Any) -> Response:
    """The answer of an endpoint, unless a switch governs it."""
    failure = realm.failures.at(endpoint)
    if failure is None:
        return answer()
    if failure.mode == "slow":
        time.sleep(failure.seconds)
        return answer()
    return {
        "error_502": Response(b"Bad Gateway", 502, "text/plain"),
        "down": Response(is_cut=True),
        "html": Response(b"<!doctype html><title>Maintenance</title><h1>Maintenance</h1>"),
        "garbage": Response(b'{"issuer": ', kind="application/json"),
    }[failure.mode]


def _discovery(realm: Realm) -> Response:
    base = f"{realm.issuer}/protocol/openid-connect"
    document = {
        "issuer": realm.issuer,
        "authorization_endpoint": f"{realm.wallet}/auth",
        "token_endpoint": f"{base}/token",
        "introspection_endpoint": f"{base}/token/introspect",
        "userinfo_endpoint": f"{base}/userinfo",
        "end_session_endpoint": f"{base}/logout",
        "revocation_endpoint": f"{base}/revoke",
        "jwks_uri": f"{base}/certs",
        "backchannel_authentication_endpoint": f"{base}/ext/ciba/auth",
        "grant_types_supported": [
            *("authorization_code", "implicit", "refresh_token", "password", "client_credentials"),
            *("urn:openid:params:grant-type:ciba", "urn:ietf:params:oauth:grant-type:device_code"),
        ],
        "response_types_supported": ["code", "none", "id_token", "token", "id_token token", "code id_token"],
        "response_modes_supported": ["query", "fragment", "form_post", "query.jwt", "jwt"],
        "acr_values_supported": ["0", "0"],
        "scopes_supported": [
            "openid",
            "scope_all",
            "identity",
            "rpps",
            "eidas1",
            "eidas2",
            "acr",
            "offline_access",
        ],
        "code_challenge_methods_supported": ["plain", "S256"],
        "id_token_signing_alg_values_supported": _SIGNATURES,
        "userinfo_signing_alg_values_supported": [*_SIGNATURES, "none"],
        "token_endpoint_auth_methods_supported": [
            *("client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"),
            "tls_client_auth",
        ],
        "claims_supported": ["aud", "sub", "iss", "auth_time", "name", "given_name", "family_name", "acr"],
        "claims_parameter_supported": True,
        "subject_types_supported": ["public", "pairwise"],
        "tls_client_certificate_bound_access_tokens": True,
        "mtls_endpoint_aliases": {"token_endpoint": f"{base}/token", "userinfo_endpoint": f"{base}/userinfo"},
        "require_pushed_authorization_requests": False,
        "authorization_response_iss_parameter_supported": True,
        "backchannel_token_delivery_modes_supported": ["poll", "ping"],
        "backchannel_logout_supported": True,
        "frontchannel_logout_supported": True,
    }
    if realm.failures.is_on("wrong_issuer_discovery"):
        document["issuer"] = "https://auth.exemple.invalid/auth/realms/esante-wallet"
    if realm.failures.is_on("foreign_endpoint"):
        document |= {"token_endpoint": "https://auth.exemple.invalid/token"}
    return json_answer(document)


# --- UserInfo -------------------------------------------------------------------------------------------------
def _userinfo(realm: Realm, request: Request) -> Response:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    token = realm.live_token(value, "access") if scheme.lower() == "bearer" else None
    if token is None:
        refused = json_answer(
            {"error": "invalid_token", "error_description": "Token verification failed"}, 401
        )
        refused.headers.append(("WWW-Authenticate", 'Bearer realm="esante-wallet", error="invalid_token"'))
        return refused
    said = _with_failures(realm, userinfo(token.session.person, token.session.auth_mode))
    if realm.failures.is_on("signed_userinfo"):
        signed = realm.keys.sign({**said, "iss": realm.issuer, "aud": token.client_id})
        return Response(signed.encode(), kind="application/jwt")
    return json_answer(said)


def _with_failures(realm: Realm, said: dict[str, Any]) -> dict[str, Any]:
    failures = realm.failures
    if failures.is_on("sub_mismatch"):
        said = {**said, "sub": "f:00000000-0000-4000-8000-000000000000:899700000096"}
    if failures.is_on("missing_subject_name_id"):
        said = {name: value for name, value in said.items() if name != "SubjectNameID"}
    if failures.is_on("empty_subject_name_id"):
        said = {**said, "SubjectNameID": ""}
    if failures.is_on("unknown_keys"):
        said = {**said, "NouveauBloc": {"cle": ["valeur"]}, "email": "autrui@exemple.invalid", "rang": 3}
    if failures.is_on("odd_identity"):
        said = {**said, **ODD}
    return said


ODD: dict[str, Any] = {
    "given_name": "😀" * 40 + "\u202e\u0000 \ud800",
    "family_name": "Z" * 3000,
    "codeCivilite": ["M"],
    "SubjectRole": {"10": "^"},
    "SubjectOrganization": None,
    "otherIds": "899700000013",
    "email_verified": "peut-être",
    "SubjectRefPro": {
        "codeCivilite": None,
        "exercices": [
            None,
            "texte",
            {"codeProfession": 10, "activities": "aucune"},
            {
                "codeProfession": "<script>",
                "codeSavoirFaire": [1],
                "activities": [None, [], {"telephone": {}}],
            },
        ],
    },
}


# --- introspection and revocation -------------------------------------------------------------------------------
def _introspect(realm: Realm, request: Request) -> Response:
    client = realm.authenticate(request.headers.get("Authorization", ""), request.form)
    if client is None:
        return json_answer({"error": "invalid_client"}, 401)
    value = request.form.get("token", "")
    token = realm.live_token(value)
    if token is None:
        return json_answer({"active": False})
    return json_answer(_introspected(realm, token, value))


def _introspected(realm: Realm, token: Token, value: str) -> dict[str, Any]:
    person = token.session.person
    told = {
        "exp": int(token.expires_at),
        "iat": int(token.issued_at),
        "auth_time": int(token.session.auth_time),
        "jti": claims_of(value).get("jti", ""),
        "iss": realm.issuer,
        "sub": person.subject,
        "typ": "Bearer" if token.kind == "access" else "Refresh",
        "azp": token.client_id,
        "nonce": token.nonce,
        "session_state": token.session.sid,
        "preferred_username": person.national_id,
        "acr": "eidas1",
        "scope": token.scope,
        "client_id": token.client_id,
        "username": person.national_id,
        "active": True,
    }
    return told | ({"SubjectNameID": person.national_id} if token.kind == "access" else {})


def _revoke(realm: Realm, request: Request) -> Response:
    client = realm.authenticate(request.headers.get("Authorization", ""), request.form)
    if client is None:
        return json_answer({"error": "invalid_client"}, 401)
    token = realm.live_token(request.form.get("token", ""))
    if token is not None and token.client_id == client.client_id:
        token.is_dead = True
    return Response()


# --- logout ---------------------------------------------------------------------------------------------------
def _logout(realm: Realm, request: Request) -> Response:
    """With a token of ours: end its session and go back. Without: ask first, as the real one does."""
    asked = {**request.query, **(request.form if request.method == "POST" else {})}
    hint = claims_of(asked.get("id_token_hint", ""))
    if hint.get("iss") != realm.issuer:
        content = markup.page(
            "logout", title="Déconnexion", place="Pro Santé Connect", action=f"{OPENID}/logout/confirmer"
        )
        return html_page(content)
    realm.end_session(str(hint.get("sid", "")))
    target = asked.get("post_logout_redirect_uri", "")
    client = realm.clients.get(str(hint.get("azp", "")))
    if request.method == "POST" and not target:
        return Response(status=204)
    if client is None or target not in client.logout_uris:
        return html_page(markup.page("wrong_redirect", title="Adresse de retour refusée"), 400)
    state = "" if realm.failures.is_on("logout_without_state") else asked.get("state", "")
    return redirect(f"{target}?{urlencode({'state': state})}" if state else target)


def _logout_here(realm: Realm, request: Request) -> Response:
    """Confirmed by the person: the session of this browser."""
    for name, sid in request.cookies.items():
        if name.startswith("psc_session_"):
            realm.end_session(sid)
    return html_page(markup.page("logged_out", title="Vous êtes déconnecté", place="Pro Santé Connect"))
