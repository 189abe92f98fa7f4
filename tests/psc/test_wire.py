"""The simulator speaks as the fact sheet says the real one does."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from portal.settings import psc as psc_settings
from portal.simulators.psc import personas
from portal.simulators.psc.failures import Failures
from portal.simulators.psc.keys import claims_of
from portal.simulators.psc.state import Realm
from tests.psc.conftest import BASILE, HUGO, PORTAL, Browser, Simulator

RETURN = f"{PORTAL}/connexion/ecps/retour/"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
CIBA = "urn:openid:params:grant-type:ciba"


@pytest.fixture
def simulator(psc_process: Simulator) -> Iterator[Simulator]:
    psc_process.set(reset=True)
    yield psc_process
    psc_process.set(reset=True)


@pytest.fixture
def browser_at(simulator: Simulator) -> Iterator[Browser]:
    made = Browser(simulator)
    yield made
    made.http.close()


def authorize_url(simulator: Simulator, **changes: Any) -> str:
    asked = {
        "response_type": "code",
        "client_id": psc_settings.SIMULATOR_CLIENT,
        "redirect_uri": RETURN,
        "scope": "openid scope_all",
        "acr_values": "eidas1",
        "state": "etat",
        "nonce": "n" * 64,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return f"{simulator.wallet}/auth?{urlencode({k: v for k, v in asked.items() if v is not None})}"


def token(simulator: Simulator, auth: Any = ..., **form: str) -> httpx.Response:
    chosen = simulator.basic if auth is ... else auth
    return httpx.post(f"{simulator.openid}/token", data=form, auth=chosen)


def redeem(simulator: Simulator, code: str, /, **changes: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": RETURN,
        "code_verifier": VERIFIER,
    }
    return token(simulator, **{**form, **changes})


def answer_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def signed_in(simulator: Simulator, browser: Browser, person: str = BASILE) -> dict[str, Any]:
    code = answer_of(browser.approve(authorize_url(simulator), person))["code"]
    answer = redeem(simulator, code)
    assert answer.status_code == 200, answer.text
    given: dict[str, Any] = answer.json()
    return given


def test_discovery_has_the_names_and_traps_of_the_real_one(simulator: Simulator) -> None:
    document = httpx.get(simulator.issuer + psc_settings.WELL_KNOWN).json()

    assert document["issuer"] == simulator.issuer
    assert document["authorization_endpoint"] == f"{simulator.wallet}/auth"
    assert urlsplit(document["authorization_endpoint"]).netloc != urlsplit(document["issuer"]).netloc
    assert document["acr_values_supported"] == ["0", "0"]
    assert "none" in document["userinfo_signing_alg_values_supported"]
    assert "HS256" in document["id_token_signing_alg_values_supported"]
    assert document["backchannel_authentication_endpoint"].endswith("/ext/ciba/auth")
    assert httpx.get(simulator.issuer + "/.well-known/openid-configuration").status_code == 404


def test_a_whole_sign_in(simulator: Simulator, browser_at: Browser) -> None:
    back = answer_of(browser_at.approve(authorize_url(simulator)))
    assert back["state"] == "etat"
    assert back["iss"] == simulator.issuer
    given = redeem(simulator, back["code"]).json()
    keys = KeySet.import_key_set(httpx.get(f"{simulator.openid}/certs").json())
    claims = jwt.decode(given["id_token"], keys, algorithms=["RS256"]).claims

    assert (given["expires_in"], given["refresh_expires_in"]) == (120, 1800)
    assert claims["nonce"] == "n" * 64
    assert claims["aud"] == claims["azp"] == psc_settings.SIMULATOR_CLIENT
    assert claims["sub"].endswith(f":{BASILE}")
    assert claims["acr"] == "eidas1"
    said = httpx.get(
        f"{simulator.openid}/userinfo", headers={"Authorization": f"Bearer {given['access_token']}"}
    )
    assert said.headers["Content-Type"] == "application/json"
    assert said.json()["SubjectNameID"] == BASILE
    assert said.json()["authMode"] == "MOBILE"
    assert "activities" in said.json()["SubjectRefPro"]["exercices"][0]


def test_a_code_serves_once_and_its_replay_ends_what_it_gave(
    simulator: Simulator, browser_at: Browser
) -> None:
    code = answer_of(browser_at.approve(authorize_url(simulator)))["code"]
    access = redeem(simulator, code).json()["access_token"]

    assert redeem(simulator, code).json()["error"] == "invalid_grant"
    headers = {"Authorization": f"Bearer {access}"}
    assert httpx.get(f"{simulator.openid}/userinfo", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [{"code_verifier": "w" * 64}, {"code_verifier": ""}, {"redirect_uri": RETURN + "x"}, {"code": "autre"}],
)
def test_a_code_goes_with_its_proof_and_its_address(
    simulator: Simulator, browser_at: Browser, changes: dict[str, str]
) -> None:
    code = answer_of(browser_at.approve(authorize_url(simulator)))["code"]
    assert redeem(simulator, code, **changes).json()["error"] == "invalid_grant"


def test_a_code_lives_a_minute(simulator: Simulator, browser_at: Browser) -> None:
    code = answer_of(browser_at.approve(authorize_url(simulator)))["code"]
    simulator.set(clock=61)
    assert redeem(simulator, code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("target", [RETURN + "?x=1", RETURN.rstrip("/"), "https://evil.example/", PORTAL])
def test_the_address_of_return_is_exact(simulator: Simulator, target: str) -> None:
    answer = httpx.get(authorize_url(simulator, redirect_uri=target))

    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "scope_all"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
        ({"code_challenge_method": "S512"}, "invalid_request"),
    ],
)
def test_a_request_that_cannot_be_served_says_so(
    simulator: Simulator, changes: dict[str, str], error: str
) -> None:
    back = answer_of(httpx.get(authorize_url(simulator, **changes)).headers["Location"])
    assert (back["error"], back["state"]) == (error, "etat")


def test_an_open_session_is_silent_and_a_fresh_login_is_not(
    simulator: Simulator, browser_at: Browser
) -> None:
    signed_in(simulator, browser_at)

    assert "code" in answer_of(browser_at.open(authorize_url(simulator)).headers["Location"])
    assert "code" in answer_of(browser_at.open(authorize_url(simulator, prompt="none")).headers["Location"])
    assert "Connectez-vous" in browser_at.open(authorize_url(simulator, prompt="login")).text


@pytest.mark.parametrize(("seconds", "is_open"), [(1700, True), (1900, False)])
def test_a_session_ends_after_half_an_hour_without_use(
    simulator: Simulator, browser_at: Browser, seconds: int, is_open: bool
) -> None:
    signed_in(simulator, browser_at)
    simulator.set(clock=seconds)
    assert (browser_at.open(authorize_url(simulator)).is_redirect) is is_open


def test_a_session_ends_after_four_hours_of_use(simulator: Simulator, browser_at: Browser) -> None:
    signed_in(simulator, browser_at)
    for step in range(1, 9):
        simulator.set(clock=step * 1700)
        assert browser_at.open(authorize_url(simulator)).is_redirect
    simulator.set(clock=4 * 3600 + 1)
    assert not browser_at.open(authorize_url(simulator)).is_redirect


def test_refresh_and_the_ends_of_tokens(simulator: Simulator, browser_at: Browser) -> None:
    given = signed_in(simulator, browser_at)
    simulator.set(clock=121)
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    refused = httpx.get(f"{simulator.openid}/userinfo", headers=headers)
    assert refused.status_code == 401
    assert "invalid_token" in refused.headers["WWW-Authenticate"]

    again = token(simulator, grant_type="refresh_token", refresh_token=given["refresh_token"])
    assert again.json()["access_token"] != given["access_token"]
    simulator.set(clock=1900)
    late = token(simulator, grant_type="refresh_token", refresh_token=given["refresh_token"])
    assert late.json()["error"] == "invalid_grant"


def test_introspection(simulator: Simulator, browser_at: Browser) -> None:
    given = signed_in(simulator, browser_at, HUGO)

    def ask(value: str, auth: Any = simulator.basic) -> httpx.Response:
        return httpx.post(f"{simulator.openid}/token/introspect", data={"token": value}, auth=auth)

    alive = ask(given["access_token"]).json()
    assert (alive["active"], alive["SubjectNameID"], alive["client_id"]) == (
        True,
        HUGO,
        psc_settings.SIMULATOR_CLIENT,
    )
    assert "SubjectNameID" not in ask(given["refresh_token"]).json()
    assert ask("autre").json() == {"active": False}
    assert ask(given["access_token"], ("portail-demonstration", "faux")).status_code == 401


def test_secrets_go_by_basic_or_in_the_form(simulator: Simulator) -> None:
    name, secret = simulator.basic
    assert (
        token(simulator, None, client_id=name, client_secret=secret).json()["error"]
        == "unsupported_grant_type"
    )
    for auth in (None, (name, "faux"), ("autre", secret)):
        answer = token(simulator, auth, grant_type="authorization_code")
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_keys_rotate_and_the_one_before_still_verifies(simulator: Simulator, browser_at: Browser) -> None:
    old = signed_in(simulator, browser_at)["id_token"]
    simulator.set(rotate=True)
    keys = KeySet.import_key_set(httpx.get(f"{simulator.openid}/certs").json())

    assert jwt.decode(old, keys, algorithms=["RS256"]).claims["iss"] == simulator.issuer
    simulator.set(rotate=True)
    published = httpx.get(f"{simulator.openid}/certs").json()["keys"]
    assert old.split(".")[0] not in str(published)
    assert len(published) == 3


def test_logout_ends_the_session_and_returns_to_a_declared_address(
    simulator: Simulator, browser_at: Browser
) -> None:
    given = signed_in(simulator, browser_at)
    target = f"{PORTAL}/connexion/ecps/deconnexion/"

    def leave(**query: str) -> httpx.Response:
        return httpx.get(f"{simulator.openid}/logout", params={"id_token_hint": given["id_token"], **query})

    assert leave(post_logout_redirect_uri="https://evil.example/").status_code == 400
    assert leave(post_logout_redirect_uri=target, state="s").headers["Location"] == f"{target}?state=s"
    assert leave(post_logout_redirect_uri=target).headers["Location"] == target
    assert simulator.set()["sessions"] == 0
    assert (
        token(simulator, grant_type="refresh_token", refresh_token=given["refresh_token"]).status_code == 400
    )


def test_logout_between_servers_and_without_hint(simulator: Simulator, browser_at: Browser) -> None:
    given = signed_in(simulator, browser_at)
    assert "Voulez-vous" in httpx.get(f"{simulator.openid}/logout").text
    assert simulator.set()["sessions"] == 1
    answer = httpx.post(f"{simulator.openid}/logout", data={"id_token_hint": given["id_token"]})
    assert answer.status_code == 204
    assert simulator.set()["sessions"] == 0


def test_ciba_by_polling(simulator: Simulator) -> None:
    def ask(**changes: str) -> httpx.Response:
        form = {
            "scope": "openid scope_all",
            "login_hint": BASILE,
            "binding_message": "42",
            "channel": "MOBILE",
        }
        return httpx.post(f"{simulator.openid}/ext/ciba/auth", data={**form, **changes}, auth=simulator.basic)

    asked = ask().json()
    poll = {"grant_type": CIBA, "auth_req_id": asked["auth_req_id"]}
    assert (asked["expires_in"], asked["interval"]) == (120, 1)
    assert token(simulator, **poll).json()["error"] == "authorization_pending"
    simulator.telephone(BASILE, "approve")
    assert claims_of(token(simulator, **poll).json()["id_token"])["sub"].endswith(BASILE)
    assert token(simulator, **poll).json()["error"] == "invalid_grant"
    refused = ask().json()["auth_req_id"]
    simulator.telephone(BASILE, "refuse")
    assert token(simulator, grant_type=CIBA, auth_req_id=refused).json()["error"] == "access_denied"
    late = ask().json()["auth_req_id"]
    simulator.telephone(BASILE, "expire")
    assert token(simulator, grant_type=CIBA, auth_req_id=late).json()["error"] == "expired_token"
    assert ask(binding_message="4").status_code == 400
    assert ask(login_hint="899700000039").json()["error"] == "unknown_user_id"


def test_every_persona_can_sign_in_and_is_invented(simulator: Simulator, browser_at: Browser) -> None:
    for person in personas.PERSONAS:
        assert person.email.endswith(("@demo.example", ".example"))
        assert person.phone.startswith("+3363998")
        if person.is_active:
            browser_at.http.cookies.clear()
            back = browser_at.approve(authorize_url(simulator), person.national_id)
            assert "code" in answer_of(back)


def test_a_switch_counts_its_uses() -> None:
    failures = Failures()
    failures.set("bad_signature", times=2)
    assert [failures.is_on("bad_signature") for _ in range(3)] == [True, True, False]
    failures.set("slow", endpoint="jwks", times=1)
    assert failures.at("token") is None
    assert failures.at("jwks") is not None
    assert failures.at("jwks") is None
    with pytest.raises(ValueError, match="unknown failure"):
        failures.set("rien")


def test_three_numbers_differ_and_one_is_shown() -> None:
    realm = Realm("http://localhost:1", "http://localhost:2")
    for _ in range(50):
        made = realm.demand(personas.BY_ID[BASILE], "", None)
        assert len(set(made.choices)) == 3
        assert made.number in made.choices
        assert all(len(number) == 2 for number in made.choices)


def test_other_hosts_are_not_served(simulator: Simulator) -> None:
    assert httpx.get(f"{simulator.wallet}/telephone/", headers={"Host": "evil.example"}).status_code == 400
