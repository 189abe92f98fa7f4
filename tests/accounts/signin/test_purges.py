"""What is past its time goes; what is still needed stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.utils import timezone

from accounts import assurance, links, purges, tasks, throttle
from accounts.enums import LinkPurpose
from accounts.models import AttemptCounter, MailedLink, OneTimeCode, StoredSession, UserSession
from tests.accounts.signin.steps import post_password
from tests.support.sign_in import make_person, sign_in

pytestmark = pytest.mark.django_db


@pytest.mark.security("CODE-2")
def test_codes_links_counters_and_sessions_go_after_their_time(client, monkeypatch):
    person = make_person()
    post_password(client, person.identifiant)
    post_password(client, person.identifiant, "faux")
    links.issue(person, LinkPurpose.RESET, life=timedelta(hours=1), email=person.email)
    sign_in(client, person)
    assert set(purges.purge_all().values()) == {0}
    assert OneTimeCode.objects.count() == 1 and UserSession.objects.filter(ended_at=None).count() == 1
    # The database, whose clock does not travel, would see rows of less than a year asked for.
    monkeypatch.setattr(purges, "purge_journal", lambda: 0)
    with time_machine.travel(timezone.now() + timedelta(days=20), tick=False):
        gone = purges.purge_all()
        assert gone["codes"] == 1 and gone["counters"] >= 1 and gone["links"] == 0
        assert UserSession.objects.get().ended_reason == "idle"
    with time_machine.travel(timezone.now() + timedelta(days=120), tick=False):
        tasks.purge()
        left = (MailedLink, AttemptCounter, StoredSession, UserSession, OneTimeCode)
        assert [model.objects.count() for model in left] == [0, 0, 0, 0, 0]
        tasks.purge()


def test_the_sealing_task_is_harmless_when_there_is_nothing():
    tasks.seal_journal()
    tasks.seal_journal()


# --- links -----------------------------------------------------------------------------------------------------
@pytest.mark.security("CODE-9")
def test_a_link_is_hashed_replaced_by_a_newer_one_and_dies_with_time():
    person = make_person()
    life = timedelta(minutes=60)
    first = links.issue(person, LinkPurpose.RESET, life=life, email=person.email)
    second = links.issue(person, LinkPurpose.RESET, life=life, email=person.email)
    assert len(second) == 43 and second not in str(list(MailedLink.objects.values()))
    assert links.find(first, LinkPurpose.RESET) is None
    assert links.find(second, LinkPurpose.SIGN_UP) is None
    found = links.find(second, LinkPurpose.RESET)
    assert found is not None and found.user == person
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        assert links.find(second, LinkPurpose.RESET) is None
        assert links.consume(found) is False
    assert links.consume(found) is True
    assert links.find(second, LinkPurpose.RESET) is None


@pytest.mark.parametrize("token", ["", "x", "a" * 43 + "\x00", "é" * 43, "../" * 14 + "a"])
def test_a_strange_token_is_no_link(token):
    assert links.find(token, LinkPurpose.RESET) is None


def test_cancelling_kills_every_live_link_of_the_account():
    person = make_person()
    for purpose in LinkPurpose:
        links.issue(person, purpose, life=timedelta(hours=1), email=person.email)
    assert links.cancel(person) == len(LinkPurpose)
    assert links.cancel(person) == 0


# --- decorators -------------------------------------------------------------------------------------------------
def ask(rf, person, row, view, **headers: str) -> HttpResponse:
    request = rf.post("/ror/offres/", headers=headers) if headers else rf.get("/ror/offres/?page=2")
    request.user, request.portal_session = person, row
    return view(request)


@pytest.mark.security("MFA-3")
@pytest.mark.parametrize(
    ("level", "needed", "passes"), [(1, 1, True), (1, 2, False), (2, 3, False), (3, 3, True)]
)
def test_a_page_declares_the_level_it_needs(client, rf, level, needed, passes):
    person = make_person()
    row = sign_in(client, person, level=level)
    guarded = assurance.requires_level(needed)(lambda request: HttpResponse("ouvert"))
    answer = ask(rf, person, row, guarded)
    if passes:
        assert answer.content == b"ouvert"
    else:
        assert answer["Location"] == f"/connexion/niveau/?niveau={needed}&next=%2Fror%2Foffres%2F%3Fpage%3D2"


@pytest.mark.security("MFA-3", "WEB-4")
@pytest.mark.parametrize(
    ("referer", "comes_back_to"),
    [
        ("http://testserver/ror/offres/3/", "%2Fror%2Foffres%2F3%2F"),
        ("https://evil.example/ror/", "%2F"),
        ("", "%2F"),
    ],
)
def test_after_a_post_one_comes_back_to_the_page_of_its_form(client, rf, referer, comes_back_to):
    person = make_person()
    row = sign_in(client, person)
    guarded = assurance.requires_level(2)(lambda request: HttpResponse("ouvert"))
    answer = ask(rf, person, row, guarded, Referer=referer)
    assert answer["Location"].endswith(f"&next={comes_back_to}")


def test_a_visitor_has_no_level(rf):
    from django.contrib.auth.models import AnonymousUser  # noqa: PLC0415

    request = rf.get("/")
    request.user, request.portal_session = AnonymousUser(), None
    assert assurance.level(request) == 0
    assert assurance.is_recent(request) is False


# --- budgets ------------------------------------------------------------------------------------------------------
def test_a_budget_opens_again_when_its_window_ends():
    start, window = timezone.now(), timedelta(minutes=10)
    with time_machine.travel(start, tick=False):
        assert [throttle.spend("essai", "cle", 2, window) for _ in range(3)] == [True, True, False]
        assert throttle.window_left("essai", "cle", window) == window
    with time_machine.travel(start + window, tick=False):
        assert throttle.spend("essai", "cle", 2, window) is True
        assert throttle.spent("essai", "cle", window) == 1
    assert throttle.spent("essai", "autre", window) == 0


def test_failures_counted_by_hand_slow_like_the_others():
    with time_machine.travel(timezone.now(), tick=False):
        delays = [throttle.failure("essai", "cle") for _ in range(6)]
    assert delays[:4] == [None] * 4
    assert [delay.total_seconds() for delay in delays[4:]] == [1, 2]
    assert throttle.failures("essai", "cle") == 6
