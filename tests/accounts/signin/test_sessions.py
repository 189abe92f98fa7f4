"""Lives of a session, and ending them."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import purges, sessions
from accounts.models import StoredSession, UserSession
from tests.accounts.signin.steps import DOOR, pass_both, post_password, post_proof, text_of
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person, sign_in

pytestmark = pytest.mark.django_db
PRIVATE = "/preferences/sessions/"


def is_open(client: Client) -> bool:
    return client.get(PRIVATE).status_code == 200


def at(**later: float):
    return time_machine.travel(timezone.now() + timedelta(**later), tick=False)


@pytest.mark.security("SES-3")
def test_thirty_minutes_without_activity_close_it_and_the_person_is_told(client):
    sign_in(client, make_person())
    with at(minutes=29):
        assert is_open(client)
    with at(minutes=58):
        assert is_open(client)
    with at(minutes=89):
        answer = client.get(PRIVATE)
        assert answer["Location"] == f"{DOOR}?fin=idle&next=%2Fpreferences%2Fsessions%2F"
        assert "déconnecté après un temps sans activité" in text_of(client.get(answer["Location"]))
    assert UserSession.objects.get().ended_reason == "idle"


@pytest.mark.security("SES-3")
@pytest.mark.parametrize(("level", "hours"), [(1, 12), (2, 12), (3, 4)])
def test_whatever_the_activity_it_ends_after_its_absolute_life(client, level, hours):
    sign_in(client, make_person(), level=level)
    start = timezone.now()
    for minutes in range(25, hours * 60, 25):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            assert is_open(client), minutes
    with time_machine.travel(start + timedelta(hours=hours, seconds=1), tick=False):
        assert "fin=absolute" in client.get(PRIVATE)["Location"]


@pytest.mark.feature("M94-013")
def test_remember_me_lengthens_the_session_and_its_cookie(client, outbox: Outbox):
    person = make_person()
    pass_both(client, person, outbox, se_souvenir="on")
    assert 7 * 24 * 3600 - 5 <= client.cookies["sessionid"]["max-age"] <= 7 * 24 * 3600
    with at(hours=20):
        assert is_open(client)
    plain = Client()
    with at(hours=21):
        pass_both(plain, person, outbox)
        assert plain.cookies["sessionid"]["max-age"] == ""


@pytest.mark.feature("M94-013")
@pytest.mark.security("SES-3")
def test_remember_me_never_skips_the_code(client, outbox: Outbox):
    person = make_person()
    pass_both(client, person, outbox, se_souvenir="on")
    client.post("/deconnexion/")
    assert post_password(client, person.identifiant)["Location"] == "/connexion/verification/"


@pytest.mark.security("SES-5")
@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_an_account_no_longer_active_is_refused_at_the_next_request(client, status):
    person = make_person()
    sign_in(client, person)
    assert is_open(client)
    type(person).objects.filter(pk=person.pk).update(status=status)
    assert "fin=ended" in client.get(PRIVATE)["Location"]


@pytest.mark.security("SES-5", "SES-6")
def test_a_session_ended_elsewhere_is_refused_at_the_next_request(client):
    person = make_person()
    row = sign_in(client, person)
    assert sessions.end(row, "support") is True
    assert sessions.end(row, "support") is False
    assert not is_open(client)
    assert not StoredSession.objects.filter(session_key=row.session_key_hash).exists()


@pytest.mark.security("SES-6")
def test_a_changed_password_shuts_the_sessions_opened_with_the_old_one(client):
    person = make_person()
    sign_in(client, person)
    person.set_password("Un-Autre-Secret-91")
    person.save()
    assert not is_open(client)


@pytest.mark.security("SES-6")
def test_the_person_sees_their_sessions_and_closes_one_or_all_the_others():
    person, stranger = make_person(), make_person()
    here, there, third, other = Client(), Client(), Client(), Client()
    for client, owner in ((here, person), (there, person), (third, person), (other, stranger)):
        sign_in(client, owner)
    html = text_of(here.get(PRIVATE))
    assert html.count("<strong>Firefox sur Linux</strong>") == 3
    assert "mot de passe + code par e-mail" in html and "Cette session" in html
    from accounts.views.sessions import reference_of  # noqa: PLC0415

    target = UserSession.objects.get(session_key_hash=there.session.key_hash)
    assert here.post(f"{PRIVATE}{reference_of(target)}/fermer/").status_code == 302
    assert not is_open(there) and is_open(third)
    assert here.post(f"{PRIVATE}fermer-les-autres/").status_code == 302
    assert not is_open(third) and is_open(here) and is_open(other)


@pytest.mark.security("ACL-1")
def test_nobody_closes_the_session_of_somebody_else():
    from accounts.views.sessions import reference_of  # noqa: PLC0415

    mine, theirs = Client(), Client()
    sign_in(mine, make_person())
    row = sign_in(theirs, make_person())
    assert mine.post(f"{PRIVATE}{reference_of(row)}/fermer/").status_code == 404
    assert is_open(theirs)


def test_closing_everything_leaves_the_person_outside(client):
    sign_in(client, make_person())
    assert client.post(f"{PRIVATE}fermer-tout/")["Location"] == DOOR
    assert not is_open(client)


@pytest.mark.security("SES-3")
def test_the_page_can_ask_for_more_time(client):
    sign_in(client, make_person())
    with at(minutes=20):
        answer = client.post("/session/prolonger/")
        assert answer.json() == {"seconds_left": 1800}
    with at(minutes=45):
        assert is_open(client)


def test_a_busy_person_writes_their_activity_once_a_minute(client, django_assert_num_queries):
    sign_in(client, make_person())
    client.get(PRIVATE)
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    with CaptureQueriesContext(connection) as spy:
        client.get(PRIVATE)
    assert [q["sql"] for q in spy if not q["sql"].startswith("SELECT")] == []
    with at(seconds=61), CaptureQueriesContext(connection) as spy:
        client.get(PRIVATE)
    writes = [q["sql"] for q in spy if not q["sql"].startswith("SELECT")]
    assert len(writes) == 1 and "accounts_usersession" in writes[0]


@pytest.mark.security("WEB-2")
def test_private_pages_are_never_stored(client):
    sign_in(client, make_person())
    assert "no-store" in client.get(PRIVATE)["Cache-Control"]


@pytest.mark.feature("CVL-028")
@pytest.mark.security("PWD-7")
def test_a_temporary_secret_opens_nothing_but_the_choice_of_a_password(client):
    person = make_person(must_change_password=True)
    sign_in(client, person)
    for path in ("/", PRIVATE, "/preferences/", "/assistance/demandes/"):
        after = "" if path == "/" else f"?next={quote(path, safe='')}"
        assert client.get(path)["Location"] == f"/mot-de-passe/changer/{after}", path
    assert client.get("/mot-de-passe/changer/").status_code == 200
    assert client.post("/deconnexion/").status_code == 302


def test_a_fragment_asked_by_a_dead_session_sends_the_whole_page_to_the_door(client):
    row = sign_in(client, make_person())
    sessions.end(row, "owner")
    client.cookies["sessionid"] = client.cookies["sessionid"].value
    sign_in(client, make_person())
    UserSession.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    answer = client.get(PRIVATE, headers={"HX-Request": "true"})
    assert answer.status_code == 204 and answer["HX-Redirect"].startswith(DOOR)


def test_a_level_three_session_is_not_kept_by_remember_me(client):
    row = sign_in(client, make_person(), level=3, remembered=True)
    assert row.ends_at - row.started_at <= timedelta(hours=4, seconds=1)


def test_the_second_proof_of_an_expired_sign_in_starts_again(client, outbox: Outbox):
    person = make_person()
    post_password(client, person.identifiant)
    code = outbox.last().code
    with at(hours=2):
        assert post_proof(client, code)["Location"] == DOOR


@pytest.mark.security("SES-4")
def test_what_is_left_after_a_sign_out_lives_an_hour_and_ends_with_the_browser(client):
    sign_in(client, make_person())
    client.post("/deconnexion/")
    client.get(DOOR)
    assert client.cookies["sessionid"]["max-age"] == ""
    left = StoredSession.objects.get()
    assert timedelta(minutes=59) < left.expire_date - timezone.now() <= timedelta(hours=1)
    with at(minutes=59):
        purges.purge_all()
        assert StoredSession.objects.filter(pk=left.pk).exists()
    with at(minutes=61):
        purges.purge_all()
        assert not StoredSession.objects.exists()


@pytest.mark.security("SES-1", "SES-4")
def test_a_visitor_who_signs_in_leaves_the_short_life(client, outbox: Outbox):
    person = make_person()
    post_password(client, person.identifiant)
    assert StoredSession.objects.get().expire_date - timezone.now() <= timedelta(hours=1)
    post_proof(client, outbox.last(person.email).code)
    stored = StoredSession.objects.get()
    assert stored.expire_date >= UserSession.objects.get().ends_at
    with at(minutes=20):
        purges.purge_all()
        assert is_open(client)
    assert StoredSession.objects.filter(pk=stored.pk).exists()
