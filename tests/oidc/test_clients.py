"""Clients as the support and the operator handle them: command, admin, tiles, agreements, who may enter."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import documents
from portal.hub.models import Tile, TileLink
from portal.hub.oidc import consents, demo, uris
from portal.hub.oidc.models import OpenIdClient, OpenIdConsent, OpenIdGrant
from tests.hub.people import give_role
from tests.oidc.partner import Partner, answer_of, decide, make_client
from tests.support.sign_in import make_person, sign_in

pytestmark = pytest.mark.django_db


def run(*words: str) -> Any:
    out = StringIO()
    call_command("client_oidc", *words, "--json", stdout=out)
    return json.loads(out.getvalue())


# --- command -----------------------------------------------------------------------------------------------
def test_a_client_made_by_the_command_works_and_its_secret_is_said_once(visitor: Any) -> None:
    words = (
        "--nom",
        "Agenda",
        "--contact",
        "a@b.example",
        "--retour",
        "https://agenda.example/r",
        "--region",
    )
    made = run("creer", "agenda", *words)
    partner = Partner(OpenIdClient.objects.get(client_id="agenda"), made["client_secret"])
    assert partner.tokens(visitor)["scope"] == "openid profile"
    assert made["client_secret"] not in json.dumps(run("lister"))
    turned = run("tourner-secret", "agenda", "--tout-de-suite")["client_secret"]
    assert Partner(partner.row, turned).post("/openid/revocation/", {"token": "x"}).status_code == 200
    assert partner.post("/openid/revocation/", {"token": "x"}).status_code == 401


@pytest.mark.parametrize(
    "uri",
    [
        "http://agenda.example/r",
        "https://u@agenda.example/r",
        "https://agenda.example/../r",
        "ftp://a.example/",
        "/r",
    ],
)
def test_the_command_refuses_an_address_that_is_not_safe(uri: str) -> None:
    with pytest.raises(CommandError):
        run("creer", "agenda", "--nom", "Agenda", "--contact", "a@b.example", "--retour", uri)
    assert not OpenIdClient.objects.exists()


@pytest.mark.parametrize(
    "uri", ["https://a.example/#x", "https://a.example/é", "https://", "http://10.0.0.1/"]
)
def test_addresses_of_partners_are_checked(uri: str) -> None:
    with pytest.raises(ValidationError):
        uris.check_partner_uri(uri)


def test_the_client_of_the_demo_is_made_once_and_works(visitor: Any) -> None:
    first, second = demo.load_clients(), demo.load_clients()
    assert first == second
    partner = Partner(OpenIdClient.objects.get(), first[0]["client_secret"])
    assert partner.tokens(visitor)["refresh_token"]


# --- admin ---------------------------------------------------------------------------------------------------
@pytest.fixture
def agent(db: None) -> Client:
    person = make_person(is_staff=True)
    documents.accept(person, documents.required())
    client = Client()
    sign_in(client, person, level=2)
    return client


FIELDS = {
    "client_id": "saisi",
    "name": "Saisi",
    "contact": "a@b.example",
    "is_active": "on",
    "redirect_uris": "https://saisi.example/a\r\nhttps://saisi.example/b",
    "scopes": "openid\r\nprofile",
    "grants": ["authorization_code"],
    "auth_method": "client_secret",
    "id_token_algorithm": "RS256",
    "consent_version": "1",
    "refresh_hours": "12",
    "needed_level": "1",
    "motif": "Nouvelle application",
}


def test_the_support_declares_an_application_and_sees_its_secret_once(agent: Client) -> None:
    page = agent.post("/administration/hub/openidclient/add/", FIELDS)
    assert page.status_code == 200, page
    row = OpenIdClient.objects.get(client_id="saisi")
    assert row.redirect_uris == ["https://saisi.example/a", "https://saisi.example/b"]
    secret = page.context["secret"]
    assert Partner(row, secret).post("/openid/revocation/", {"token": "x"}).status_code == 200
    assert secret not in agent.get(f"/administration/hub/openidclient/{row.pk}/change/").content.decode()


def test_the_support_reads_sign_outs_and_keys_without_their_private_part(
    agent: Client, visitor: Any, partner: Partner
) -> None:
    partner.tokens(visitor)
    visitor.post("/deconnexion/")
    assert partner.row.name in agent.get("/administration/hub/openidlogout/").content.decode()
    assert agent.get("/administration/hub/openidkey/").status_code == 200


# --- tiles ------------------------------------------------------------------------------------------------------
@pytest.fixture
def tile(partner: Partner) -> Tile:
    made = Tile.objects.create(slug="agenda", name="Agenda")
    TileLink.objects.create(tile=made, slug="accueil", label="Accueil", url="https://agenda.example/accueil")
    partner.row.tile = made
    partner.row.initiate_login_uri = "https://appli-region.example/entrer"
    partner.row.save()
    return made


@pytest.mark.feature("ROR-090", "CVL-064")
def test_the_tile_of_a_partner_starts_its_sign_in(visitor: Any, tile: Tile) -> None:
    assert visitor.get("/applications/agenda/ouvrir/").url == (
        "https://appli-region.example/entrer?iss=http%3A%2F%2Ftestserver"
        "&target_link_uri=https%3A%2F%2Fagenda.example%2Faccueil"
    )


def test_a_closed_tile_says_what_the_partner_asks(
    visitor: Any, person: Any, partner: Partner, tile: Tile
) -> None:
    partner.row.needs_validation = True
    partner.row.save()
    page = visitor.get("/applications/agenda/ouvrir/")
    assert page.status_code == 403
    assert "pas encore validée" in page.content.decode()
    partner.row.needs_validation, partner.row.needed_level = False, 2
    partner.row.save()
    assert visitor.get("/applications/agenda/ouvrir/").url.startswith("/connexion/niveau/?niveau=2")


# --- who may enter ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "rule",
    [
        {"roles": ["referent-ror"]},
        {"professions": ["medecin"]},
        {"departments": ["94"]},
        {"structures": ["750000001"]},
    ],
    ids=str,
)
def test_a_person_outside_the_rule_is_told_and_the_partner_too(visitor: Any, rule: dict[str, Any]) -> None:
    closed = make_client("fermee", **rule)
    page = closed.ask(visitor)
    assert page.status_code == 403
    assert "error=access_denied" in page.context["back_url"]
    assert answer_of(closed.ask(visitor, prompt="none"))["error"] == "access_denied"
    assert not OpenIdGrant.objects.exists()


def test_a_person_inside_the_rule_enters(visitor: Any, person: Any) -> None:
    give_role(person, "referent-ror")
    person.code_postal = "94000"
    person.save()
    opened = make_client("ouverte", roles=["referent-ror"], departments=["94"])
    assert opened.tokens(visitor)["access_token"]


@pytest.mark.parametrize("is_valid", [True, False])
def test_a_declared_structure_opens_only_a_validated_identity(
    visitor: Any, person: Any, is_valid: bool
) -> None:
    person.matricule = "750000001"
    person.save()
    if is_valid:
        give_role(person, "professionnel-valide")
    status = make_client("etablissement", structures=["750000001"]).ask(visitor).status_code
    assert status == (302 if is_valid else 403)


# --- agreements ---------------------------------------------------------------------------------------------------
@pytest.mark.security("OP-13")
def test_the_page_of_agreement_names_the_partner_the_data_and_the_duration(
    visitor: Any, stranger: Partner
) -> None:
    page = stranger.ask(visitor, scope="openid profile phone")
    text = page.content.decode()
    assert stranger.row.name in text
    assert "votre numéro de mobile" in text
    assert "votre adresse e-mail" not in text
    assert "12 heures" in text
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]


@pytest.mark.security("OP-13")
def test_a_forged_agreement_is_refused(person: Any, stranger: Partner) -> None:
    strict = Client(enforce_csrf_checks=True)
    sign_in(strict, person)
    url = stranger.ask(strict).context["decide_url"]
    assert strict.post(url, {"choix": "accepter"}).status_code == 403
    assert Client().post(url, {"choix": "accepter"}).status_code == 302  # a visitor is sent to sign in
    assert not OpenIdConsent.objects.exists()


@pytest.mark.security("OP-13")
def test_an_agreement_is_of_the_session_and_of_the_page_that_asked_for_it(
    visitor: Any, person: Any, stranger: Partner
) -> None:
    """The form of one session, sent by another of the same person or of somebody else, is asked again there."""
    page = stranger.ask(visitor)
    others = Client(), Client()
    sign_in(others[0], person)
    sign_in(others[1], make_person())
    for other in others:
        for answer in ("accepter", "refuser"):
            again = decide(other, page, answer)
            assert (again.status_code, again.context["decide_url"]) == (200, page.context["decide_url"])
    assert visitor.post(page.context["decide_url"], {"choix": "accepter"}).context["mark"]
    assert not OpenIdConsent.objects.exists()
    assert decide(visitor, page, "accepter").context["url"].startswith(stranger.uri)


@pytest.mark.security("OP-13", "OP-8")
def test_an_agreement_asked_of_a_named_person_sends_another_one_back(
    visitor: Any, person: Any, stranger: Partner
) -> None:
    decide(visitor, stranger.ask(visitor), "accepter")
    hint = stranger.tokens(visitor)["id_token"]
    page = stranger.ask(visitor, prompt="consent", id_token_hint=hint)
    other = Client()
    sign_in(other, make_person())
    assert "error=login_required" in decide(other, page, "accepter").context["url"]


@pytest.mark.security("OP-13")
def test_what_changed_since_the_page_is_agreed_to_anew(visitor: Any, stranger: Partner) -> None:
    page = stranger.ask(visitor)
    stranger.row.consent_version = 2
    stranger.row.save()
    again = decide(visitor, page, "accepter")
    assert not OpenIdConsent.objects.exists()
    assert "code=" in decide(visitor, again, "accepter").context["url"]


@pytest.mark.security("OP-13")
def test_a_refusal_goes_back_to_the_partner(visitor: Any, stranger: Partner) -> None:
    page = decide(visitor, stranger.ask(visitor), "refuser")
    assert "error=access_denied" in page.context["url"]
    assert "Accéder à l’application" in page.content.decode()  # when the browser does not go on by itself
    assert page["Referrer-Policy"] == "no-referrer"


@pytest.mark.security("OP-13")
def test_people_see_their_applications_and_take_an_agreement_back(
    visitor: Any, person: Any, stranger: Partner
) -> None:
    decide(visitor, stranger.ask(visitor), "accepter")
    tokens = stranger.tokens(visitor)
    page = visitor.get("/preferences/applications/").content.decode()
    assert stranger.row.name in page
    assert "Retirer mon accord" in page
    visitor.post(f"/preferences/applications/{stranger.id}/retirer/")
    assert stranger.userinfo(tokens["access_token"]).status_code == 401
    assert answer_of(stranger.ask(visitor, prompt="none"))["error"] == "consent_required"
    assert consents.known_applications(person)[0].agreed_at is None
