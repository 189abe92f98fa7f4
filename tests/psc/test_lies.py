"""Every lie and every failure of Pro Santé Connect: refused with its own reason, a page in French, no session."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from accounts.models import SecurityEvent
from accounts.psc import client as portal_client
from accounts.psc import provider
from tests.psc.conftest import Browser, Simulator

pytestmark = pytest.mark.django_db

LIES = {
    "bad_signature": "signature",
    "alg_none": "algorithm",
    "alg_hs256": "algorithm",
    "embedded_key": "signature",
    "unknown_kid": "unknown_key",
    "critical_header": "malformed",
    "wrong_iss": "issuer",
    "wrong_aud": "audience",
    "several_aud": "authorized_party",
    "wrong_azp": "authorized_party",
    "wrong_nonce": "nonce",
    "missing_nonce": "nonce",
    "expired_token": "expired",
    "future_token": "issued_at",
    "wrong_at_hash": "at_hash",
    "empty_sub": "subject",
    "acr_low": "acr",
    "missing_id_token": "no_id_token",
    "replayed_code": "code_refused",
    "sub_mismatch": "subject_mismatch",
    "missing_subject_name_id": "national_id_missing",
    "empty_subject_name_id": "national_id_missing",
    "server_error": "provider_error",
    "error_markup": "provider_error",
    "wrong_iss_parameter": "iss_parameter",
    "no_state": "state",
    "wrong_state": "state",
    "no_code": "no_code",
}
ADMITTED = ["no_acr", "acr_eidas2", "unknown_keys", "signed_userinfo", "old_auth_time", "odd_identity"]
TROUBLE = {"error_502": "unavailable", "down": "unavailable", "html": "unreadable", "garbage": "unreadable"}


def last_reason() -> str:
    event = SecurityEvent.objects.order_by("-pk").first()
    assert event is not None
    assert (event.action, event.outcome, event.method) == ("sign_in_refused", "refused", "ecps")
    return str(event.reason)


def is_refused(client: Client, answer: Any) -> None:
    page = answer.content.decode()
    assert 400 <= answer.status_code < 500
    assert "_auth_user_id" not in client.session
    assert "strong_pending" not in client.session
    assert page.count("<h1") == 1
    assert "onglet=mot-de-passe" in page
    assert "onglet=carte" in page
    assert "alert(1)" not in page


@pytest.mark.security("RP-2", "RP-3", "RP-6")
@pytest.mark.parametrize(("lie", "reason"), LIES.items())
def test_a_lie_is_refused_with_its_own_reason(
    client: Client,
    psc: Simulator,
    start: Callable[..., str],
    wallet_browser: Browser,
    come_back: Callable[[str], Any],
    lie: str,
    reason: str,
) -> None:
    url = start()
    psc.set(failure=lie, auto="approved")
    answer = come_back(wallet_browser.approve(url))

    is_refused(client, answer)
    assert last_reason() == reason


@pytest.mark.security("RP-6")
@pytest.mark.parametrize("oddity", ADMITTED)
def test_what_is_merely_odd_is_admitted(
    psc: Simulator,
    start: Callable[..., str],
    wallet_browser: Browser,
    come_back: Callable[[str], Any],
    oddity: str,
) -> None:
    url = start()
    psc.set(failure=oddity, auto="approved")
    answer = come_back(wallet_browser.approve(url))

    assert (answer.status_code, answer.headers["Location"]) == (302, "/connexion/rattachement/")
    assert come_back("http://testserver/connexion/rattachement/").status_code == 200


@pytest.mark.security("RP-6")
@pytest.mark.parametrize("endpoint", ["discovery", "jwks", "token", "userinfo"])
@pytest.mark.parametrize(("trouble", "reason"), TROUBLE.items())
def test_a_broken_service_gives_a_page_that_offers_the_other_doors(
    client: Client,
    psc: Simulator,
    start: Callable[..., str],
    wallet_browser: Browser,
    come_back: Callable[[str], Any],
    trouble: str,
    reason: str,
    endpoint: str,
) -> None:
    url = wallet_browser.approve(start()) if endpoint != "discovery" else ""
    provider.forget()
    psc.set(failure=trouble, endpoint=endpoint)
    answer = client.post("/connexion/ecps/") if endpoint == "discovery" else come_back(url)

    is_refused(client, answer)
    assert answer.status_code == 424
    assert last_reason() == reason
    assert "ne répond pas correctement" in answer.content.decode()


@pytest.mark.security("RP-6")
def test_a_slow_service_is_left_within_ten_seconds(
    client: Client,
    psc: Simulator,
    start: Callable[..., str],
    wallet_browser: Browser,
    come_back: Callable[[str], Any],
) -> None:
    url = wallet_browser.approve(start())
    psc.set(failure="slow", endpoint="token", seconds=15)
    began = time.monotonic()
    answer = come_back(url)

    assert time.monotonic() - began < 10
    is_refused(client, answer)
    assert last_reason() == "unavailable"


@pytest.mark.security("RP-6")
def test_a_service_that_answers_a_byte_at_a_time_is_left(
    client: Client, psc: Simulator, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each read comes in time, the head of the answer never ends: the thread is not held."""
    monkeypatch.setattr(portal_client, "START_SECONDS", 1.0)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            line, _ = server.accept()
            with line, suppress(OSError):
                line.sendall(b"HTTP/1.1 200 OK\r\nX-Lent: ")
                while not over.wait(0.1):
                    line.sendall(b"a")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        settings.PSC = replace(settings.PSC, discovery_url=address)
        threading.Timer(5, over.set).start()
        began = time.monotonic()
        answer = client.post("/connexion/ecps/")
        assert time.monotonic() - began < 3
        over.set()
        thread.join(2)

    is_refused(client, answer)
    assert last_reason() == "unavailable"


