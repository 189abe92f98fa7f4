"""One browser with a live session and one partner's server: entries, renewals, readings of UserInfo.

An entry is authorization with a live session, then the exchange of its code with PKCE.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit


@dataclass(frozen=True)
class Provider:
    """Where a partner goes, who it is there, and the cookie of the session that its person has open."""

    port: int
    authorization: str
    token: str
    userinfo: str
    client: dict[str, Any]
    cookie: str


class Partner:
    """Each of the two on a kept connection."""

    def __init__(self, provider: Provider) -> None:
        port, client = provider.port, provider.client
        self._provider = provider
        self._host = f"localhost:{port}"
        self._browser = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._server = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._client, self._cookie = client, provider.cookie
        pair = f"{quote(client['client_id'], safe='')}:{quote(client['client_secret'], safe='')}"
        self._basic = "Basic " + base64.b64encode(pair.encode()).decode()
        self._tokens: dict[str, Any] = {}

    def enter(self) -> tuple[int, int]:
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._client["client_id"],
            "redirect_uri": self._client["redirect_uris"][0],
            "scope": "openid profile email",
            "state": secrets.token_urlsafe(16),
            "nonce": secrets.token_urlsafe(16),
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        self._browser.request(
            "GET",
            f"{self._provider.authorization}?{urlencode(query)}",
            headers={"Host": self._host, "Cookie": self._cookie},
        )
        answer = self._browser.getresponse()
        answer.read()
        code = parse_qs(urlsplit(answer.headers.get("Location", "")).query).get("code", [""])[0]
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": query["redirect_uri"],
            "code_verifier": verifier,
        }
        return self._ask_tokens(form)

    def renew(self) -> tuple[int, int]:
        if not self._tokens:
            return self.enter()
        return self._ask_tokens(
            {"grant_type": "refresh_token", "refresh_token": self._tokens["refresh_token"]}
        )

    def read(self) -> tuple[int, int]:
        if not self._tokens:
            return self.enter()
        bearer = f"Bearer {self._tokens['access_token']}"
        self._server.request(
            "GET", self._provider.userinfo, headers={"Host": self._host, "Authorization": bearer}
        )
        answer = self._server.getresponse()
        return answer.status, len(answer.read())

    def _ask_tokens(self, form: dict[str, str]) -> tuple[int, int]:
        headers = {
            "Host": self._host,
            "Authorization": self._basic,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        self._server.request("POST", self._provider.token, urlencode(form), headers)
        answer = self._server.getresponse()
        body = answer.read()
        if answer.status == 200:
            self._tokens = json.loads(body)
        return answer.status, len(body)
