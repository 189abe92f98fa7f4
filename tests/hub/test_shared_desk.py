"""« Poste partagé »: nothing remembered, a short life, a lock that only the same person opens."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import known_browser, lock, sessions, shared_desk
from accounts.models import SecurityEvent, UserSession
from portal.hub.oidc import sessions as partner_sessions
from portal.hub.oidc.models import OpenIdGrant, OpenIdLogout
from portal.plateformes import current
from tests.accounts.signin.steps import DOOR, pass_both, post_password, text_of
from tests.oidc.partner import Partner, answer_of, make_client
from tests.support.outbox import Outbox
from tests.support.sign_in import PASSWORD, make_person, sign_in

pytestmark = pytest.mark.django_db
DESK = "/connexion/poste/"
LOCK = "/session/verrouiller/"
LOCKED = "/session/verrouillee/"


@pytest.fixture
def person() -> Any:
    return make_person()


@pytest.fixture
def here(person: Any) -> Client:
    client = Client()
    client.row = sign_in(client, person, is_shared=True)  # type: ignore[attr-defined]
    return client


def row_of(person: Any) -> UserSession:
    return UserSession.objects.filter(user=person).latest("pk")


def marked() -> Client:
    client = Client()
    client.post(DESK, {"poste_partage": "on"})
    return client


# --- the box of the sign-in page ------------------------------------------------------------------------------
def test_the_box_marks_the_browser_and_comes_back_to_the_same_door() -> None:
    client = Client()
    answer = client.post(DESK, {"poste_partage": "on", "onglet": "code-ephemere", "next": "/preferences/"})
    assert answer["Location"] == "/connexion/?onglet=code-ephemere&next=%2Fpreferences%2F"
    cookie = answer.cookies["poste"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and int(cookie["max-age"]) > 300 * 24 * 3600
    page = text_of(client.get(f"{DOOR}?onglet=mot-de-passe"))
    assert 'name="poste_partage" checked' in page and "5 minutes sans activité" in page
    client.post(DESK, {})
    assert "poste" not in client.cookies or not client.cookies["poste"].value
    assert 'name="poste_partage" checked' not in text_of(client.get(DOOR))


def test_on_such_a_desk_the_page_remembers_and_proposes_nothing() -> None:
    plain = text_of(Client().get(f"{DOOR}?onglet=mot-de-passe"))
    assert "Se souvenir de moi" in plain and 'autocomplete="username"' in plain
    shared = text_of(marked().get(f"{DOOR}?onglet=mot-de-passe"))
    assert "Se souvenir de moi" not in shared and 'autocomplete="username"' not in shared
    assert shared.count('autocomplete="off"') >= 2
    other = text_of(marked().get(f"{DOOR}?onglet=code-ephemere"))
    assert 'autocomplete="username"' not in other


def test_the_form_comes_again_in_place_with_the_identifier_typed_and_no_password() -> None:
    answer = Client().post(
        DESK,
        {
            "poste_partage": "on",
            "onglet": "mot-de-passe",
            "identifiant": '"><b>moi',
            "mot_de_passe": "secret",
        },
        headers={"HX-Request": "true"},
    )
    page = text_of(answer)
    assert "<html" not in page and 'value="&quot;&gt;&lt;b&gt;moi"' in page and "secret" not in page
    assert "Se souvenir de moi" not in page and "poste" in answer.cookies


def test_a_forged_mark_is_no_mark(rf: Any) -> None:
    for value in ("partage", "InBhcnRhZ2Ui:1abc:xxxx", "x" * 5000):
        request = rf.get("/", headers={"Cookie": f"poste={value}"})
        assert not shared_desk.is_shared(request)


@pytest.mark.parametrize(("rule", "expected"), [("always", True), ("never", False)])
def test_the_profile_may_decide_for_every_desk(
    rule: str, expected: bool, rf: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(current().sessions.__dict__, "shared_desk", rule)
    assert shared_desk.is_shared(rf.get("/")) is expected
    assert "poste_partage" not in text_of(Client().get(DOOR))
    assert Client().post(DESK, {"poste_partage": "on"}).status_code == 404


def test_signing_in_there_leaves_no_memory_of_the_person(person: Any, outbox: Outbox) -> None:
    client = marked()
    answer = pass_both(client, person, outbox, se_souvenir="on")
    row = row_of(person)
    assert row.is_shared and not row.remembered
    assert known_browser.COOKIE not in client.cookies
    assert not client.cookies["sessionid"]["max-age"], "the session cookie ends with the browser"
    assert answer["Location"] == "/"


def test_the_mark_of_a_known_browser_is_taken_away_by_a_sign_in_on_a_shared_desk(
    person: Any, outbox: Outbox
) -> None:
    client = Client()
    pass_both(client, person, outbox)
    assert client.cookies[known_browser.COOKIE].value
    client.post("/deconnexion/")
    client.post(DESK, {"poste_partage": "on"})
    with time_machine.travel(timezone.now() + timedelta(minutes=3), tick=True):
        pass_both(client, person, outbox)
    assert not client.cookies[known_browser.COOKIE].value


def test_ticking_the_box_does_not_spare_the_notice_of_a_new_browser(person: Any, outbox: Outbox) -> None:
    """An intruder who ticks it is told to the owner all the same; the owner's own shared desk is told once."""
    pass_both(Client(), person, outbox)
    outbox.clear()
    with time_machine.travel(timezone.now() + timedelta(minutes=3), tick=True) as clock:
        pass_both(marked(), person, outbox)
        told = SecurityEvent.objects.filter(action="new_device", subject=person)
        assert told.count() == 1
        clock.shift(timedelta(minutes=3))
        pass_both(marked(), person, outbox)
        assert told.count() == 1


