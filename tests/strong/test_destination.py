"""Signing up from an application leads to that application (ROR-058), through the mail and in any browser."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from accounts import destinations
from accounts.models import SignUpDestination, User
from accounts.purges import purge_all
from portal.hub.models import Tile
from portal.hub.oidc.models import OpenIdClient, OpenIdPending
from portal.plateformes import current
from tests.accounts.signup.people import filled_form
from tests.strong.steps import CARD, ECPS, LINK, arrive, mark_shown, text_of
from tests.support.sign_in import PASSWORD, make_person

pytestmark = pytest.mark.django_db
ADDRESS = "ariane.martel@cabinet.example"
TILE_PAGE = "/applications/viatrajectoire/ouvrir/"
VALIDATED = "/inscription/validation/"


@pytest.fixture
def tile() -> Tile:
    found, _ = Tile.objects.get_or_create(slug="viatrajectoire", defaults={"name": "ViaTrajectoire"})
    Tile.objects.filter(pk=found.pk).update(name="ViaTrajectoire", is_active=True, is_shown_to_others=True)
    return found


@pytest.fixture
def partner(tile: Tile) -> OpenIdClient:
    return OpenIdClient.objects.create(
        client_id="suivi-grossesse",
        name="Suivi de grossesse",
        contact="technique@partenaire.example",
        tile=tile,
        redirect_uris=["https://suivi.sante.example/retour"],
        is_regional=True,
        grants=["authorization_code"],
        scopes=["openid"],
    )


def asked_by(client: Client) -> str:
    """A partner's request, as the browser brings it; the path that the sign-in page keeps."""
    query = {
        "response_type": "code",
        "client_id": "suivi-grossesse",
        "redirect_uri": "https://suivi.sante.example/retour",
        "scope": "openid",
        "state": "etat-du-partenaire",
        "nonce": "n" * 22,
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    answer = client.get("/openid/autorisation/", query)
    assert answer.status_code == 302, answer.content.decode()[:500]
    return parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0]


def sign_up(client: Client, identity: Any, target: str, **changed: str) -> None:
    arrive(client, identity, target)
    values = {"email": ADDRESS, "identifiant": "ariane.martel", **changed}
    answer = client.post(LINK, filled_form(identite=mark_shown(client), **values))
    assert answer.headers["Location"] == "/inscription/envoyee/"


def validate(client: Client, outbox: Any) -> Any:
    client.get(outbox.last(ADDRESS).path)
    return client.post(VALIDATED, follow=True)


def go_on(page: Any) -> str:
    """Where « CONTINUER » leads after the sign-in."""
    link = next(part for part in page.content.decode().split("<a ") if "CONTINUER" in part)
    address = link.split('href="')[1].split('"')[0]
    return parse_qs(urlsplit(address).query).get("next", [""])[0]


@pytest.mark.feature("ROR-058")
@pytest.mark.parametrize("identity", [CARD, ECPS], ids=["card", "e-CPS"])
def test_continuer_leads_to_the_application_after_the_sign_in(
    client: Client, outbox: Any, tile: Tile, identity: Any
) -> None:
    sign_up(client, identity, TILE_PAGE)
    page = validate(client, outbox)
    assert "continuer vers : <strong>ViaTrajectoire</strong>" in text_of(page)
    assert go_on(page) == TILE_PAGE
    assert arrive(client, identity, go_on(page)).headers["Location"] == TILE_PAGE
    assert not SignUpDestination.objects.exists()


@pytest.mark.feature("ROR-058")
def test_another_browser_is_led_there_too(client: Client, outbox: Any, tile: Tile) -> None:
    sign_up(client, CARD, TILE_PAGE)
    page = validate(Client(), outbox)
    assert go_on(page) == TILE_PAGE


@pytest.mark.feature("ROR-057", "ROR-058")
def test_a_first_sign_in_by_another_way_shows_the_success_page(
    client: Client, outbox: Any, tile: Tile
) -> None:
    """Nobody clicked « CONTINUER »: the person came back to the portal by themselves."""
    sign_up(client, CARD, TILE_PAGE)
    validate(Client(), outbox)
    other = Client()
    first = arrive(other, CARD)
    assert first.headers["Location"] == "/connexion/rattachement/reussi/"
    page = other.get(first.headers["Location"])
    assert 'Cliquez sur le bouton ci-dessous pour accéder à l\'application "ViaTrajectoire"' in text_of(page)
    assert f'<a class="button" href="{TILE_PAGE}">Accéder à l' in page.content.decode()
    assert arrive(Client(), CARD).headers["Location"] == "/"