@pytest.mark.security("RP-2", "RP-6")
@pytest.mark.parametrize("lie", ["wrong_issuer_discovery", "foreign_endpoint"])
def test_a_service_that_publishes_other_addresses_is_refused(
    client: Client, psc: Simulator, lie: str
) -> None:
    psc.set(failure=lie)
    is_refused(client, client.post("/connexion/ecps/"))
    assert last_reason() == "discovery"


@pytest.mark.security("RP-6")
def test_nobody_listening_gives_the_same_page(client: Client, psc: Simulator, settings: Any) -> None:
    settings.PSC = replace(settings.PSC, discovery_url="http://localhost:1/x")
    is_refused(client, client.post("/connexion/ecps/"))
    assert last_reason() == "unavailable"


@pytest.mark.security("RP-7")
@pytest.mark.parametrize(("seconds", "is_admitted"), [(25, True), (-25, True), (7200, False), (-7200, False)])
def test_half_a_minute_between_the_clocks_is_admitted_two_hours_are_not(
    psc: Simulator,
    start: Callable[..., str],
    wallet_browser: Browser,
    come_back: Callable[[str], Any],
    seconds: int,
    is_admitted: bool,
) -> None:
    url = start()
    psc.set(clock=seconds)
    answer = come_back(wallet_browser.approve(url))

    assert (answer.status_code == 302) is is_admitted


@pytest.mark.security("RP-2")
def test_a_change_of_key_goes_unseen(
    psc: Simulator, start: Callable[..., str], wallet_browser: Browser, come_back: Callable[[str], Any]
) -> None:
    psc.set(auto="approved")
    assert come_back(wallet_browser.approve(start())).status_code == 302
    psc.set(rotate=True)
    wallet_browser.http.cookies.clear()
    assert come_back(wallet_browser.approve(start())).status_code == 302


@pytest.mark.security("RP-2")
def test_unknown_keys_make_us_read_again_once_a_minute_at_most(
    psc: Simulator,
    start: Callable[..., str],
    wallet_browser: Browser,
    come_back: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads = []
    read = provider._read_keys
    monkeypatch.setattr(provider, "_read_keys", lambda line, url: reads.append(url) or read(line, url))
    psc.set(failure="unknown_kid", auto="approved")
    for _ in range(3):
        come_back(wallet_browser.approve(start()))

    assert len(reads) == 2, "the first reading, then one more for the unknown key"


@pytest.mark.security("RP-2")
@pytest.mark.parametrize("token_auth", ["client_secret_basic", "client_secret_post"])
def test_the_secret_goes_the_way_the_settings_say(
    settings: Any,
    psc: Simulator,
    start: Callable[..., str],
    wallet_browser: Browser,
    come_back: Callable[[str], Any],
    token_auth: str,
) -> None:
    settings.PSC = replace(settings.PSC, token_auth=token_auth)
    psc.set(auto="approved")
    assert come_back(wallet_browser.approve(start())).status_code == 302

    settings.PSC = replace(settings.PSC, client_secret="un autre")
    answer = come_back(wallet_browser.approve(start()))
    assert answer.status_code == 424
    assert last_reason() == "client_refused"


def test_strays_do_not_fill_the_journal(client: Client, psc: Simulator) -> None:
    for _ in range(30):
        assert client.get("/connexion/ecps/retour/?state=x&code=y").status_code == 400
    assert SecurityEvent.objects.count() == 20


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=",
        "state=%00&code=%00",
        "state=é&code=é",
        "state=a&state=b&code=c",
        "state=" + "a" * 5000,
        "state[]=a&code[]=b",
        "error=access_denied&error_description=%3Cscript%3E",
        "code=%ff%fe&state=%ff",
    ],
)
def test_any_answer_gets_a_page(client: Client, psc: Simulator, query: str) -> None:
    client.post("/connexion/ecps/")
    answer = client.get(f"/connexion/ecps/retour/?{query}")

    assert answer.status_code == 400
    assert "<script>" not in answer.content.decode().replace("<script nonce", "")


def test_a_portal_without_psc_says_so(client: Client, db: None) -> None:
    answer = client.post("/connexion/ecps/")

    assert answer.status_code == 404
    assert "n’est pas ouverte" in answer.content.decode()
    assert "onglet=mot-de-passe" in answer.content.decode()
