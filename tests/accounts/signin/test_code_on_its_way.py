"""A code that is slow to leave, or cannot: the page says so, and goes on looking by itself until it left."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from portal.messaging.models import OutgoingMessage
from tests.accounts.signin.steps import PROOF, post_password, text_of
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person

pytestmark = pytest.mark.django_db
LATE, LOST = "Le message met du temps à partir", "Le message n’a pas pu partir"
LOOKS_AGAIN = 'hx-select="#etat-envoi"'


@pytest.fixture
def waiting(client: Client, outbox: Outbox) -> Client:
    post_password(client, make_person(mobile=True).identifiant)
    return client


def move(**fields: object) -> None:
    OutgoingMessage.objects.update(**fields)


def test_a_message_just_written_is_no_news(waiting: Client) -> None:
    page = text_of(waiting.get(PROOF))
    assert LATE not in page
    assert LOST not in page
    assert LOOKS_AGAIN in page


@pytest.mark.parametrize(("status", "age_seconds"), [("retry", 0), ("queued", 30)])
def test_a_late_message_is_told_with_the_other_means(waiting: Client, status: str, age_seconds: int) -> None:
    move(status=status, created_at=timezone.now() - timedelta(seconds=age_seconds))
    page = text_of(waiting.get(PROOF))
    assert LATE in page
    assert "choisir un autre moyen" in page
    assert LOOKS_AGAIN in page


def test_a_message_that_left_is_no_news_and_nobody_looks_again(waiting: Client) -> None:
    move(status="sent", finished_at=timezone.now(), sealed_body=None)
    page = text_of(waiting.get(PROOF))
    assert LATE not in page
    assert LOOKS_AGAIN not in page


@pytest.mark.parametrize("status", ["failed", "expired"])
def test_a_message_that_cannot_leave_is_told(waiting: Client, status: str) -> None:
    move(status=status, finished_at=timezone.now(), sealed_body=None)
    page = text_of(waiting.get(PROOF))
    assert LOST in page
    assert LOOKS_AGAIN not in page


@pytest.mark.security("ABU-1")
def test_the_door_of_the_code_tells_nothing_of_the_message(client: Client, outbox: Outbox) -> None:
    client.post("/connexion/code-ephemere/", {"identifiant": make_person().identifiant, "canal": "mail"})
    move(status="retry")
    page = text_of(client.get("/connexion/code-ephemere/saisie/"))
    assert LATE not in page
    assert LOOKS_AGAIN not in page


def test_a_code_written_with_spaces_fits_the_field_without_javascript(
    waiting: Client, outbox: Outbox
) -> None:
    field = re.search(r'<input[^>]*name="preuve"[^>]*>', waiting.get(PROOF).content.decode())
    assert field is not None
    for attribute in (
        'maxlength="40"',
        'data-portal-digits="6"',
        'autocomplete="one-time-code"',
        "aria-required",
    ):
        assert attribute in field[0]
    code = outbox.last().code
    assert waiting.post(PROOF, {"preuve": f" {code[:3]} {code[3:]} ", "moyen": "mail"})["Location"] == "/"


@pytest.mark.parametrize(
    ("means", "sentence"),
    [("mail", "Saisissez le code à 6 chiffres."), ("sms", "Saisissez le code à 6 chiffres.")],
)
def test_an_empty_proof_is_told_at_the_field(waiting: Client, means: str, sentence: str) -> None:
    waiting.post(f"{PROOF}envoyer/", {"moyen": means})
    assert sentence in text_of(waiting.post(PROOF, {"preuve": "", "moyen": means}))


AGAIN = "Un nouveau code est parti : le précédent ne fonctionne plus."


def after_the_delay() -> object:
    return time_machine.travel(timezone.now() + timedelta(seconds=31), tick=False)


def test_a_second_code_is_told_and_the_first_one_is_not(waiting: Client) -> None:
    assert AGAIN not in text_of(waiting.get(PROOF))
    with after_the_delay():
        assert AGAIN in text_of(waiting.post(f"{PROOF}envoyer/", {"moyen": "mail"}, follow=True))


@pytest.mark.security("ABU-1")
@pytest.mark.parametrize("is_known", [True, False])
def test_a_second_ephemeral_code_is_told_to_anybody(client: Client, outbox: Outbox, is_known: bool) -> None:
    typed = make_person().identifiant if is_known else "personne.du.tout"
    first = client.post("/connexion/code-ephemere/", {"identifiant": typed, "canal": "mail"}, follow=True)
    assert AGAIN not in text_of(first)
    with after_the_delay():
        assert AGAIN in text_of(client.post("/connexion/code-ephemere/renvoyer/", follow=True))
