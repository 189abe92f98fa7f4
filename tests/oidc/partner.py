"""A relying party reduced to what the tests need: builds requests, redeems, refreshes."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from django.test import Client

AUTHORIZE = "/openid/autorisation/"
TOKEN = "/openid/jetons/"
SCOPES = "openid profile email phone rpps structures roles"


@dataclass
class Partner:
    """`row` is the OpenIdClient; `secret` its secret in clear; `http` a browser without cookies."""

    row: Any
    secret: str
    http: Client = field(default_factory=Client)
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def id(self) -> str:
        return str(self.row.client_id)

    @property
    def uri(self) -> str:
        return str(self.row.redirect_uris[0])

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    @property
    def basic(self) -> str:
        pair = f"{quote(self.id, safe='')}:{quote(self.secret, safe='')}"
        return "Basic " + base64.b64encode(pair.encode()).decode()

    def query(self, **changes: Any) -> dict[str, str]:
        """A right request, with changes; None takes a parameter away."""
        asked: dict[str, Any] = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": self.uri,
            "scope": SCOPES,
            "state": "etat-123",
            "nonce": "nonce-456",
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        }
        return {name: str(value) for name, value in {**asked, **changes}.items() if value is not None}

    def ask(self, visitor: Client, **changes: Any) -> Any:
        return visitor.get(f"{AUTHORIZE}?{urlencode(self.query(**changes))}")

    def code(self, visitor: Client, **changes: Any) -> str:
        return answer_of(self.ask(visitor, **changes))["code"]

    def post(self, path: str, form: dict[str, Any], *, basic: str | None = None) -> Any:
        """A call of the partner's server, authenticated unless `basic` is empty."""
        header = self.basic if basic is None else basic
        return self.http.post(
            path,
            urlencode(form),
            content_type="application/x-www-form-urlencoded",
            **({"HTTP_AUTHORIZATION": header} if header else {}),
        )

    def redeem(self, code: str, **changes: Any) -> Any:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.uri,
            "code_verifier": self.verifier,
        } | changes
        return self.post(TOKEN, {name: value for name, value in form.items() if value is not None})

    def refresh(self, token: str, **more: Any) -> Any:
        return self.post(TOKEN, {"grant_type": "refresh_token", "refresh_token": token, **more})

    def userinfo(self, access: str) -> Any:
        return self.http.get("/openid/identite/", HTTP_AUTHORIZATION=f"Bearer {access}")

    def tokens(self, visitor: Client, **changes: Any) -> dict[str, Any]:
        answer = self.redeem(self.code(visitor, **changes))
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found


def answer_of(response: Any) -> dict[str, str]:
    """What the redirection to the partner carries."""
    assert response.status_code == 302, (response.status_code, response.content[:300])
    return {name: values[0] for name, values in parse_qs(urlsplit(response.url).query).items()}


def decide(visitor: Client, page: Any, answer: str) -> Any:
    """Press a button of the page of agreement."""
    return visitor.post(page.context["decide_url"], {"choix": answer, "page": page.context["mark"]})


def claims_of(jwt: str) -> dict[str, Any]:
    """Claims of an ID token, its signature checked with the published keys."""
    from portal.hub.oidc import jose, keys  # noqa: PLC0415  after the settings

    return jose.verify(jwt, keys.ring().verifiers)


def make_client(client_id: str = "appli-region", **fields: Any) -> Partner:
    from portal.hub.oidc import client_auth  # noqa: PLC0415  after the settings
    from portal.hub.oidc.models import OpenIdClient  # noqa: PLC0415

    secret = fields.pop("secret", None) or client_auth.make_secret()
    values: dict[str, Any] = {
        "client_id": client_id,
        "name": f"Application {client_id}",
        "contact": "equipe@partenaire.example",
        "is_regional": True,
        "redirect_uris": [f"https://{client_id}.example/retour"],
        "post_logout_redirect_uris": [f"https://{client_id}.example/au-revoir"],
        "backchannel_logout_uri": f"https://{client_id}.example/deconnexion",
        "grants": ["authorization_code", "refresh_token"],
        "scopes": SCOPES.split(),
        "secret_hash": client_auth.hash_secret(secret),
    }
    return Partner(OpenIdClient.objects.create(**(values | fields)), secret)
