"""From the button to the session, against the simulator running beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import SecurityEvent
from accounts.psc import attempts, session
from tests.psc.conftest import BASILE, Browser, Simulator
from tests.support.sign_in import make_person, sign_in

pytestmark = pytest.mark.django_db


@pytest.mark.feature("ROR-067", "ROR-078", "ROR-079")
def test_an_unknown_ecps_leads_to_the_page_that_links_or_creates(
    start: Callable[..., str], wallet_browser: Browser, come_back: Callable[[str], Any]
) -> None:
    answer = come_back(wallet_browser.approve(start()))

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/connexion/rattachement/"


@pytest.mark.security("RP-1", "RP-5")
def test_what_is_asked_is_ours_alone(client: Client, psc: Simulator) -> None:
    query = "?scope=openid+evil&auth_params=acr_values%3Dlow&acr_values=low&redirect_uri=https://evil.example/&next=//evil"
    answer = client.post(
        f"/connexion/ecps/{query}", {"scope": "x", "acr_values": "low", "next": "https://evil.example/"}
    )
    asked = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}

    assert answer.headers["Location"].startswith(f"{psc.wallet}/auth?")
    assert asked["scope"] == "openid scope_all"
    assert asked["acr_values"] == "eidas1"
    assert asked["response_type"] == "code"
    assert asked["redirect_uri"] == "http://testserver/connexion/ecps/retour/"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 22
    assert len(asked["nonce"]) == 64
    assert set(asked) == {
        *("response_type", "client_id", "redirect_uri", "scope", "acr_values", "state", "nonce"),
        *("code_challenge", "code_challenge_method"),
    }
    kept = client.session[attempts.KEY][0]
    assert kept["next_url"] == ""
    assert kept["nonce"] == asked["nonce"]
    assert kept["verifier"] not in answer.headers["Location"]


@pytest.mark.security("RP-1")
def test_two_attempts_share_nothing(start: Callable[..., str]) -> None:
    first, second = (parse_qs(urlsplit(start()).query) for _ in range(2))

    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]


@pytest.mark.security("RP-5")
def test_a_link_does_not_start_anything(client: Client, psc: Simulator) -> None:
    answer = client.get("/connexion/ecps/?next=/preferences/")

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/connexion/"
    assert attempts.KEY not in client.session


def test_the_button_asks_for_its_token(psc: Simulator) -> None:
    answer = Client(enforce_csrf_checks=True).post("/connexion/ecps/")

    assert answer.status_code == 403


@pytest.mark.security("RP-1")
def test_an_answer_serves_once(
    start: Callable[..., str], wallet_browser: Browser, come_back: Callable[[str], Any]
) -> None:
    url = wallet_browser.approve(start())
    come_back(url)
    answer = come_back(url)

    assert answer.status_code == 400
    assert "plus valable" in answer.content.decode()
    assert SecurityEvent.objects.filter(reason="state", method="ecps").exists()


@pytest.mark.security("RP-1")
def test_an_answer_is_useless_in_another_browser(
    start: Callable[..., str], wallet_browser: Browser, psc: Simulator
) -> None:
    url = wallet_browser.approve(start())
    stranger = Client()
    stranger.post("/connexion/ecps/")
    answer = stranger.get(url.removeprefix("http://testserver"))

    assert answer.status_code == 400
    assert "_auth_user_id" not in stranger.session


@pytest.mark.security("RP-1")
def test_an_old_attempt_is_over(
    client: Client, start: Callable[..., str], wallet_browser: Browser, come_back: Callable[[str], Any]
) -> None:
    url = wallet_browser.approve(start())
    store = client.session
    store[attempts.KEY] = [{**store[attempts.KEY][0], "started_at": 1.0}]
    store.save()

    assert come_back(url).status_code == 400


def test_several_tabs_may_be_under_way(
    start: Callable[..., str], wallet_browser: Browser, come_back: Callable[[str], Any]
) -> None:
    first, _second = start(), start()

    assert come_back(wallet_browser.approve(first)).status_code == 302


@pytest.mark.parametrize(
    ("action", "title"),
    [
        ("refuse", "Connexion par e-CPS abandonnée"),
        ("wrong", "Connexion par e-CPS abandonnée"),
        ("expire", "Le temps pour valider la demande est écoulé"),
    ],
)
def test_what_the_telephone_does_not_validate_opens_nothing(
    client: Client,
    start: Callable[..., str],
    wallet_browser: Browser,
    come_back: Callable[[str], Any],
    action: str,
    title: str,
) -> None:
    answer = come_back(wallet_browser.approve(start(next="/preferences/"), action=action))
    page = answer.content.decode()

    assert answer.status_code == 403
    assert title in page
    assert "onglet=mot-de-passe&amp;next=%2Fpreferences%2F" in page
    assert 'action="/connexion/ecps/"' in page
    assert "_auth_user_id" not in client.session


@pytest.mark.feature("ROR-077")
def test_leaving_the_authentication_opens_nothing(
    start: Callable[..., str], wallet_browser: Browser, come_back: Callable[[str], Any]
) -> None:
    page = str(wallet_browser.open(start()).url)
    waiting = wallet_browser.http.post(page + "ecps", data={"identifiant": BASILE}).headers["Location"]
    answer = wallet_browser.http.post(waiting + "quitter")

    assert "abandonnée" in come_back(answer.headers["Location"]).content.decode()


@pytest.mark.security("RP-3")
def test_a_step_up_refuses_a_sign_in_of_before(
    client: Client, psc: Simulator, wallet_browser: Browser, start: Callable[..., str], rf: Any
) -> None:
    """`fresh` asks PSC again although its session is open, and reads when the person really proved who they are."""
    wallet_browser.approve(start())
    silent = wallet_browser.open(start())
    assert silent.headers["Location"].startswith("http://testserver/")

    from accounts.psc import client as psc_client  # noqa: PLC0415

    request = rf.post("/")
    request.session = client.session
    attempt = attempts.begin(request, next_url="", is_fresh=True)
    asked = wallet_browser.open(psc_client.authorization_url(attempt))
    assert "Connectez-vous" in asked.text


@pytest.mark.security("RP-7", "OP-8")
@pytest.mark.parametrize(
    ("seconds", "is_fresh", "is_new"), [(-25, True, True), (-45, True, False), (-25, False, False)]
)
def test_a_clock_behind_ours_does_not_date_a_new_proof_before_the_question(
    client: Client,
    psc: Simulator,
    wallet_browser: Browser,
    rf: Any,
    seconds: int,
    is_fresh: bool,
    is_new: bool,
) -> None:
    """Else whoever is asked for a new proof is asked again and again until the two clocks have met."""
    from accounts.psc import client as psc_client  # noqa: PLC0415

    request = rf.post("/")
    request.session = client.session
    attempt = attempts.begin(request, next_url="", is_fresh=is_fresh)
    psc.set(clock=seconds, auto="approved")
    back = wallet_browser.approve(psc_client.authorization_url(attempt))
    proven = psc_client.redeem(parse_qs(urlsplit(back).query)["code"][0], attempt).identity
    assert proven.auth_time is not None
    assert (proven.auth_time.timestamp() >= attempt.started_at - 0.001) is is_new


# --- leaving --------------------------------------------------------------------------------------------------
def test_leaving_the_portal_ends_the_session_there_too(
    client: Client,
    psc: Simulator,
    start: Callable[..., str],
    wallet_browser: Browser,
    come_back: Callable[[str], Any],
    rf: Any,
) -> None:
    come_back(wallet_browser.approve(start()))
    assert psc.set()["sessions"] == 1
    request = rf.post("/deconnexion/")
    request.COOKIES.update({name: morsel.value for name, morsel in client.cookies.items()})
    url = session.logout_url(request)

    left = wallet_browser.http.get(url)
    assert left.headers["Location"].startswith("http://testserver/connexion/ecps/deconnexion/?state=")
    assert psc.set()["sessions"] == 0
    assert session.logout_url(request) == ""
    answer = come_back(left.headers["Location"])
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert client.cookies[session.COOKIE].value == ""


def test_the_return_from_leaving_needs_no_state(
    client: Client,
    psc: Simulator,
    start: Callable[..., str],
    wallet_browser: Browser,
    come_back: Callable[[str], Any],
    rf: Any,
) -> None:
    psc.set(failure="logout_without_state")
    come_back(wallet_browser.approve(start()))
    request = rf.post("/deconnexion/")
    request.COOKIES.update({name: morsel.value for name, morsel in client.cookies.items()})
    left = wallet_browser.http.get(session.logout_url(request))

    assert left.headers["Location"] == "http://testserver/connexion/ecps/deconnexion/"
    assert come_back(left.headers["Location"]).headers["Location"] == "/"


def test_nothing_is_ended_for_who_did_not_come_by_psc(psc: Simulator, rf: Any) -> None:
    assert session.logout_url(rf.get("/")) == ""
    request = rf.get("/")
    request.COOKIES[session.COOKIE] = "n'importe quoi ✗"
    assert session.logout_url(request) == ""


@pytest.mark.security("DAT-2")
def test_what_waits_for_the_sign_out_is_sealed(
    client: Client, start: Callable[..., str], wallet_browser: Browser, come_back: Callable[[str], Any]
) -> None:
    from django.core.cache import cache  # noqa: PLC0415

    come_back(wallet_browser.approve(start()))
    handle = client.cookies[session.COOKIE].value
    sealed = cache.get(session._name(handle))

    assert sealed and "eyJ" not in sealed
    assert client.cookies[session.COOKIE]["httponly"]
    assert client.cookies[session.COOKIE]["samesite"] == "Lax"


def test_a_signed_in_person_reads_a_refusal_and_goes_back(
    client: Client,
    psc: Simulator,
    start: Callable[..., str],
    wallet_browser: Browser,
    come_back: Callable[[str], Any],
) -> None:
    sign_in(client, make_person())
    answer = come_back(wallet_browser.approve(start(next="/preferences/"), action="refuse"))

    assert 'href="/preferences/"' in answer.content.decode()
    assert "Se connecter autrement" not in answer.content.decode()
