"""The application's side of OpenID Connect, with Authlib: sign-in, renewal, UserInfo, sign-out both ways."""

from __future__ import annotations

import json
import secrets
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

SECONDS = 10
LEEWAY = 60
ALGORITHMS = ["RS256", "ES256"]
EVENT = "http://schemas.openid.net/event/backchannel-logout"
SCOPES = "openid profile email rpps structures roles"
RETURN_PATH = "/connexion/retour/"
GOODBYE_PATH = "/au-revoir/"
_LOGOUT_TYPES = {"logout+jwt", "JWT"}


class PortalError(Exception):
    """The portal could not be asked, or said something that cannot be believed; the text is for the page."""


@dataclass(frozen=True)
class Registration:
    """How the portal knows us."""

    client_id: str
    client_secret: str
    redirect_uri: str
    scopes: str


@dataclass(frozen=True)
class Entry:
    """What a sign-in brought."""

    claims: dict[str, Any]
    person: dict[str, Any]
    id_token: str
    refresh_token: str


@dataclass(frozen=True)
class LogoutToken:
    iss: str
    sub: str
    sid: str
    jti: str


class RelyingParty:
    """`clients_file`: what the portal wrote of its clients; read at each use, for the portal starts after us."""

    def __init__(self, base: str, issuer: str, clients_file: Path) -> None:
        self.base = base
        self.issuer = issuer
        self._file = clients_file
        self._lock = threading.Lock()
        self._metadata: dict[str, Any] = {}
        self._keys: KeySet | None = None

    def registration(self) -> Registration:
        """Our own entry: the first whose address of return is here. PortalError when there is none."""
        try:
            content = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            content = {}
        clients = content.get("openid_clients", []) if isinstance(content, dict) else []
        for client in clients:
            for uri in client.get("redirect_uris", []):
                if uri == self.base + RETURN_PATH:
                    scopes = " ".join(client.get("scopes") or SCOPES.split())
                    return Registration(client["client_id"], client["client_secret"], uri, scopes)
        raise PortalError("Cette application n’est pas encore déclarée au portail.")

    # --- sign-in ----------------------------------------------------------------------------------------------
    def start(self, *, state: str, nonce: str, verifier: str) -> str:
        """Address of the portal where the sign-in goes on."""
        with self._client(self.registration()) as client:
            url, _ = client.create_authorization_url(
                self.metadata()["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
        return str(url)

    def finish(self, query: dict[str, str], *, nonce: str, verifier: str) -> Entry:
        """Redeem the code of the answer; raises PortalError for anything that is not right."""
        if query.get("iss", self.issuer) != self.issuer:
            raise PortalError("La réponse ne vient pas du portail.")
        registration = self.registration()
        with self._client(registration) as client:
            token = _ask(
                lambda: client.fetch_token(
                    self.metadata()["token_endpoint"],
                    authorization_response=f"{registration.redirect_uri}?{urlencode(query)}",
                    code_verifier=verifier,
                )
            )
            claims = self._read_id_token(
                str(token.get("id_token", "")), registration, nonce, token["access_token"]
            )
            person = self._person(client, claims["sub"])
        return Entry(claims, person, token["id_token"], token.get("refresh_token", ""))

    def renew(self, refresh_token: str, sub: str) -> tuple[dict[str, Any], str]:
        """(what the portal says of the person now, the next refresh token). PortalError when access has ended."""
        with self._client(self.registration()) as client:
            token = _ask(
                lambda: client.refresh_token(self.metadata()["token_endpoint"], refresh_token=refresh_token)
            )
            return self._person(client, sub), token.get("refresh_token", "")

    def leave_url(self, id_token: str, state: str) -> str:
        """Address of the portal that ends its own session too, then comes back."""
        asked = {
            "id_token_hint": id_token,
            "client_id": self.registration().client_id,
            "post_logout_redirect_uri": self.base + GOODBYE_PATH,
            "state": state,
        }
        return f"{self.metadata()['end_session_endpoint']}?{urlencode(asked)}"

    def _client(self, registration: Registration) -> OAuth2Client:
        return OAuth2Client(
            client_id=registration.client_id,
            client_secret=registration.client_secret,
            redirect_uri=registration.redirect_uri,
            scope=registration.scopes,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106 — the name of a method
            timeout=SECONDS,
            trust_env=False,
        )

    def _person(self, client: OAuth2Client, sub: str) -> dict[str, Any]:
        answer = _ask(lambda: client.get(self.metadata()["userinfo_endpoint"]))
        person: dict[str, Any] = answer.json() if answer.status_code == httpx.codes.OK else {}
        if person.get("sub") != sub:
            raise PortalError("Le portail ne dit pas qui vous êtes.")
        return person

    def _read_id_token(
        self, token: str, registration: Registration, nonce: str, access_token: str
    ) -> dict[str, Any]:
        header, claims = self._verified(token)
        checked = CodeIDToken(
            claims,
            header,
            {
                "iss": {"essential": True, "value": self.issuer},
                "aud": {"essential": True, "value": registration.client_id},
                "nonce": {"essential": True, "value": nonce},
            },
            {"nonce": nonce, "client_id": registration.client_id, "access_token": access_token},
        )
        try:
            checked.validate(leeway=LEEWAY)
        except (AuthlibBaseError, JoseError) as error:
            raise PortalError("Le jeton d’identité du portail n’est pas valable.") from error
        return claims

    # --- sign-out told by the portal ----------------------------------------------------------------------
    def read_logout_token(self, token: str) -> LogoutToken:
        """Checked as Back-Channel Logout 1.0 §2.6 says, but for the replay, which the store knows."""
        header, claims = self._verified(token)
        now = time.time()
        events = claims.get("events")
        issued, expires = claims.get("iat"), claims.get("exp")
        audience = claims.get("aud")
        wrong = {
            "typ": header.get("typ", "JWT") not in _LOGOUT_TYPES,
            "iss": claims.get("iss") != self.issuer,
            "aud": self.registration().client_id
            not in (audience if isinstance(audience, list) else [audience]),
            "iat": not isinstance(issued, int | float) or issued > now + LEEWAY,
            "exp": not isinstance(expires, int | float) or expires < now - LEEWAY,
            "events": not isinstance(events, dict) or not isinstance(events.get(EVENT), dict),
            "nonce": "nonce" in claims,
            "sid": not claims.get("sid") and not claims.get("sub"),
            "jti": not isinstance(claims.get("jti"), str) or not claims["jti"],
        }
        if found := [name for name, is_wrong in wrong.items() if is_wrong]:
            raise PortalError(", ".join(found))
        return LogoutToken(self.issuer, str(claims.get("sub", "")), str(claims.get("sid", "")), claims["jti"])

    # --- the portal's documents -----------------------------------------------------------------------------
    def metadata(self) -> dict[str, Any]:
        with self._lock:
            if not self._metadata:
                found = self._get(f"{self.issuer}/.well-known/openid-configuration")
                if found.get("issuer") != self.issuer:
                    raise PortalError("Le portail se présente sous une autre adresse.")
                self._metadata = found
            return self._metadata

    def _verified(self, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """(header, claims) of a token the portal signed; its keys are read again once when none fits."""
        for is_fresh in (False, True):
            try:
                found = jwt.decode(token, self._key_set(is_fresh), algorithms=ALGORITHMS)
            except (JoseError, ValueError) as error:
                if is_fresh:
                    raise PortalError("signature") from error
                continue
            return dict(found.header), dict(found.claims)
        raise PortalError("signature")

    def _key_set(self, is_fresh: bool) -> KeySet:
        address = self.metadata()["jwks_uri"]
        with self._lock:
            if self._keys is None or is_fresh:
                self._keys = KeySet.import_key_set(self._get(address))  # type: ignore[arg-type]
            return self._keys

    def _get(self, url: str) -> dict[str, Any]:
        answer = _ask(lambda: httpx.get(url, timeout=SECONDS, trust_env=False))
        content: dict[str, Any] = answer.json() if answer.status_code == httpx.codes.OK else {}
        return content


def _ask(call: Any) -> Any:
    try:
        return call()
    except AuthlibBaseError as error:
        raise PortalError(f"Le portail a refusé : {error.error}.") from error
    except (httpx.HTTPError, ValueError) as error:
        raise PortalError("Le portail ne répond pas.") from error


def new_secret() -> str:
    return secrets.token_urlsafe(48)
