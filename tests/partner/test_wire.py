"""The partner application on the wire: entry, first link, sign-out in both directions, failures on demand."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

from portal.simulators.partner.people import ACCOUNTS
from tests.partner.conftest import Browser, PartnerProcess
from tests.support.processes import ROOT

ACCOUNT = ACCOUNTS[0]


def test_the_request_carries_state_nonce_and_an_s256_challenge(somebody: Browser) -> None:
    asked = parse_qs(urlsplit(somebody.leave_for_portal()).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert "openid" in asked["scope"][0].split()
    assert len(asked["state"][0]) > 40
    assert len(asked["nonce"][0]) > 40


@pytest.mark.feature("VT-006", "VT-032")
def test_the_first_entry_asks_for_the_account_of_the_application(somebody: Browser) -> None:
    page = somebody.enter()
    assert page.url.path == "/rattachement/"
    for words in (
        "Espace professionnel",
        "Vous êtes un professionnel en établissement et vous avez déjà un compte ViaTrajectoire. "
        "Authentifiez-vous avec vos identifiants habituels",
        "Identité : <strong>Ariane Martel</strong>",
        "Nom d’utilisateur",
        "Mot de passe",
        "Se connecter",
    ):
        assert words in page.text


@pytest.mark.feature("VT-033")
def test_once_linked_the_next_entry_opens_at_once(somebody: Browser, partner: PartnerProcess) -> None:
    somebody.enter()
    page = somebody.link(ACCOUNT.username, ACCOUNT.password)
    assert page.url.path == "/espace/"
    assert f"Bonjour {ACCOUNT.name}" in page.text
    assert "niveau2" in page.text
    assert "mot de passe, code à usage unique, deux preuves" in page.text
    again = partner.browser()
    assert again.enter().url.path == "/espace/"
    again.close()


def test_a_wrong_password_links_nothing_and_five_end_the_entry(somebody: Browser) -> None:
    somebody.enter()
    for _ in range(4):
        page = somebody.link(ACCOUNT.username, "pas-le-bon")
        assert page.status_code == 422
        assert "Le nom d’utilisateur ou le mot de passe n’est pas le bon." in page.text
    assert somebody.link(ACCOUNT.username, "pas-le-bon").status_code == 403
    assert somebody.link(ACCOUNT.username, ACCOUNT.password).url.path == "/"


def test_an_account_linked_to_one_person_is_refused_to_another(
    somebody: Browser, partner: PartnerProcess
) -> None:
    somebody.enter()
    somebody.link(ACCOUNT.username, ACCOUNT.password)
    portal = partner.portal
    first = portal.person["sub"]
    portal.wrong, portal.person["sub"] = {"sub": "quelqu-un-d-autre"}, "quelqu-un-d-autre"
    other = partner.browser()
    try:
        assert other.enter().url.path == "/rattachement/"
        assert "déjà relié à une autre personne" in other.link(ACCOUNT.username, ACCOUNT.password).text
    finally:
        portal.person["sub"] = first
        other.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "autre"},
        {"aud": "autre"},
        {"iss": "https://autre.example"},
        {"exp": 1_000_000},
        {"sub": "autre"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_an_id_token_that_is_not_ours_opens_nothing(
    somebody: Browser, partner: PartnerProcess, wrong: dict[str, object]
) -> None:
    partner.portal.wrong = wrong
    assert somebody.enter().status_code == 502
    assert somebody.http.get("/espace/").headers["Location"] == "/"


def test_an_answer_begun_elsewhere_or_shown_twice_opens_nothing(
    somebody: Browser, partner: PartnerProcess
) -> None:
    address = partner.portal.approve(somebody.leave_for_portal())
    stranger = partner.browser()
    assert stranger.follow(address).status_code == 400
    stranger.close()
    assert somebody.follow(address).status_code == 200
    assert somebody.follow(address).status_code == 400


def test_an_answer_of_another_portal_is_refused(somebody: Browser, partner: PartnerProcess) -> None:
    address = partner.portal.approve(somebody.leave_for_portal())
    assert somebody.follow(address.replace("iss=http", "iss=https")).status_code == 502
    assert somebody.http.get("/connexion/?iss=https://autre.example").status_code == 400


def test_reading_again_rotates_the_refresh_token_and_its_refusal_ends_the_session(
    somebody: Browser, partner: PartnerProcess
) -> None:
    somebody.enter()
    somebody.link(ACCOUNT.username, ACCOUNT.password)
    for _ in range(2):
        answer = somebody.http.post("/espace/relire/", follow_redirects=True)
        assert "relues sur le portail" in answer.text
    partner.portal.renewals = 40
    assert somebody.http.post("/espace/relire/").status_code == 403
    assert somebody.http.get("/espace/").headers["Location"] == "/"


def test_signing_out_here_goes_to_the_portal_with_the_id_token(
    somebody: Browser, partner: PartnerProcess
) -> None:
    somebody.enter()
    away = somebody.http.post("/deconnexion/").headers["Location"]
    asked = parse_qs(urlsplit(away).query)
    assert away.startswith(partner.portal.url + "/fin?")
    assert asked["post_logout_redirect_uri"] == [partner.url + "/au-revoir/"]
    assert asked["id_token_hint"][0].count(".") == 2
    assert somebody.http.get("/espace/").headers["Location"] == "/"


def test_a_sign_out_told_by_the_portal_ends_the_session_once(
    somebody: Browser, partner: PartnerProcess
) -> None:
    somebody.enter()
    token = partner.portal.logout_token()
    assert partner.tell(token).status_code == 200
    assert "votre session est fermée ici aussi" in somebody.follow(partner.url + "/espace/").text
    assert partner.tell(token).status_code == 400
    heard = partner.set()["logouts"]
    assert [row["outcome"] for row in heard] == ["refusée : déjà reçue", "suivie"]
    assert heard[1]["ended"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://autre.example"},
        {"aud": "autre"},
        {"events": {}},
        {"events": None},
        {"nonce": "n"},
        {"sid": None, "sub": None},
        {"jti": None},
        {"exp": 1_000_000},
        {"iat": 9_999_999_999},
        {"typ": "at+jwt"},
        {"key": RSAKey.generate_key(2048, auto_kid=True)},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_a_false_sign_out_ends_nothing(
    somebody: Browser, partner: PartnerProcess, changes: dict[str, object]
) -> None:
    somebody.enter()
    answer = partner.tell(partner.portal.logout_token(**changes))
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"
    assert somebody.http.get("/rattachement/").status_code == 200


def test_an_unsigned_sign_out_ends_nothing(somebody: Browser, partner: PartnerProcess) -> None:
    somebody.enter()
    body = partner.portal.logout_token().split(".")[1]
    for token in ("", "a.b.c", f"eyJhbGciOiJub25lIn0.{body}."):
        assert partner.tell(token).status_code == 400
    assert somebody.http.get("/rattachement/").status_code == 200


def test_without_a_session_named_every_session_of_the_person_ends(
    somebody: Browser, partner: PartnerProcess
) -> None:
    somebody.enter()
    other = partner.browser()
    other.enter()
    other.close()
    assert partner.tell(partner.portal.logout_token(sid=None)).status_code == 200
    assert partner.set()["logouts"][0]["ended"] == 2


def test_the_address_of_sign_outs_fails_as_asked(somebody: Browser, partner: PartnerProcess) -> None:
    somebody.enter()
    partner.set(failure="error", times=1)
    assert partner.tell(partner.portal.logout_token()).status_code == 500
    partner.set(failure="hang", seconds=5)
    with pytest.raises(httpx.ReadTimeout):
        partner.tell(partner.portal.logout_token(), seconds=0.3)
    partner.set(failure="cut", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        partner.tell(partner.portal.logout_token())
    assert somebody.http.get("/rattachement/").status_code == 200
    partner.set(failure="slow", seconds=0.5, times=1)
    started = time.monotonic()
    assert partner.tell(partner.portal.logout_token()).status_code == 200
    assert time.monotonic() - started >= 0.5
    answer = httpx.post(f"{partner.url}/pilotage/etat", json={"failure": "inconnue"})
    assert answer.status_code == 400


def test_before_the_portal_declares_it_the_application_says_so(
    partner: PartnerProcess, somebody: Browser
) -> None:
    partner.clients.unlink()
    answer = somebody.http.get("/connexion/")
    assert answer.status_code == 503
    assert "pas encore déclarée au portail" in answer.text


def test_a_form_sent_by_another_site_is_refused(somebody: Browser) -> None:
    somebody.enter()
    answer = somebody.http.post("/deconnexion/", headers={"Origin": "https://autre.example"})
    assert answer.status_code == 403
    assert somebody.http.get("/rattachement/").status_code == 200


def test_the_pages_carry_a_strict_policy_and_the_store_is_private(partner: PartnerProcess) -> None:
    answer = httpx.get(partner.url + "/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    assert stat.S_IMODE(partner.store.stat().st_mode) == 0o600


def test_the_settings_of_production_refuse_it(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "portal.simulators.partner",
        "--port",
        "9",
        "--portal",
        "https://portail.example",
    ]
    command += ["--clients", str(tmp_path / "c.json"), "--store", str(tmp_path / "s.sqlite3")]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "portal.settings.production"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "refusée" in run.stderr
    assert not (tmp_path / "s.sqlite3").exists()
