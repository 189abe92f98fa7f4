"""Typing an RPPS number in one's preferences tells nothing of the account that may hold it (ABU-1)."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import identify, support, support_acts
from accounts.models import NationalLink, SecurityEvent, User
from accounts.workflows import profile
from portal.plateformes import current
from tests.accounts.signin.steps import post_password
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("ABU-1")]

WORK = "/preferences/activite/"
HELD, FREE = "99700000013", "99700000021"


@pytest.fixture(autouse=True)
def _answers_at_once(settings: Any) -> None:
    settings.EVEN_TIME_SECONDS = 0


def version_of(browser: Client) -> str:
    found = re.search(r'name="version" value="([^"]+)"', browser.get(WORK).content.decode())
    assert found
    return found.group(1)


def type_number(browser: Client, number: str) -> Any:
    return browser.post(WORK, {"version": version_of(browser), "national_number": number})


def what_is_seen(browser: Client, number: str) -> list[Any]:
    """Status, headers and text of every answer the typist may look at, without what changes at each request."""
    seen: list[Any] = []
    answers = [type_number(browser, number)]
    answers += [
        browser.get(path) for path in ("/preferences/", WORK, "/preferences/journal/", "/preferences/")
    ]
    for answer in answers:
        main = answer.content.decode().partition("<main")[2].partition("</main>")[0]
        main = re.sub(r'(csrfmiddlewaretoken|version)" value="[^"]*"', "", main).replace(number, "NUMBER")
        main = re.sub(r'(nonce|datetime)="[^"]*"|\d\d?\sh\s\d\d', "", main)
        main = re.sub(r"p[\w*•…]*(@[\w.…*•]+)?\d*@cabinet\.example|personne\d+", "PERSON", main)
        seen.append((answer.status_code, answer.get("Location"), sorted(answer.headers), main))
    return seen


def test_a_held_and_a_free_number_get_the_same_answers(outbox: Outbox) -> None:
    make_person(rpps=HELD)
    seen = []
    for number in (HELD, FREE):
        person, browser = make_person(), Client()
        sign_in(browser, person)
        seen.append(what_is_seen(browser, number))
        assert not outbox.emails(person.email)
        events = list(SecurityEvent.objects.filter(subject=person).values_list("action", "data", "outcome"))
        assert [event for event in events if event[0] == "number_claimed"] == []
        assert type_number(browser, number).status_code == 302  # again, unchanged
    for held, free in zip(*seen, strict=True):
        assert held == free
    assert "Votre numéro RPPS sera vérifié" in seen[0][1][3]
    assert "NUMBER" in seen[0][1][3] and "à vérifier" in seen[0][1][3]


def test_neither_number_names_the_typist_at_the_door() -> None:
    holder = make_person(rpps=HELD)
    for number in (HELD, FREE):
        browser = Client()
        sign_in(browser, make_person())
        type_number(browser, number)
    assert identify.find_account(HELD) == holder
    assert identify.find_account(FREE) is None
    answers = [post_password(Client(), number, "faux-mot-de-passe") for number in (HELD, FREE)]
    assert answers[0].status_code == answers[1].status_code == 200


def test_the_holder_and_the_support_are_told_by_mail_and_no_more_than_thrice_a_day(outbox: Outbox) -> None:
    holder, browser = make_person(rpps=HELD), Client()
    sign_in(browser, make_person())
    for _ in range(5):
        type_number(browser, HELD)
        type_number(browser, "")
    told = [mail for mail in outbox.emails(holder.email) if "saisi dans un autre compte" in mail.subject]
    assert len(told) == profile.CLAIMS_TOLD_PER_DAY
    assert len(outbox.emails(current().support.email)) == 1
    assert SecurityEvent.objects.filter(subject=holder, action="number_claimed").exists()
    holder.refresh_from_db()
    assert holder.rpps == HELD


@pytest.mark.security("ACL-2")
def test_a_number_proven_by_a_card_is_not_typed_over() -> None:
    person, browser = make_person(rpps=FREE), Client()
    NationalLink.objects.create(
        user=person, national_id=f"8{FREE}", proven_at=timezone.now(), proven_by="card"
    )
    sign_in(browser, person)
    type_number(browser, HELD)
    person.refresh_from_db()
    assert (person.rpps, person.rpps_asked) == (FREE, "")


def test_the_support_confirms_a_free_number_and_not_a_held_one() -> None:
    agent = make_person(is_staff=True)
    holder = make_person(rpps=HELD)
    for number in (FREE, HELD):
        person, browser = make_person(), Client()
        sign_in(browser, person)
        type_number(browser, number)
        person.refresh_from_db()
        assert "confirmer-numero" in {act.key for act in support_acts.acts_for(person)}
        if number == HELD:
            with pytest.raises(support.Refused, match="autre compte"):
                support.confirm_number(person, actor=agent, reason="annuaire consulté")
        else:
            support.confirm_number(person, actor=agent, reason="annuaire consulté")
            assert identify.find_account(FREE) == person
    assert identify.find_account(HELD) == holder


@pytest.mark.security("REL-5")
@pytest.mark.django_db(transaction=True)
def test_twelve_people_type_the_same_number_at_once() -> None:
    """One of them has it, nobody meets an error."""
    people = [make_person() for _ in range(12)]
    errors: list[Exception] = []
    start = threading.Barrier(len(people))

    def type_it(person: User) -> None:
        try:
            start.wait()
            profile.correct(person, {"rpps": FREE}, actor=person, seen_at=person.updated_at)
        except Exception as error:  # noqa: BLE001 — told in the assertion
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=type_it, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert User.objects.filter(rpps=FREE).count() == 1
    assert User.objects.filter(rpps_asked=FREE).count() == 12
