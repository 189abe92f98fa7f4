"""The hub's part of « Mes données », and the page of applications."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from accounts import my_data
from portal.hub import favourites
from portal.hub.models import SupportTicket, TicketMessage, Tile
from portal.hub.oidc import consents
from portal.hub.oidc.models import OpenIdClient, OpenIdConsent, OpenIdGrant, OpenIdToken
from tests.accounts.signin.steps import text_of
from tests.oidc.partner import make_client
from tests.support.sign_in import make_person, sign_in

pytestmark = pytest.mark.django_db
PAGE = "/preferences/applications/"


@pytest.fixture
def person() -> Any:
    return make_person()


@pytest.fixture
def here(person: Any) -> Client:
    client = Client()
    sign_in(client, person)
    return client


@pytest.fixture
def agreed(here: Client, person: Any, rf: Any) -> Any:
    partner = make_client("agenda", name="Agenda", is_regional=False)
    consents.give(rf.post("/"), person, partner.row, ["openid", "profile", "email"])
    partner.found = partner.tokens(here, scope="openid profile")  # type: ignore[attr-defined]
    return partner


@pytest.mark.security("DAT-4")
def test_the_export_holds_agreements_entries_favourites_and_questions(agreed: Any, person: Any) -> None:
    favourites.star(person, Tile.objects.create(slug="agenda", name="Agenda"))
    ticket = SupportTicket.objects.create(user=person, title="Un code", topic="sign_in")
    TicketMessage.objects.create(ticket=ticket, kind="requester", body="Je ne le reçois pas")
    TicketMessage.objects.create(ticket=ticket, kind="support", body="personne difficile", is_internal=True)
    told = my_data.collect(person)["applications_et_assistance"]
    assert [(one["application"], one["version"]) for one in told["accords"]] == [("Agenda", 1)]
    assert told["entrees"][0]["application"] == "Agenda" and told["entrees"][0]["terminee_le"] is None
    assert told["favoris"] == ["Agenda"]
    assert [one["texte"] for one in told["demandes_au_support"][0]["messages"]] == ["Je ne le reçois pas"]
    text = json.dumps(my_data.collect(person))
    for secret in (agreed.found["access_token"], agreed.found["refresh_token"], agreed.row.secret_hash):
        assert secret not in text


def test_the_export_of_one_person_holds_nothing_of_another(agreed: Any) -> None:
    told = my_data.collect(make_person())["applications_et_assistance"]
    assert told == {"accords": [], "entrees": [], "favoris": [], "demandes_au_support": []}


@pytest.mark.security("OP-13")
def test_the_page_tells_the_date_the_version_and_the_entries(here: Client, agreed: Any) -> None:
    page = text_of(here.get(PAGE))
    assert "(version 1)" in page and "Ouverte en ce moment" in page and "Sera redemandé" not in page
    OpenIdClient.objects.filter(pk=agreed.row.pk).update(consent_version=2)
    assert "Sera redemandé" in text_of(here.get(PAGE))


@pytest.mark.security("OP-13")
def test_taking_it_back_ends_the_tokens_and_only_ones_own(here: Client, agreed: Any, person: Any) -> None:
    other = Client()
    sign_in(other, make_person())
    other.post(f"{PAGE}agenda/retirer/")
    assert agreed.userinfo(agreed.found["access_token"]).status_code == 200
    assert here.post(f"{PAGE}agenda/retirer/")["Location"] == PAGE
    assert OpenIdConsent.objects.get().revoked_at is not None
    assert agreed.userinfo(agreed.found["access_token"]).status_code == 401
    assert agreed.refresh(agreed.found["refresh_token"]).status_code == 400
    assert not OpenIdGrant.objects.filter(user=person, ended_at=None).exists()
    assert OpenIdToken.objects.count() >= 2
    assert "retiré" in text_of(here.get(PAGE))
