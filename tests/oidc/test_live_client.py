"""A well-known client library (Authlib, with joserfc for the signatures) against the running portal, in Chromium."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.jwk import KeySet
from playwright.sync_api import expect

from tests.parcours.walker import Walker
from tests.support.processes import LivePortal, wait_until

CLIENT = "bibliotheque"


class Landings:
    """The partner's own server: keeps the addresses the browser reached and the logout tokens it was told."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        self.told: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path != "/favicon.ico":
                    outer.reached.append(outer.base + self.path)
                self._answer(b"<!doctype html><title>Partenaire</title><h1>Partenaire</h1>")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.told.append(parse_qs(body)["logout_token"][0])
                self._answer(b"")

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def landings() -> Iterator[Landings]:
    made = Landings()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def registered(live_portal: LivePortal, landings: Landings) -> dict[str, Any]:
    """A partner that is not of the region, declared by the command: agreement is asked."""
    told = live_portal.manage(
        "client_oidc", "creer", CLIENT, "--nom", "Bibliothèque", "--contact", "a@b.example",
        "--retour", f"{landings.base}/retour", "--apres-deconnexion", f"{landings.base}/au-revoir",
        "--prevenir", f"{landings.base}/deconnexion", "--donnees", "openid profile email", "--json",
    )  # fmt: skip
    found: dict[str, Any] = json.loads(told)
    return found


def client_of(registered: dict[str, Any]) -> OAuth2Client:
    return OAuth2Client(
        client_id=registered["client_id"],
        client_secret=registered["client_secret"],
        redirect_uri=registered["redirect_uris"][0],
        scope="openid profile email",
        code_challenge_method="S256",
    )


def sign_in(page: Any, portal: LivePortal, person: dict[str, Any]) -> None:
    """On the sign-in page the portal showed: password, then the code of the mail."""
    walker = Walker(page, portal)
    page.locator("#id_identifiant").fill(person["login"])
    page.locator("#id_mot_de_passe").fill(person["password"])
    seen = walker.last_id(person["email"])
    page.get_by_role("main").get_by_role("button", name="Me connecter").click()
    walker.ask_mailed_code()
    walker.type_code(walker.code_for(person["email"], seen))


@pytest.mark.security("OP-8", "OP-13", "OP-14")
@pytest.mark.feature("ROR-058", "ROR-090")
def test_authlib_signs_in_refreshes_reads_and_signs_out(
    page: Any, live_portal: LivePortal, registered: dict[str, Any], landings: Landings
) -> None:
    refused: list[str] = []
    page.on("console", lambda line: refused.append(line.text) if "Content Security" in line.text else None)
    metadata = httpx.get(f"{live_portal.url}/.well-known/openid-configuration").json()
    verifier, nonce, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16), secrets.token_urlsafe(16)
    person = next(one for one in live_portal.people if one["login"] == "noe.barrandon")
    with client_of(registered) as client:
        url, _ = client.create_authorization_url(
            metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce, state=state
        )
        page.goto(url)
        sign_in(page, live_portal, person)
        page.get_by_role("heading", name="Bibliothèque").first.wait_for()
        page.get_by_role("button", name="Accepter et continuer").click()
        page.get_by_role("heading", name="Partenaire").wait_for()
        assert refused == []
        answer = parse_qs(urlsplit(landings.reached[-1]).query)
        assert answer["state"] == [state]
        assert answer["iss"] == [metadata["issuer"]]
        token = client.fetch_token(
            metadata["token_endpoint"],
            authorization_response=landings.reached[-1],
            code_verifier=verifier,
            state=state,
        )
        claims = verified(metadata, token["id_token"], registered["client_id"], nonce)
        assert claims["acr"] == "niveau1"
        told = client.get(metadata["userinfo_endpoint"]).json()
        assert told["sub"] == claims["sub"]
        assert told["email"] == person["email"]
        renewed = client.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
        assert client.get(metadata["userinfo_endpoint"]).json()["sub"] == claims["sub"]
        second_entry(page, client, metadata, landings)
        leave = {
            "id_token_hint": token["id_token"],
            "post_logout_redirect_uri": f"{landings.base}/au-revoir",
            "state": "fin",
        }
        page.goto(f"{metadata['end_session_endpoint']}?{urlencode(leave)}")
        expect(page.get_by_role("heading", name="Partenaire")).to_be_visible()
        assert landings.reached[-1] == f"{landings.base}/au-revoir?state=fin"
        page.goto(f"{live_portal.url}/preferences/applications/")
        expect(page).to_have_url(re.compile("/connexion/"))
        assert client.get(metadata["userinfo_endpoint"]).status_code == 401
        over = httpx.post(
            metadata["token_endpoint"],
            data={"grant_type": "refresh_token", "refresh_token": renewed["refresh_token"]},
            auth=(registered["client_id"], registered["client_secret"]),
        )
        assert over.json()["error"] == "invalid_grant"
        told = wait_until(lambda: landings.told, 5, "the sign-out told to the partner")
        keys = KeySet.import_key_set(httpx.get(metadata["jwks_uri"]).json())
        logout = jwt.decode(told[0], keys, algorithms=["RS256"])
        assert logout.header["typ"] == "logout+jwt"
        assert (logout.claims["sid"], logout.claims["sub"]) == (claims["sid"], claims["sub"])


def second_entry(page: Any, client: OAuth2Client, metadata: dict[str, Any], landings: Landings) -> None:
    """With the session open and the agreement given, nothing is asked."""
    url, _ = client.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=secrets.token_urlsafe(48), nonce="n", prompt="none"
    )
    page.goto(url)
    expect(page.get_by_role("heading", name="Partenaire")).to_be_visible()
    assert "code=" in landings.reached[-1]


def verified(metadata: dict[str, Any], token: str, client_id: str, nonce: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(httpx.get(metadata["jwks_uri"]).json())
    claims: dict[str, Any] = jwt.decode(token, keys, algorithms=["RS256", "ES256"]).claims
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": metadata["issuer"]},
        aud={"essential": True, "value": client_id},
        nonce={"essential": True, "value": nonce},
        exp={"essential": True},
        iat={"essential": True},
    )
    registry.validate(claims)
    return claims