# --- a short life ----------------------------------------------------------------------------------------------
@pytest.mark.security("SES-3")
def test_five_minutes_without_activity_close_the_session_and_its_partners(here: Client, person: Any) -> None:
    partner = make_client()
    partner.tokens(here)
    with time_machine.travel(timezone.now() + timedelta(minutes=4, seconds=30), tick=False):
        assert here.get("/preferences/").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=10), tick=False):
        answer = here.get("/preferences/")
        assert answer["Location"].startswith("/connexion/?fin=idle")
    assert row_of(person).ended_reason == "idle"
    assert OpenIdLogout.objects.count() == 1


@pytest.mark.security("OP-16")
def test_partners_hear_of_the_end_even_when_nobody_comes_back(here: Client, person: Any) -> None:
    make_client().tokens(here)
    later = timezone.now() + timedelta(minutes=6)
    assert partner_sessions.end_over(later) == 1
    assert row_of(person).ended_reason == "idle"


def test_the_page_counts_down_from_the_short_life(here: Client) -> None:
    seconds = int(re.findall(r'data-seconds="(\d+)"', text_of(here.get("/")))[0])
    assert 240 < seconds <= 300


# --- lock ---------------------------------------------------------------------------------------------------------
def test_the_header_shows_the_lock_on_a_shared_desk_only(here: Client, person: Any) -> None:
    header = text_of(here.get("/preferences/")).split("</header>")[0]
    assert f'action="{LOCK}"' in header and "Verrouiller" in header
    plain = Client()
    sign_in(plain, person)
    assert f'action="{LOCK}"' not in text_of(plain.get("/preferences/"))


@pytest.mark.security("SES-4")
def test_locked_every_private_page_leads_to_the_lock_and_names_nobody(here: Client, person: Any) -> None:
    assert here.post(LOCK, {"next": "/preferences/journal/"})["Location"] == LOCKED
    for path in ("/", "/preferences/", "/connexion/", "/assistance/demandes/", "/administration/"):
        answer = here.get(path)
        assert answer.status_code == 302 and answer["Location"].startswith(LOCKED), path
    assert here.post("/favoris/ordre/", {})["Location"] == LOCKED
    fragment = here.get("/", headers={"HX-Request": "true"})
    assert fragment.status_code == 204 and fragment["HX-Redirect"].startswith(LOCKED)
    page = text_of(here.get(LOCKED))
    assert "A. M." in page
    for secret in (person.nom, person.prenom, person.identifiant, person.email):
        assert secret not in page
    assert "no-store" in here.get(LOCKED)["Cache-Control"]
    event = SecurityEvent.objects.get(action="session_locked")
    assert (event.subject, event.reason) == (person, "button")


@pytest.mark.security("OP-8")
def test_locked_no_application_is_entered_and_those_entered_go_on(here: Client) -> None:
    partner: Partner = make_client()
    tokens = partner.tokens(here)
    here.post(LOCK)
    assert answer_of(partner.ask(here, prompt="none"))["error"] == "login_required"
    asked = partner.ask(here)
    assert asked["Location"].startswith("/connexion/")
    assert here.get(asked["Location"])["Location"].startswith(LOCKED)
    assert partner.userinfo(tokens["access_token"]).status_code == 200
    assert partner.refresh(tokens["refresh_token"]).status_code == 200
    assert OpenIdLogout.objects.count() == 0


def test_password_then_code_come_back_exactly_where_one_was(
    here: Client, person: Any, outbox: Outbox
) -> None:
    here.post(LOCK, {"next": "/preferences/journal/?page=1"})
    key = here.cookies["sessionid"].value
    wrong = here.post(LOCKED, {"preuve": "Pas-le-bon-47", "moyen": "password"})
    assert "Mot de passe incorrect" in text_of(wrong)
    assert here.post(LOCKED, {"preuve": PASSWORD, "moyen": "password"}).status_code == 302
    assert here.get("/preferences/")["Location"].startswith(LOCKED), "one proof is not two"
    here.post(f"{LOCKED}envoyer/", {"moyen": "mail"})
    answer = here.post(LOCKED, {"preuve": outbox.last(person.email).code, "moyen": "mail"})
    assert answer["Location"] == "/preferences/journal/?page=1"
    assert here.cookies["sessionid"].value != key, "a proof changes the key of the session"
    assert here.get("/preferences/").status_code == 200
    assert row_of(person).locked_at is None and row_of(person).ended_at is None
    assert SecurityEvent.objects.filter(action="session_unlocked", subject=person).count() == 1


