"""The home page of a signed-in person."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.hub import favourites
from portal.hub.models import Tile, TileLink
from tests.hub.people import give_role, sign_in

pytestmark = pytest.mark.django_db

EMPTY = (
    "Vous n'avez pas d'applications favorites. Pour en ajouter, utilisez le bouton étoile des applications "
    "disponibles ou glissez-déposez ces dernières."
)
GUIDE_ORDER = [
    "ADHOC", "CARSIC", "CPTS - Aubervilliers", "CPTS - AULNAY", "CPTS - GAGNY", "CPTS du Confluent",
    "CPTS Seine et Forêts", "CPTS-BIEVRE", "CPTS-BOUCLE DE SEINE", "CPTS-Centre-Essonne", "CPTS-Grand-Versailles",
    "CPTS-NORD EST 78", "CPTS SURESNES", "CPTS-VAL D'OISE", "CPTS VAL D'YERRES", "CPTS-Bobigny-Bondy",
]  # fmt: skip


def names_on(page: str) -> list[str]:
    return [name.replace("&#x27;", "'") for name in re.findall(r'data-name="([^"]+)"', page)]


def home(client, address="/"):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.feature("ROR-081", "ROR-082", "ROR-083", "ROR-084")
def test_a_person_without_favourite_reads_how_to_add_one(content, person):
    page = home(sign_in(person))
    assert "Bienvenue sur le Portail des Professionnels de Santé" in page
    assert page.index("Mes applications favorites") < page.index("Autres applications disponibles")
    assert re.search(r'<li class="empty-note">.*?' + re.escape(EMPTY), page, re.S)


@pytest.mark.feature("ROR-080")
def test_the_header_leads_to_preferences_and_assistance(content, person):
    header = home(sign_in(person)).split("</header>")[0]
    assert 'href="/preferences/"' in header and "Préférences" in header
    assert 'href="/assistance/"' in header and "ASSISTANCE" in header


@pytest.mark.feature("ROR-088", "ROR-089", "M94-047")
def test_the_tiles_of_the_guides_come_in_their_order(content, person):
    shown = names_on(home(sign_in(person, level=3)))
    assert shown[:16] == GUIDE_ORDER
    assert shown[16:20] == ["E-learning SESAN", "ROR-IF", "Annuaire-Maia-77", "Télésuivi Drépanocytose"]
    assert shown[20:] == ["TERR-eSANTÉ", "ViaTrajectoire", "ORTIF"]


@pytest.mark.feature("ROR-087", "ROR-089")
def test_a_tile_shows_icon_name_subtitle_links_star_details_and_environment(content, person):
    tile = Tile.objects.get(slug="telesuivi-drepanocytose")
    TileLink.objects.create(tile=tile, slug="accueil", label="Accueil", url="https://drep.example/", rank=1)
    page = home(sign_in(person, level=3))
    drawn = page[page.index('data-key="telesuivi-drepanocytose"') :].split("</article>")[0]
    assert "<svg" in drawn.split("<h3>")[0]
    assert drawn.index('class="star"') < drawn.index("<h3>Télésuivi Drépanocytose</h3>")
    assert "BETA" in drawn and "Suivi à distance" in drawn
    assert "Accès Appli Drep BETA" in drawn and "?lien=accueil" in drawn
    assert 'aria-label="Détails de Télésuivi Drépanocytose"' in drawn
    assert "préprod" in page[page.index('data-key="e-learning-sesan"') :].split("</article>")[0]


@pytest.mark.feature("ROR-082")
def test_favourites_come_first_and_leave_the_other_grid(content, person):
    favourites.star(person, Tile.objects.get(slug="ror-if"))
    page = home(sign_in(person))
    assert names_on(page)[0] == "ROR-IF"
    assert names_on(page).count("ROR-IF") == 1
    assert re.search(r'<li class="empty-note" hidden>', page)


@pytest.mark.feature("ROR-084")
def test_a_tile_of_another_role_is_not_shown_unless_it_says_so(content, person):
    tile = Tile.objects.create(slug="pilotage", name="Pilotage MAIA", roles=["pilote-maia"], rank=1)
    client = sign_in(person)
    assert "Pilotage MAIA" not in home(client)
    Tile.objects.filter(pk=tile.pk).update(is_shown_to_others=True)
    assert "Cette application demande un rôle : pilote MAIA." in home(client)
    give_role(person, "pilote-maia")
    assert "Cette application demande un rôle" not in home(client)


def test_a_withdrawn_tile_is_shown_to_nobody(content, person):
    favourites.star(person, Tile.objects.get(slug="adhoc"))
    Tile.objects.filter(slug="adhoc").update(is_active=False)
    assert "ADHOC" not in names_on(home(sign_in(person)))


def test_search_needs_no_javascript_and_ignores_accents(content, person):
    client = sign_in(person)
    assert names_on(home(client, "/?q=FORETS")) == ["CPTS Seine et Forêts"]
    assert names_on(home(client, "/?q=val+cpts")) == ["CPTS-VAL D'OISE", "CPTS VAL D'YERRES"]
    nothing = home(client, "/?q=zzz")
    assert names_on(nothing) == [] and "Aucune autre application ne correspond" in nothing


def test_what_is_searched_is_shown_as_text(content, person):
    page = home(sign_in(person), "/?q=%3Cscript%3Ealert(1)%3C/script%3E%00")
    assert "<script>alert" not in page and "&lt;script&gt;" in page


def test_htmx_receives_the_same_board_as_the_page(content, person):
    client = sign_in(person)
    fragment = client.get("/?q=cpts", headers={"HX-Request": "true"}).content.decode()
    assert fragment.strip().startswith("{#") is False
    assert '<div id="applications"' in fragment and "<html" not in fragment
    assert names_on(fragment) == names_on(home(client, "/?q=cpts"))


def test_the_number_of_queries_does_not_depend_on_the_number_of_tiles(content, person):
    client = sign_in(person)
    home(client)
    with CaptureQueriesContext(
        connection,
    ) as few:
        home(client)
    for number in range(40):
        tile = Tile.objects.create(slug=f"plus-{number}", name=f"Plus {number}", rank=1000 + number)
        TileLink.objects.create(tile=tile, slug="accueil", label="Accueil", url="https://plus.example/")
        favourites.star(person, tile)
    with CaptureQueriesContext(connection) as many:
        home(client)
    assert len(many) == len(few) <= 9, [query["sql"][:90] for query in many]


def test_a_person_with_nothing_open_is_told_whom_to_ask(person):
    page = home(sign_in(person))
    assert "Aucune application ne vous est encore ouverte" in page
