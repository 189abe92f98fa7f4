"""What we say we do: nothing more, nothing less, as ready bytes."""

from __future__ import annotations

import json
from functools import lru_cache

from portal.hub.oidc import claims, jose
from portal.hub.oidc.enums import ACR_OF_LEVEL, PERSON_SCOPES, GrantType

AUTHORIZATION = "/openid/autorisation/"
TOKEN = "/openid/jetons/"  # noqa: S105 — an address
USERINFO = "/openid/identite/"
JWKS = "/openid/cles/"
REVOCATION = "/openid/revocation/"
INTROSPECTION = "/openid/introspection/"
END_SESSION = "/openid/deconnexion/"
CLIENT_AUTH = ["client_secret_basic", "client_secret_post", "private_key_jwt"]


@lru_cache(maxsize=4)
def document(site_url: str) -> bytes:
    told = {
        "issuer": site_url,
        "authorization_endpoint": site_url + AUTHORIZATION,
        "token_endpoint": site_url + TOKEN,
        "userinfo_endpoint": site_url + USERINFO,
        "jwks_uri": site_url + JWKS,
        "revocation_endpoint": site_url + REVOCATION,
        "introspection_endpoint": site_url + INTROSPECTION,
        "end_session_endpoint": site_url + END_SESSION,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [str(one) for one in GrantType.values],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": list(jose.ALGORITHMS),
        "scopes_supported": list(PERSON_SCOPES),
        "claims_supported": sorted(
            {"iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"}
            | {name for names in claims.CLAIMS.values() for name in names}
        ),
        "acr_values_supported": list(ACR_OF_LEVEL.values()),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": CLIENT_AUTH,
        "token_endpoint_auth_signing_alg_values_supported": list(jose.ASSERTION_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": CLIENT_AUTH,
        "introspection_endpoint_auth_methods_supported": CLIENT_AUTH,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "ui_locales_supported": ["fr"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": False,
    }
    return json.dumps(told, separators=(",", ":")).encode()
