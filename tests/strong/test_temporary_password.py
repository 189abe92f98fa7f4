"""Linking with an account whose password is a temporary one: the card is presented once (ROR-055, CVL-028)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.workflows import credentials
from tests.strong.steps import CARD, arrive, level_of, owner_of, post_link, text_of

pytestmark = pytest.mark.django_db
END = "/connexion/rattachement/fin/"
CHANGE = "/mot-de-passe/changer/"
NEW = "Vallon-Bruyere-61-Meuse"


def temporary_secret(person: User, outbox: Any) -> str:
    credentials.give_temporary_secret(person, actor=None)
    text = next(m.text for m in reversed(outbox.emails(person.email)) if "provisoire" in m.text)
    found = re.search(r"provisoire[^\n]*?:\s*(\S+)", text)
    assert found, text
    return found[1]


@pytest.mark.feature("ROR-055", "ROR-057")
def test_the_card_is_linked_right_after_the_new_password(client: Client, person: User, outbox: Any) -> None:
    secret = temporary_secret(person, outbox)
    arrive(client, CARD, "/preferences/sessions/")
    assert post_link(client, person.identifiant, secret).headers["Location"] == "/connexion/verification/"
    proved = client.post(
        "/connexion/verification/", {"preuve": outbox.last(person.email).code, "moyen": "mail"}
    )
    held = client.get(proved.headers["Location"])
    assert held.headers["Location"] == f"{CHANGE}?next=%2Fconnexion%2Frattachement%2Ffin%2F"
    assert owner_of(CARD) is None
    changed = client.post(held.headers["Location"], {"password": NEW, "password_confirmation": NEW})
    assert changed.headers["Location"] == END
    page = client.get(END, follow=True)
    assert "Votre inscription au portail s'est effectuée avec succès" in text_of(page)
    assert '<a class="button" href="/preferences/sessions/">' in page.content.decode()
    assert owner_of(CARD) == person
    assert level_of(client, person) == 3


@pytest.mark.security("PWD-7")
def test_nothing_but_a_page_of_ours_follows_the_change(client: Client, person: User, outbox: Any) -> None:
    secret = temporary_secret(person, outbox)
    client.post("/connexion/", {"identifiant": person.identifiant, "mot_de_passe": secret})
    client.post("/connexion/verification/", {"preuve": outbox.last(person.email).code, "moyen": "mail"})
    values = {"password": NEW, "password_confirmation": NEW}
    answer = client.post(f"{CHANGE}?next=https://ailleurs.example/", values)
    assert answer.headers["Location"] == "/"
