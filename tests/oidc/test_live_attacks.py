"""A hostile partner and a thief against the running portal: several processes, a real network, real concurrency."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import psycopg
import pytest

from tests.support.processes import LivePortal, wait_until

CODE = re.compile(r"(?<!\d)(\d{6})(?!\d)")
SCOPES = "openid profile email"
AT_ONCE = 8


class DrippingServer:
    """Answers a byte at a time, for ever: each read succeeds, nothing ever comes."""

    def __init__(self) -> None:
        self.calls: list[float] = []
        self._stop = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._socket.getsockname()[1]}/deconnexion"
        self._drips: list[threading.Thread] = []
        self._server = threading.Thread(target=self._serve, daemon=True)
        self._server.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while not self._stop.is_set():
                line, _ = self._socket.accept()
                self.calls.append(time.monotonic())
                self._drips.append(threading.Thread(target=self._drip, args=(line,), daemon=True))
                self._drips[-1].start()

    def _drip(self, line: socket.socket) -> None:
        with line, suppress(OSError):
            line.sendall(b"HTTP/1.1 200 OK\r\nX-Lent: ")
            while not self._stop.wait(0.5):
                line.sendall(b"a")

    def close(self) -> None:
        """Every socket closed by the thread that uses it: none is left to a later test."""
        self._stop.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._server.join(5)
        self._socket.close()
        for drip in self._drips:
            drip.join(5)


class Person:
    """A browser without pages: signs in by password and mailed code, then asks for entries."""

    def __init__(self, portal: LivePortal, login: str) -> None:
        self.portal = portal
        self.http = httpx.Client(base_url=portal.url, timeout=20)
        person = next(one for one in portal.people if one["login"] == login)
        before = max((message.id for message in portal.messages(person["email"])), default=0)
        self.post("/connexion/", identifiant=login, mot_de_passe=person["password"])
        page = self.http.get("/connexion/verification/").text
        if "Recevoir un code par e-mail" in page:
            self.post("/connexion/verification/envoyer/", on="/connexion/verification/", moyen="mail")

        def code() -> str:
            recent = [one for one in portal.messages(person["email"]) if one.id > before]
            return next((found.group(1) for one in recent if (found := CODE.search(one.text))), "")

        typed = wait_until(code, 15, "the code of the sign-in")
        answer = self.post("/connexion/verification/", preuve=typed, moyen="mail")
        assert answer.headers["location"] == "/", answer.text[:500]

    def post(self, path: str, *, on: str = "", **form: str) -> httpx.Response:
        """Send a form as the page `on` (its own address by default) would."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.http.get(on or path).text)
        assert token is not None
        data = {"csrfmiddlewaretoken": token[1], **form}
        return self.http.post(path, data=data, headers={"Referer": self.portal.url + (on or path)})


