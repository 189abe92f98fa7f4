"""Star, order, drag and drop: with and without JavaScript."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from portal.hub import favourites
from portal.hub.models import Favourite, Tile
from tests.hub.people import sign_in

pytestmark = pytest.mark.django_db


def slugs(user) -> list[str]:
    return list(user.favourites.order_by("rank").values_list("tile__slug", flat=True))


def star_three(user):
    for slug in ("adhoc", "carsic", "ror-if"):
        favourites.star(user, Tile.objects.get(slug=slug))


@pytest.mark.feature("ROR-085")
def test_the_star_works_as_a_plain_form_and_is_kept(content, person):
    answer = sign_in(person).post("/applications/ror-if/favori/", {"favori": "1"})
    assert answer.status_code == 302 and answer["Location"] == "/#application-ror-if"
    assert slugs(person) == ["ror-if"]
    page = sign_in(person).get("/").content.decode()
    assert "ROR-IF : retirer de mes favoris" in page
    sign_in(person).post("/applications/ror-if/favori/", {"favori": "0"})
    assert slugs(person) == []


@pytest.mark.feature("ROR-085")
def test_two_clicks_on_the_star_add_it_once(content, person):
    client = sign_in(person)
    for _ in range(2):
        client.post("/applications/ror-if/favori/", {"favori": "1"})
    assert slugs(person) == ["ror-if"]
    for _ in range(2):
        client.post("/applications/ror-if/favori/", {"favori": "0"})
    assert slugs(person) == []


def test_the_star_brings_back_the_search_that_was_shown(content, person):
    answer = sign_in(person).post("/applications/cpts-gagny/favori/", {"favori": "1", "q": "gagny"})
    assert answer["Location"] == "/?q=gagny#application-cpts-gagny"


def test_htmx_gets_the_new_board_and_a_note_to_announce(content, person):
    answer = sign_in(person).post(
        "/applications/ror-if/favori/", {"favori": "1"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 200
    body = answer.content.decode()
    assert body.index("favoris-titre") < body.index('data-key="ror-if"') < body.index("autres-titre")
    assert json.loads(answer["HX-Trigger"])["portal:toast"]["text"] == "ROR-IF est dans vos favoris."


@pytest.mark.feature("ROR-086")
def test_buttons_move_a_favourite_one_place_and_stop_at_the_ends(content, person):
    star_three(person)
    client = sign_in(person)
    client.post("/applications/ror-if/deplacer/", {"sens": "avant"})
    assert slugs(person) == ["adhoc", "ror-if", "carsic"]
    for _ in range(5):
        client.post("/applications/ror-if/deplacer/", {"sens": "avant"})
    assert slugs(person) == ["ror-if", "adhoc", "carsic"]
    client.post("/applications/ror-if/deplacer/", {"sens": "apres"})
    assert slugs(person) == ["adhoc", "ror-if", "carsic"]


@pytest.mark.feature("ROR-086")
def test_dragging_a_tile_among_the_favourites_keeps_the_place_it_was_dropped_at(content, person):
    star_three(person)
    answer = sign_in(person).post(
        "/favoris/ordre/",
        {"ordre": ["carsic", "cpts-gagny", "adhoc", "ror-if"], "connues": ["adhoc", "carsic", "ror-if"]},
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == 204
    assert slugs(person) == ["carsic", "cpts-gagny", "adhoc", "ror-if"]


@pytest.mark.feature("ROR-086")
def test_dragging_a_favourite_away_takes_it_out(content, person):
    star_three(person)
    sign_in(person).post("/favoris/ordre/", {"ordre": ["ror-if"], "connues": ["adhoc", "carsic", "ror-if"]})
    assert slugs(person) == ["ror-if"]


def test_a_stale_tab_does_not_lose_what_another_tab_added(content, person):
    star_three(person)
    favourites.star(person, Tile.objects.get(slug="ortif"))
    sign_in(person).post(
        "/favoris/ordre/", {"ordre": ["carsic", "adhoc"], "connues": ["adhoc", "carsic", "ror-if"]}
    )
    assert slugs(person) == ["carsic", "adhoc", "ortif"]


def test_moving_what_is_no_favourite_changes_nothing(content, person):
    answer = sign_in(person).post("/applications/adhoc/deplacer/", {"sens": "avant"})
    assert answer.status_code == 302 and slugs(person) == []


def test_a_colleague_keeps_their_own_favourites(content, person, colleague):
    star_three(person)
    star_three(colleague)
    sign_in(colleague).post("/applications/adhoc/favori/", {"favori": "0"})
    assert slugs(person) == ["adhoc", "carsic", "ror-if"]
    assert slugs(colleague) == ["carsic", "ror-if"]


@pytest.mark.security("ACL-1")
def test_a_tile_one_may_not_see_cannot_be_starred_moved_or_dropped(content, person):
    Tile.objects.create(slug="cachee", name="Cachée", roles=["pilote-maia"])
    client = sign_in(person)
    assert client.post("/applications/cachee/favori/", {"favori": "1"}).status_code == 404
    assert client.post("/applications/cachee/deplacer/", {"sens": "avant"}).status_code == 404
    assert client.post("/favoris/ordre/", {"ordre": ["cachee"]}).status_code == 404
    assert not Favourite.objects.exists()


@pytest.mark.parametrize(
    ("address", "data"),
    [
        ("/applications/adhoc/favori/", {"favori": "peut-être"}),
        ("/applications/adhoc/favori/", {}),
        ("/applications/adhoc/deplacer/", {"sens": "ailleurs"}),
        ("/favoris/ordre/", {"ordre": [f"x{number}" for number in range(450)], "connues": ["y"] * 600}),
    ],
)
def test_a_forged_request_is_refused_and_writes_nothing(content, person, address, data):
    answer = sign_in(person).post(address, data)
    assert 400 <= answer.status_code < 500
    assert not Favourite.objects.exists()


@pytest.mark.security("WEB-3")
@pytest.mark.parametrize(
    "address", ["/applications/adhoc/favori/", "/applications/adhoc/deplacer/", "/favoris/ordre/"]
)
def test_a_get_changes_nothing_and_a_post_needs_its_token(content, person, address):
    client = sign_in(person)
    assert client.get(address).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(address, {"favori": "1", "sens": "avant"}).status_code == 403


def test_a_visitor_is_sent_to_sign_in(content):
    answer = Client().post("/applications/adhoc/favori/", {"favori": "1"})
    assert answer.status_code == 302 and answer["Location"].startswith("/connexion/")


@pytest.mark.feature("ROR-085")
@pytest.mark.security("WEB-3")
def test_the_forms_drawn_on_the_page_carry_the_token_they_need(content, person):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = sign_in(person).cookies
    page = strict.get("/").content.decode()
    form = page[page.index('action="/applications/ror-if/favori/"') :].split("</form>")[0]
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)[1]
    answer = strict.post("/applications/ror-if/favori/", {"favori": "1", "csrfmiddlewaretoken": token})
    assert answer.status_code == 302 and slugs(person) == ["ror-if"]
    for page in (strict.get("/"), strict.get("/applications/adhoc/")):
        forms = re.findall(
            r'<form[^>]*action="/(?:applications|favoris)/.*?</form>', page.content.decode(), re.S
        )
        assert forms and all("csrfmiddlewaretoken" in form for form in forms)


def test_a_favourite_taken_away_can_be_put_back_where_it_was(content, person):
    star_three(person)
    client, address = sign_in(person), "/applications/carsic/favori/"
    answer = client.post(address, {"favori": "0"}, headers={"HX-Request": "true"})
    undo = json.loads(answer["HX-Trigger"])["portal:toast"]["undo"]
    assert slugs(person) == ["adhoc", "ror-if"]
    assert undo == {"url": address, "fields": {"favori": "1", "place": "1"}, "target": "#applications"}
    client.post(undo["url"], undo["fields"])
    assert slugs(person) == ["adhoc", "carsic", "ror-if"]


def test_taking_away_what_is_no_favourite_offers_nothing_to_undo(content, person):
    answer = sign_in(person).post(
        "/applications/carsic/favori/", {"favori": "0"}, headers={"HX-Request": "true"}
    )
    assert "undo" not in json.loads(answer["HX-Trigger"])["portal:toast"]


@pytest.mark.parametrize("place", ["-1", "x", "²", "999999999", "99999999"])
def test_an_odd_place_puts_the_favourite_last(content, person, place):
    star_three(person)
    sign_in(person).post("/applications/cpts-gagny/favori/", {"favori": "1", "place": place})
    assert slugs(person)[-1] == "cpts-gagny"
