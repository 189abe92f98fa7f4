"""Asking codes in somebody's name neither keeps them out (ABU-5) nor tells that they have an account (ABU-1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import AttemptCounter
from tests.accounts.signin.steps import pass_both, post_password, text_of
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person

pytestmark = [pytest.mark.django_db, pytest.mark.security("ABU-5", "CODE-6")]

ASK = "/connexion/code-ephemere/"
USED_UP = "Trop de codes demandés"
JUST_SENT = "Un code vient d’être envoyé"


def ask(client: Client, typed: str, channel: str = "mail") -> str:
    """Ask a code at the open door; the text of the page that follows."""
    answer = client.post(ASK, {"identifiant": typed, "canal": channel})
    assert answer.status_code == 302, text_of(answer)
    return text_of(client.get(answer["Location"]))


def ask_thrice(typed: str, channels: tuple[str, ...] = ("mail", "mail", "mail")) -> Any:
    """Three codes asked from fresh browsers, over the delay between two; then the instant after the third."""
    start = timezone.now()
    for number, channel in enumerate(channels):
        with time_machine.travel(start + timedelta(seconds=40 * number), tick=False):
            assert USED_UP not in ask(Client(), typed, channel)
    return time_machine.travel(start + timedelta(seconds=40 * len(channels)), tick=False)


def test_a_stranger_who_asks_codes_keeps_none_from_the_owners_browser(outbox: Outbox) -> None:
    person, home = make_person(), Client()
    pass_both(home, person, outbox)
    home.post("/deconnexion/")
    with ask_thrice(person.identifiant):
        post_password(home, person.identifiant)
        assert USED_UP not in text_of(home.get("/connexion/verification/"))
        assert len(outbox.emails(person.email)) == len({id(mail) for mail in outbox.emails(person.email)})
        fresh = outbox.last(person.email).code
        assert home.post("/connexion/verification/", {"preuve": fresh, "moyen": "mail"}).status_code == 302
        assert home.get("/preferences/").status_code == 200
    assert home.get("/preferences/").status_code in {200, 302}


def test_the_open_door_too_has_a_budget_for_the_owners_browser(outbox: Outbox) -> None:
    person, home = make_person(), Client()
    pass_both(home, person, outbox)
    home.post("/deconnexion/")
    with ask_thrice(person.identifiant):
        before = len(outbox.emails(person.email))
        assert USED_UP not in ask(home, person.identifiant)
        assert len(outbox.emails(person.email)) == before + 1


@pytest.mark.security("ABU-1")
@pytest.mark.parametrize(
    "channels", [("mail", "sms", "mail"), ("sms", "sms", "sms"), ("mail", "mail", "mail")]
)
def test_the_budget_is_used_up_alike_whatever_the_account_can_receive(channels: tuple[str, ...]) -> None:
    person = make_person()  # no proved mobile: SMS asked in that name are decoys
    for typed in (person.identifiant, person.email, "personne-ici"):
        with ask_thrice(typed, channels):
            assert USED_UP in ask(Client(), typed)
            assert USED_UP in ask(Client(), typed, "sms")


@pytest.mark.security("ABU-1")
def test_two_names_of_one_account_are_not_shown_to_be_one(outbox: Outbox) -> None:
    person = make_person()
    with ask_thrice(person.identifiant):
        before = len(outbox.emails(person.email))
        page = ask(Client(), person.email)
        assert USED_UP not in page and JUST_SENT not in page
        assert len(outbox.emails(person.email)) == before, (
            "the mailbox gets no more than the account's budget"
        )


def test_decoys_do_not_use_up_the_messages_of_everybody(outbox: Outbox) -> None:
    ask(Client(), "personne-ici", "sms")
    spent = set(AttemptCounter.objects.values_list("kind", flat=True))
    assert "code_sends" in spent and "sms_all" not in spent