@pytest.mark.feature("ROR-058")
def test_a_partners_request_goes_on_in_the_browser_that_brought_it(
    client: Client, outbox: Any, partner: OpenIdClient
) -> None:
    target = asked_by(client)
    sign_up(client, ECPS, target)
    page = validate(client, outbox)
    assert "continuer vers : <strong>Suivi de grossesse</strong>" in text_of(page)
    assert go_on(page) == target
    assert arrive(client, ECPS, target).headers["Location"] == target
    left = client.get(target)
    assert "https://suivi.sante.example/retour?code=" in left.content.decode().replace("&amp;", "&")
    assert "state=etat-du-partenaire" in left.content.decode().replace("&amp;", "&")


@pytest.mark.feature("ROR-058")
@pytest.mark.security("RP-1")
def test_a_partners_request_is_not_carried_to_another_browser(
    client: Client, outbox: Any, partner: OpenIdClient
) -> None:
    """The partner does not know its own `state` there: the application is entered by its tile."""
    sign_up(client, ECPS, asked_by(client))
    page = validate(Client(), outbox)
    assert "continuer vers : <strong>Suivi de grossesse</strong>" in text_of(page)
    assert go_on(page) == TILE_PAGE


def test_a_request_that_is_over_gives_way_to_the_applications_own_entry(
    client: Client, outbox: Any, partner: OpenIdClient
) -> None:
    sign_up(client, ECPS, asked_by(client))
    OpenIdPending.objects.update(expires_at=timezone.now())
    assert go_on(validate(client, outbox)) == TILE_PAGE


def test_an_application_without_tile_says_where_to_start_again(
    client: Client, outbox: Any, partner: OpenIdClient
) -> None:
    OpenIdClient.objects.update(tile=None)
    sign_up(client, ECPS, asked_by(client))
    page = validate(Client(), outbox)
    assert go_on(page) == ""
    assert "Pour entrer dans « Suivi de grossesse », repartez ensuite de cette application" in text_of(page)
    other = Client()
    first = arrive(other, ECPS)
    assert "repartez de cette application" in text_of(other.get(first.headers["Location"]))


@pytest.mark.security("WEB-3")
@pytest.mark.parametrize(
    "target", ["https://ailleurs.example/", "//ailleurs.example/", "/\\ailleurs.example", "", "/"]
)
def test_nothing_but_a_page_of_ours_is_kept(client: Client, outbox: Any, target: str) -> None:
    sign_up(client, CARD, target)
    assert not SignUpDestination.objects.exists()
    assert go_on(validate(client, outbox)) == ""


@pytest.mark.security("ACL-1")
def test_an_application_hidden_from_others_is_not_named(tile: Tile) -> None:
    Tile.objects.filter(pk=tile.pk).update(is_shown_to_others=False, professions=["medecin"])
    assert destinations.place_of(TILE_PAGE).name == current().portal_title


@pytest.mark.security("ABU-1")
def test_a_known_address_gets_nothing_and_the_session_says_nothing(client: Client, tile: Tile) -> None:
    make_person(email=ADDRESS)
    arrive(client, CARD, TILE_PAGE)
    values = {"email": ADDRESS, "identifiant": "ariane.martel"}
    client.post(LINK, filled_form(identite=mark_shown(client), **values))
    known = set(client.session.keys())
    fresh = Client()
    sign_up(fresh, ECPS, TILE_PAGE, email="autre@cabinet.example", identifiant="autre.martel")
    assert known == set(fresh.session.keys())
    assert not SignUpDestination.objects.filter(user__email_key=ADDRESS).exists()


def test_who_signs_up_again_goes_where_they_now_want(client: Client, outbox: Any, tile: Tile) -> None:
    sign_up(client, CARD, TILE_PAGE)
    sign_up(client, CARD, "")
    assert not SignUpDestination.objects.exists()


@pytest.mark.feature("ROR-050", "ROR-058")
def test_the_ordinary_sign_up_keeps_it_as_well(client: Client, outbox: Any, tile: Tile) -> None:
    page = client.get("/connexion/", {"next": TILE_PAGE}).content.decode()
    assert 'href="/inscription/?next=/applications/viatrajectoire/ouvrir/"' in page.replace("%2F", "/")
    form = client.get("/inscription/", {"next": TILE_PAGE}).content.decode()
    assert form.count(f'<input type="hidden" name="next" value="{TILE_PAGE}">') == 2
    client.post("/inscription/", {**filled_form(email=ADDRESS), "next": TILE_PAGE})
    page = validate(client, outbox)
    assert go_on(page) == TILE_PAGE
    made = User.objects.get(email_key=ADDRESS)
    client.post(f"/connexion/?next={TILE_PAGE}", {"identifiant": made.identifiant, "mot_de_passe": PASSWORD})


def test_a_destination_nobody_came_for_is_dropped(client: Client, tile: Tile) -> None:
    sign_up(client, CARD, TILE_PAGE)
    SignUpDestination.objects.update(created_at=timezone.now() - timezone.timedelta(days=61))
    assert purge_all()["destinations"] == 1
