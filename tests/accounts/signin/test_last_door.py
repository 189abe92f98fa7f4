"""The sign-in page opens on the door used last from this browser, unless the desk is shared."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts import last_door
from tests.accounts.signin.steps import DOOR, PROOF, pass_both, text_of
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person

pytestmark = pytest.mark.django_db
ASK = "/connexion/code-ephemere/"
LAST = "Votre dernière connexion sur cet appareil"


def by_ephemeral_code(client: Client, person: object, outbox: Outbox) -> None:
    client.post(ASK, {"identifiant": person.identifiant, "canal": "mail"})
    assert client.post(f"{ASK}saisie/", {"code": outbox.last(person.email).code})["Location"] == PROOF
    client.post(PROOF, {"preuve": "Etang-Brume-47-Vesle", "moyen": "password"})


def test_nothing_is_said_to_a_browser_nobody_used(client: Client) -> None:
    page = text_of(client.get(DOOR))
    assert LAST not in page
    assert 'name="mot_de_passe"' in page


def test_the_page_opens_on_the_door_used_last(client: Client, outbox: Outbox) -> None:
    person = make_person()
    by_ephemeral_code(client, person, outbox)
    assert client.cookies["porte"].value == "ephemeral"
    client.post("/deconnexion/")
    page = text_of(client.get(DOOR))
    assert LAST in page
    assert 'name="canal"' in page
    other = text_of(client.get(f"{DOOR}?onglet=mot-de-passe"))
    assert 'name="mot_de_passe"' in other
    assert LAST not in other


def test_the_window_of_the_header_keeps_its_two_fields(client: Client) -> None:
    client.cookies["porte"] = "card"
    window = text_of(client.get(DOOR, headers={"X-Portal-Modal": "1", "HX-Request": "true"}))
    assert 'name="mot_de_passe"' in window


@pytest.mark.parametrize("forged", ["", "autre", "<b>", "card;password"])
def test_a_forged_word_opens_the_usual_page(client: Client, forged: str) -> None:
    client.cookies["porte"] = forged
    page = text_of(client.get(DOOR))
    assert 'name="mot_de_passe"' in page
    assert LAST not in page


def test_a_shared_desk_keeps_no_door(client: Client, outbox: Outbox) -> None:
    pass_both(client, make_person(), outbox)
    assert client.cookies["porte"].value == "password"
    client.post("/deconnexion/")
    client.post("/connexion/poste/", {"poste_partage": "on"})
    assert client.cookies["porte"].value == ""
    assert LAST not in text_of(client.get(DOOR))
    pass_both(client, make_person(), outbox)
    assert client.cookies["porte"].value == ""


@pytest.mark.parametrize("means", ["totp", "recovery", "password_reset"])
def test_a_means_that_is_no_door_changes_nothing(client: Client, means: str) -> None:
    from django.http import HttpResponse  # noqa: PLC0415

    response = HttpResponse()
    last_door.remember(response, means)
    assert not response.cookies