class Client:
    """One registered partner, with its verifier."""

    def __init__(self, told: dict[str, Any], portal: LivePortal) -> None:
        self.id, self.secret = told["client_id"], told["client_secret"]
        self.uri = told["redirect_uris"][0]
        self.url = portal.url
        self.verifier = secrets.token_urlsafe(48)

    def query(self, **changes: str) -> dict[str, str]:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return {
            "response_type": "code", "client_id": self.id, "redirect_uri": self.uri, "scope": SCOPES, "state": "s",
            "nonce": "n", "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        } | changes  # fmt: skip

    def code(self, person: Person) -> str:
        answer = person.http.get("/openid/autorisation/", params=self.query())
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    def token(self, **form: str) -> httpx.Response:
        return httpx.post(f"{self.url}/openid/jetons/", data=form, auth=(self.id, self.secret), timeout=20)

    def redeem(self, code: str) -> httpx.Response:
        return self.token(
            grant_type="authorization_code", code=code, redirect_uri=self.uri, code_verifier=self.verifier
        )

    def userinfo(self, access: str) -> int:
        answer = httpx.get(
            f"{self.url}/openid/identite/", headers={"Authorization": f"Bearer {access}"}, timeout=20
        )
        return answer.status_code


@pytest.fixture(scope="module")
def dripping() -> Iterator[DrippingServer]:
    server = DrippingServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def declare(live_portal: LivePortal, dripping: DrippingServer) -> Callable[[str], Client]:
    def make(name: str) -> Client:
        told = live_portal.manage(
            "client_oidc", "creer", name, "--nom", name, "--contact", "a@b.example",
            "--retour", f"https://{name}.example/retour", "--prevenir", dripping.url,
            "--donnees", SCOPES, "--region", "--json",
        )  # fmt: skip
        return Client(json.loads(told), live_portal)

    return make


@pytest.fixture(scope="module")
def partner(declare: Callable[[str], Client]) -> Client:
    return declare("attaque-un")


@pytest.fixture(scope="module")
def other(declare: Callable[[str], Client]) -> Client:
    return declare("attaque-deux")


@pytest.fixture(scope="module")
def person(live_portal: LivePortal) -> Iterator[Person]:
    somebody = Person(live_portal, "noe.barrandon")
    yield somebody
    somebody.http.close()


def at_once(work: Callable[[], httpx.Response]) -> list[httpx.Response]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [future.result() for future in [pool.submit(work) for _ in range(AT_ONCE)]]


@pytest.mark.security("OP-4")
def test_one_code_redeemed_eight_times_at_once_gives_once_and_then_nothing(
    partner: Client, person: Person
) -> None:
    for _ in range(3):
        code = partner.code(person)
        answers = at_once(lambda code=code: partner.redeem(code))  # type: ignore[misc]
        assert sorted(answer.status_code for answer in answers) == [200] + [400] * (AT_ONCE - 1)
        winner = next(answer for answer in answers if answer.status_code == 200)
        assert partner.userinfo(winner.json()["access_token"]) == 401, "a replay revokes what was issued"


@pytest.mark.security("OP-5")
def test_one_refresh_token_used_eight_times_at_once_ends_the_family(partner: Client, person: Person) -> None:
    first = partner.redeem(partner.code(person)).json()
    answers = at_once(lambda: partner.token(grant_type="refresh_token", refresh_token=first["refresh_token"]))
    assert [answer.status_code for answer in answers].count(200) <= 1
    for answer in answers:
        if answer.status_code == 200:
            assert partner.userinfo(answer.json()["access_token"]) == 401
            again = partner.token(grant_type="refresh_token", refresh_token=answer.json()["refresh_token"])
            assert again.status_code == 400


@pytest.mark.security("OP-11", "OP-4")
def test_one_partner_gets_nothing_with_what_belongs_to_another(
    partner: Client, other: Client, person: Person
) -> None:
    code = partner.code(person)
    stolen = other.token(
        grant_type="authorization_code", code=code, redirect_uri=partner.uri, code_verifier=partner.verifier
    )
    assert stolen.status_code == 400 and partner.redeem(code).status_code == 400
    tokens = partner.redeem(partner.code(person)).json()
    assert other.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"]).status_code == 400
    for path in ("revocation", "introspection"):
        httpx.post(
            f"{other.url}/openid/{path}/",
            data={"token": tokens["access_token"]},
            auth=(other.id, other.secret),
        )
    assert partner.userinfo(tokens["access_token"]) == 200


@pytest.mark.security("OP-1", "OP-2", "OP-10")
@pytest.mark.parametrize(
    "extra",
    [
        "&redirect_uri=https%3A%2F%2Fmechant.example",
        "&client_id=attaque-deux",
        "&state=1&state=2",
        "&state=" + "x" * 60_000,
        "&nonce=" + "x" * 5_000,
        "&" + "&".join(f"p{n}=1" for n in range(3_000)),
        "&scope=openid%00",
        "&prompt=none%20login",
        "&request_uri=http%3A%2F%2F127.0.0.1%3A1%2F",
        "&max_age=-1",
        "&login_hint=%F0%9F%98%80%22%3E%3Cscript%3E",
    ],
)
def test_odd_requests_end_quickly_without_an_error_of_ours(
    partner: Client, person: Person, extra: str
) -> None:
    began = time.monotonic()
    answer = person.http.get(f"/openid/autorisation/?{urlencode(partner.query())}{extra}")
    assert time.monotonic() - began < 5
    assert answer.status_code < 500
    place = answer.headers.get("location", "")
    assert not place or place.startswith((partner.uri + "?", "/connexion/")), place
    assert "mechant" not in place and "<script>" not in answer.text


@pytest.mark.security("OP-6")
@pytest.mark.parametrize(
    "body",
    [
        "grant_type=authorization_code&code=x&code=y",
        "grant_type=password&username=a&password=b",
        "grant_type=refresh_token&refresh_token=" + "x" * 100_000,
        "grant_type=authorization_code&code=%00",
        "%",
        "",
        "&".join(f"p{n}=1" for n in range(3_000)),
    ],
)
def test_odd_bodies_at_the_token_endpoint_are_refused(partner: Client, body: str) -> None:
    answer = httpx.post(
        f"{partner.url}/openid/jetons/",
        content=body,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        auth=(partner.id, partner.secret),
    )
    assert 400 <= answer.status_code < 500
    assert answer.headers["cache-control"].startswith("no-store") or answer.status_code in {400, 413}


@pytest.mark.security("SES-1", "OP-8")
@pytest.mark.parametrize("value", ["", "x", "a" * 5_000, "../../etc", "é", "0" * 43])
def test_a_session_made_up_enters_nowhere(partner: Client, live_portal: LivePortal, value: str) -> None:
    answer = httpx.get(
        f"{live_portal.url}/openid/autorisation/",
        params=partner.query(prompt="none"),
        headers={"Cookie": f"sessionid={value}".encode()},
    )
    told = parse_qs(urlsplit(answer.headers["location"]).query)
    assert told["error"] == ["login_required"] and "code" not in told


@pytest.mark.security("OP-16")
def test_a_partner_that_drips_its_answer_does_not_hold_the_sign_out_nor_the_others(
    partner: Client, live_portal: LivePortal, dripping: DrippingServer
) -> None:
    """Each byte in time, never the end: the call is cut, noted, and tried again later."""
    leaver = Person(live_portal, "noe.barrandon")
    partner.redeem(partner.code(leaver))
    before = len(dripping.calls)
    began = time.monotonic()
    leaver.post("/deconnexion/", on="/preferences/")
    assert time.monotonic() - began < 3, "signing out waits for nobody"
    leaver.http.close()
    wait_until(lambda: len(dripping.calls) > before, 10, "the partner called")

    def noted() -> bool:
        with psycopg.connect(live_portal.database_url) as connection:
            row = connection.execute(
                "select tries, last_error from hub_openidlogout order by id desc limit 1"
            ).fetchone()
        return bool(row and row[0] and row[1])

    wait_until(noted, 12, "the cut call noted")
