"""What a partner may say of the person: login_hint, prompt=login, ui_locales."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from tests.accounts.signin.steps import text_of
from tests.oidc.partner import answer_of

pytestmark = pytest.mark.django_db


def sign_in_page(partner: Any, hint: str | None, client: Client | None = None) -> str:
    client = client or Client()
    answer = partner.ask(client, login_hint=hint)
    assert answer.status_code == 302 and answer["Location"].startswith("/connexion/?next=")
    assert not hint or hint not in answer["Location"], "an address is logged"
    return text_of(client.get(f"{answer['Location']}&onglet=mot-de-passe"))


@pytest.mark.security("OP-8", "ABU-1")
def test_the_hint_fills_the_identifier_whether_the_account_exists_or_not(partner: Any, person: Any) -> None:
    known, unknown = (sign_in_page(partner, hint) for hint in (person.email, "personne@nulle.example"))
    assert f'value="{person.email}"' in known and 'value="personne@nulle.example"' in unknown
    shape = [page.split('name="identifiant"')[0].count("<input") for page in (known, unknown)]
    assert shape[0] == shape[1] and len(known) - len(unknown) == len(person.email) - len(
        "personne@nulle.example"
    )


def test_the_hint_is_text(partner: Any) -> None:
    page = sign_in_page(partner, '"><script>alert(1)</script>')
    assert "<script>alert" not in page and "&quot;&gt;&lt;script&gt;" in page


@pytest.mark.parametrize("hint", ["x" * 255, "moi\x00", "moi\nautre", " ", None])
def test_a_hint_too_long_or_unreadable_is_passed_over(partner: Any, hint: str | None) -> None:
    client = Client()
    answer = partner.ask(client, login_hint=hint)
    if answer["Location"].startswith("/connexion/"):
        page = text_of(client.get(f"{answer['Location']}&onglet=mot-de-passe"))
        field = page[page.index('name="identifiant"') :].split(">")[0]
        assert "value=" not in field
    else:
        assert answer_of(answer)["error"] == "invalid_request"


def test_the_hint_is_for_that_sign_in_only(partner: Any) -> None:
    client = Client()
    sign_in_page(partner, "camille@exemple.example", client)
    assert "camille@exemple.example" not in text_of(client.get("/connexion/?onglet=mot-de-passe"))
    assert "camille@exemple.example" not in text_of(
        client.get("/connexion/?onglet=mot-de-passe&next=/preferences/")
    )


@pytest.mark.parametrize("locales", ["fr", "en-GB de", "x" * 500, "<b>"])
def test_languages_asked_for_change_nothing(partner: Any, visitor: Any, locales: str) -> None:
    assert "code" in answer_of(partner.ask(visitor, ui_locales=locales, claims_locales=locales))


@pytest.mark.security("OP-8")
def test_prompt_login_says_who_must_sign_in_again_and_lets_another_leave(
    partner: Any, visitor: Any, person: Any
) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=True):
        answer = partner.ask(visitor, prompt="login")
        page = text_of(visitor.get(answer["Location"]))
    assert "L’application que vous ouvrez demande que vous vous identifiiez de nouveau" in page
    assert f"Compte de <strong>{person}</strong>" in page
    assert "Ce n’est pas moi : me déconnecter" in page
    ours = text_of(visitor.get("/connexion/preuve/?next=/preferences/moyens/"))
    assert "L’application que vous ouvrez" not in ours
