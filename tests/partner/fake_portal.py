"""The least of an OpenID provider: one person, one code, tokens signed as asked. The real one has tests of its own."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

EVENT = "http://schemas.openid.net/event/backchannel-logout"
SUB = "5d7f2b1e-0000-4000-8000-000000000001"
SECRET = "secret-du-partenaire"


class FakePortal(ThreadingHTTPServer):
    """`wrong` changes claims of the next ID tokens; `challenges` keeps the PKCE challenge of each code."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://localhost:{self.server_address[1]}"
        self.key = RSAKey.generate_key(2048, auto_kid=True)
        self.codes: dict[str, dict[str, str]] = {}
        self.access: set[str] = set()
        self.wrong: dict[str, Any] = {}
        self.person = {
            "sub": SUB,
            "name": "Ariane Martel",
            "email": "ariane@cabinet.example",
            "rpps": "99700000012",
        }
        self.renewals = 0
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def approve(self, authorization_url: str) -> str:
        """What the portal answers to the browser: the address of return with a code."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(authorization_url).query).items()}
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}&iss={self.url}"

    def sign(self, claims: dict[str, Any], *, typ: str = "JWT", key: Any = None) -> str:
        used = key or self.key
        return jwt.encode({"alg": "RS256", "kid": used.kid, "typ": typ}, claims, used)

    def id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": SUB,
            "aud": asked["client_id"],
            "iat": now,
            "exp": now + 300,
            "auth_time": now - 5,
            "acr": "niveau2",
            "amr": ["pwd", "otp", "mfa"],
            "sid": "session-1",
            "nonce": asked["nonce"],
        }
        return self.sign(claims | self.wrong)

    def logout_token(self, *, key: Any = None, typ: str = "logout+jwt", **changes: Any) -> str:
        """A right logout token, with changes; None takes a claim away."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.url,
            "aud": "via",
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_urlsafe(12),
            "sid": "session-1",
            "sub": SUB,
            "events": {EVENT: {}},
        }
        return self.sign(
            {name: value for name, value in {**claims, **changes}.items() if value is not None},
            typ=typ,
            key=key,
        )

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if form.get("grant_type") == "refresh_token":
            return self._renew(form)
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or proof != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        return 200, self._tokens() | {"id_token": self.id_token(asked)}

    def _renew(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if form.get("refresh_token") != f"renouvellement-{self.renewals}":
            return 400, {"error": "invalid_grant"}
        self.renewals += 1
        return 200, self._tokens()

    def _tokens(self) -> dict[str, Any]:
        access = secrets.token_urlsafe(16)
        self.access.add(access)
        refresh = f"renouvellement-{self.renewals}"
        return {"access_token": access, "token_type": "Bearer", "expires_in": 300, "refresh_token": refresh}

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    server: FakePortal

    def do_GET(self) -> None:
        portal = self.server
        if self.path == "/.well-known/openid-configuration":
            names = {
                "authorization": "/auto",
                "token": "/jetons",
                "userinfo": "/identite",
                "end_session": "/fin",
            }
            told = {f"{name}_endpoint": portal.url + path for name, path in names.items()}
            self._answer(200, {"issuer": portal.url, "jwks_uri": portal.url + "/cles", **told})
        elif self.path == "/cles":
            self._answer(200, KeySet([portal.key]).as_dict(private=False))
        elif self.path == "/identite":
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            self._answer(*((200, portal.person) if token in portal.access else (401, {})))
        else:
            self._answer(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        basic = base64.b64encode(f"via:{SECRET}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {basic}":
            self._answer(401, {"error": "invalid_client"})
            return
        self._answer(*self.server.token(form))

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""
