"""Who sits in somebody's session is out once the owner changes an address, a mobile or any other proof (SES-6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import support
from accounts.models import OneTimeCode, User, UserSession
from accounts.sessions import FACTOR_CHANGED
from accounts.strong import linking
from tests.accounts.signin.steps import post_password, post_proof, text_of
from tests.accounts.signin.test_means import MEANS, add_totp
from tests.strong.steps import CARD
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("SES-6")]

PRIVATE = "/preferences/sessions/"
NUMBER = "+33639981234"
ENDED = "autres sessions"


def change_mobile(browser: Client, person: User, outbox: Outbox) -> Any:
    browser.post("/preferences/mobile/", {"phone_mobile": NUMBER})
    return browser.post("/preferences/mobile/code/", {"code": outbox.texts(NUMBER)[-1].code}, follow=True)


def remove_mobile(browser: Client, person: User, outbox: Outbox) -> Any:
    number = {"phone_mobile": NUMBER, "phone_mobile_verified_at": timezone.now()}
    User.objects.filter(pk=person.pk).update(**number)
    return browser.post("/preferences/mobile/retirer/", follow=True)


def change_email(browser: Client, person: User, outbox: Outbox) -> Any:
    new = "neuve@cabinet.example"
    browser.post("/preferences/adresse/", {"email": new, "email_confirmation": new})
    browser.get(outbox.last(new).path)
    return browser.post("/inscription/validation/", follow=True)


def add_application(browser: Client, person: User, outbox: Outbox) -> Any:
    add_totp(browser)
    return browser.get(MEANS, follow=True)


def remove_application(browser: Client, person: User, outbox: Outbox) -> Any:
    add_totp(browser)
    outbox.clear()
    return browser.post(f"{MEANS}application/retirer/", follow=True)


def renew_codes(browser: Client, person: User, outbox: Outbox) -> Any:
    return browser.post(f"{MEANS}codes-de-secours/renouveler/", follow=True)


CHANGES = (change_mobile, remove_mobile, change_email, add_application, remove_application, renew_codes)


@pytest.mark.security("SES-1")
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_the_others_end_and_this_one_goes_on_under_a_new_key(
    change: Callable[[Client, User, Outbox], Any], outbox: Outbox
) -> None:
    person, here, thief = make_person(), Client(), Client()
    sign_in(here, person)
    sign_in(thief, person)
    before = here.cookies["sessionid"].value
    page = change(here, person, outbox)
    assert ENDED in text_of(page)
    assert "autres sessions ont été fermées" in outbox.last(person.email).text
    assert thief.get(PRIVATE).status_code == 302
    assert here.get(PRIVATE).status_code == 200
    assert here.cookies["sessionid"].value != before
    old = Client()
    old.cookies["sessionid"] = before
    assert old.get(PRIVATE).status_code == 302
    assert UserSession.objects.get(ended_reason=FACTOR_CHANGED).user == person


def test_an_address_validated_in_another_browser_ends_every_session(outbox: Outbox) -> None:
    person, here, mailbox = make_person(), Client(), Client()
    sign_in(here, person)
    new = "neuve@cabinet.example"
    here.post("/preferences/adresse/", {"email": new, "email_confirmation": new})
    mailbox.get(outbox.last(new).path)
    assert ENDED in text_of(mailbox.post("/inscription/validation/", follow=True))
    assert here.get(PRIVATE).status_code == 302


def test_somebody_elses_browser_that_validates_the_address_keeps_its_own_session(outbox: Outbox) -> None:
    person, here, shared = make_person(), Client(), Client()
    sign_in(here, person)
    sign_in(shared, make_person())
    new = "neuve@cabinet.example"
    here.post("/preferences/adresse/", {"email": new, "email_confirmation": new})
    shared.get(outbox.last(new).path)
    shared.post("/inscription/validation/")
    assert here.get(PRIVATE).status_code == 302
    assert shared.get(PRIVATE).status_code == 200


@pytest.mark.security("CODE-9")
def test_a_code_waiting_in_the_old_mailbox_opens_nothing_after_the_change(outbox: Outbox) -> None:
    person, here, thief = make_person(), Client(), Client()
    sign_in(here, person)
    post_password(thief, person.identifiant)
    code = outbox.last(person.email).code
    change_email(here, person, outbox)
    post_proof(thief, code)
    assert thief.get(PRIVATE).status_code == 302
    assert not OneTimeCode.objects.filter(user=person, used_at=None, dead_at=None).exists()


def test_the_support_that_takes_a_mobile_away_ends_every_session_but_its_own(client: Client) -> None:
    person = make_person(mobile=True)
    agent = make_person(is_staff=True)
    theirs = Client()
    sign_in(theirs, person)
    sign_in(client, agent, level=2)
    support.remove_mobile(person, actor=agent, reason="téléphone perdu")
    assert theirs.get(PRIVATE).status_code == 302
    assert client.get(PRIVATE).status_code == 200


def test_a_card_linked_to_the_account_ends_the_other_sessions(outbox: Outbox) -> None:
    person, thief = make_person(), Client()
    sign_in(thief, person)
    linking.link(None, person, CARD)
    assert thief.get(PRIVATE).status_code == 302
    assert "rattachée à votre compte" in outbox.last(person.email).subject
