"""A page that wants more than the person holds: what to add, then back to that very page."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import devices_means, second_proof
from accounts.views import means_return
from tests.accounts.signin.steps import text_of
from tests.support.sign_in import make_person, sign_in

pytestmark = pytest.mark.django_db
WANTED = "/applications/viatrajectoire/ouvrir/?lien=accueil"
STEP_UP = f"/connexion/niveau/?niveau=2&next={quote(WANTED, safe='')}"


def test_who_holds_nothing_is_told_what_fits_and_may_give_up(client: Client) -> None:
    sign_in(client, make_person())
    page = text_of(client.get(STEP_UP))
    assert "Ajouter un moyen de connexion" in page
    assert "Vous reviendrez ensuite à la page que vous vouliez ouvrir" in page
    assert "Annuler" in page


def test_the_card_and_the_ecps_fit_too_where_they_are_open(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, make_person())
    assert "présentez" not in text_of(client.get(STEP_UP))
    monkeypatch.setattr("accounts.strong.offers.door.is_open", lambda: True)
    page = text_of(client.get(STEP_UP))
    assert "Ou présentez votre e-CPS" in page
    assert "PRO SANTÉ CONNECT" in page


def test_once_the_codes_are_kept_one_is_back_on_the_page_wanted(client: Client) -> None:
    sign_in(client, make_person())
    client.get(STEP_UP)
    assert client.post("/preferences/moyens/codes-de-secours/gardes/")["Location"] == WANTED
    assert client.post("/preferences/moyens/codes-de-secours/gardes/")["Location"] == "/preferences/moyens/"


def test_twenty_minutes_later_nobody_is_taken_elsewhere(client: Client) -> None:
    sign_in(client, make_person())
    with time_machine.travel(timezone.now(), tick=False) as clock:
        client.get(STEP_UP)
        clock.shift(means_return.LIFE_SECONDS)
        assert (
            client.post("/preferences/moyens/codes-de-secours/gardes/")["Location"] == "/preferences/moyens/"
        )


def test_adding_the_application_leads_back(client: Client) -> None:
    person = make_person()
    sign_in(client, person)
    client.get(STEP_UP)
    client.get("/preferences/moyens/application/")
    secret = client.get("/preferences/moyens/application/").context["secret"].replace(" ", "")
    code = totp(secret)
    answer = client.post("/preferences/moyens/application/", {"code": code}, follow=True)
    assert "Vos codes de secours" in text_of(answer)
    assert devices_means.totp_of(person) is not None
    assert second_proof.unused_recovery_codes(person) == 10
    assert client.post("/preferences/moyens/codes-de-secours/gardes/")["Location"] == WANTED


def totp(secret: str) -> str:
    return second_proof.format_hotp_value(second_proof.hotp_value(secret, int(time.time()) // 30 - 1))