def test_a_password_given_before_the_lock_counts_for_nothing(
    here: Client, outbox: Outbox, person: Any
) -> None:
    here.post(LOCK)
    here.post(LOCKED, {"preuve": PASSWORD, "moyen": "password"})
    here.post(f"{LOCKED}envoyer/", {"moyen": "mail"})
    here.post(LOCKED, {"preuve": outbox.last(person.email).code, "moyen": "mail"})
    here.post(LOCK)
    assert "Mot de passe" in text_of(here.get(LOCKED))
    answer = here.post(f"{LOCKED}envoyer/", {"moyen": "mail"})
    assert "moyen=mail" not in answer["Location"]


def test_a_session_of_a_card_is_not_opened_by_a_password(person: Any) -> None:
    client = Client()
    sign_in(client, person, level=3, is_shared=True)
    client.post(LOCK)
    assert 'type="password"' not in text_of(client.get(LOCKED))
    client.post(LOCKED, {"preuve": PASSWORD, "moyen": "password"})
    assert row_of(person).locked_at is not None
    assert client.get("/preferences/")["Location"].startswith(LOCKED)


@pytest.mark.security("OP-16")
def test_somebody_else_signs_the_first_one_out_with_every_partner(here: Client, person: Any) -> None:
    make_client().tokens(here)
    here.post(LOCK)
    answer = here.post(f"{LOCKED}changer/")
    assert answer["Location"] == DOOR
    assert row_of(person).ended_reason == "changed_person"
    assert not OpenIdGrant.objects.filter(ended_at=None).exists() and OpenIdLogout.objects.count() == 1
    assert here.get(DOOR).status_code == 200
    assert SecurityEvent.objects.get(action="sign_out").actor is None


def test_the_next_person_at_another_door_leaves_the_first_one_whole_too(
    here: Client, person: Any, outbox: Outbox
) -> None:
    other = make_person(nom="Delorme", prenom="Basile")
    make_client().tokens(here)
    here.post(LOCK)
    assert post_password(here, other.identifiant)["Location"].startswith(LOCKED)
    here.post("/connexion/code-ephemere/", {"identifiant": other.email, "canal": "mail"})
    assert row_of(person).ended_at is None
    here.post(f"{LOCKED}changer/")
    pass_both(here, other, outbox)
    assert row_of(person).ended_at is not None and OpenIdLogout.objects.count() == 1
    assert "Basile" in text_of(here.get("/"))


@pytest.mark.security("SES-4", "OP-16")
def test_giving_up_a_sign_in_that_was_not_begun_leaves_the_locked_session_whole(
    here: Client, person: Any
) -> None:
    make_client().tokens(here)
    here.post(LOCK)
    here.post("/connexion/annuler/")
    assert here.get(LOCKED).status_code == 200
    here.post(f"{LOCKED}changer/")
    assert row_of(person).ended_reason == "changed_person" and OpenIdLogout.objects.count() == 1


def test_an_address_to_come_back_to_is_one_of_ours(here: Client, outbox: Outbox, person: Any) -> None:
    here.post(LOCK, {"next": "https://ailleurs.example/"})
    assert "ailleurs" not in text_of(here.get(f"{LOCKED}?next=//ailleurs.example/"))


def test_locking_twice_is_locking_once_and_signing_out_works_while_locked(here: Client, person: Any) -> None:
    here.post(LOCK)
    assert here.post(LOCK)["Location"] == LOCKED
    assert SecurityEvent.objects.filter(action="session_locked").count() == 1
    here.post("/deconnexion/")
    assert row_of(person).ended_reason == "sign_out"
    assert here.get(LOCKED)["Location"] == "/"


def test_a_locked_session_waits_an_hour_and_then_closes(here: Client, person: Any) -> None:
    here.post(LOCK)
    with time_machine.travel(timezone.now() + timedelta(minutes=59), tick=False):
        assert here.get(LOCKED).status_code == 200
        assert sessions.open_sessions(person).count() == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        assert sessions.open_sessions(person).count() == 0
        here.get(LOCKED)
    assert row_of(person).ended_reason == "idle"


def test_the_owner_sees_and_ends_a_locked_session_from_elsewhere(here: Client, person: Any) -> None:
    here.post(LOCK)
    home = Client()
    sign_in(home, person)
    page = text_of(home.get("/preferences/sessions/"))
    assert "Poste partagé" in page and "Verrouillée" in page


def test_a_weaker_proof_never_unlocks(here: Client, rf: Any, person: Any) -> None:
    row = row_of(person)
    with pytest.raises(ValueError, match="as strong as itself"):
        lock.unlock(rf.get("/"), row, level=1, method="mail", factor_level=1)


def test_only_initials_are_told() -> None:
    class Somebody:
        prenom, nom = " élodie ", "O’Brien"

    assert lock.initials(Somebody()) == "É. O."  # type: ignore[arg-type]
