"""The board in a real browser: star, drag and drop, keyboard, no JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from portal.hub import seeds
from tests.hub.people import make_agent, make_person, sign_in
from tests.support.browser import settle

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def person():
    seeds.load()
    return make_person()


def open_home(
    page: Page, live_server: Any, user: Any, *, level: int = 1, path: str = "/", javascript: bool = True
) -> None:
    cookie = sign_in(user, level).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
    )
    page.goto(live_server.url + path)
    if javascript:
        settle(page)


def slugs(user) -> list[str]:
    return list(user.favourites.order_by("rank").values_list("tile__slug", flat=True))


def favourite(page: Page, slug: str):
    return page.locator(f'[data-portal-list="favoris"] [data-key="{slug}"]')


@pytest.mark.feature("ROR-085")
def test_the_star_moves_the_tile_without_reloading_and_keeps_the_focus(page: Page, live_server, person):
    open_home(page, live_server, person)
    page.evaluate("window.notReloaded = true")
    page.get_by_role("button", name="ROR-IF : ajouter à mes favoris").click()
    expect(favourite(page, "ror-if")).to_be_visible()
    expect(page.get_by_role("button", name="ROR-IF : retirer de mes favoris")).to_be_focused()
    page.get_by_role("button", name="ADHOC : ajouter à mes favoris").click()
    expect(favourite(page, "adhoc")).to_be_visible()
    page.get_by_role("button", name="ROR-IF : retirer de mes favoris").click()
    note = page.locator(".toast", has_text="ROR-IF n’est plus dans vos favoris.")
    note.get_by_role("button", name="Annuler").click()
    expect(note).to_have_count(0)
    expect(favourite(page, "ror-if")).to_be_visible()
    assert page.evaluate("window.notReloaded") is True
    assert slugs(person) == ["ror-if", "adhoc"]


@pytest.mark.feature("ROR-086")
def test_a_tile_is_dragged_among_the_favourites_and_stays_there(page: Page, live_server, person):
    open_home(page, live_server, person)
    source, target = page.locator("#application-adhoc"), page.locator('[data-portal-list="favoris"]')
    with page.expect_response(re.compile("/favoris/ordre/")):
        source.drag_to(target)
    expect(favourite(page, "adhoc")).to_be_visible()
    expect(page.get_by_role("button", name="ADHOC : retirer de mes favoris")).to_be_visible()
    page.reload()
    expect(favourite(page, "adhoc")).to_be_visible()
    assert slugs(person) == ["adhoc"]


@pytest.mark.feature("ROR-086")
@pytest.mark.security("ACC-2")
def test_the_keyboard_alone_adds_and_moves_a_favourite(page: Page, live_server, person):
    open_home(page, live_server, person)
    for name in ("ADHOC", "CARSIC"):
        page.get_by_role("button", name=f"{name} : ajouter à mes favoris").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=f"{name} : retirer de mes favoris")).to_be_visible()
    button = page.get_by_role("button", name="Déplacer CARSIC vers la gauche")
    button.focus()
    with page.expect_response(re.compile("/favoris/ordre/|/deplacer/")):
        page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Déplacer CARSIC vers la gauche")).to_be_focused()
    assert slugs(person) == ["carsic", "adhoc"]


@pytest.mark.feature("ROR-085", "ROR-086")
def test_everything_works_with_javascript_off(new_context: Callable[..., Any], live_server, person):
    page = new_context(java_script_enabled=False).new_page()
    open_home(page, live_server, person, javascript=False)
    for name in ("ADHOC", "CARSIC"):
        page.get_by_role("button", name=f"{name} : ajouter à mes favoris").click()
        expect(page.get_by_role("button", name=f"{name} : retirer de mes favoris")).to_be_visible()
    page.get_by_role("button", name="Déplacer CARSIC vers la gauche").click()
    names = page.locator('[data-portal-list="favoris"] h3')
    expect(names).to_have_text(["CARSIC", "ADHOC"])
    assert slugs(person) == ["carsic", "adhoc"]
    page.get_by_role("searchbox").fill("gagny")
    page.get_by_role("button", name="Chercher").click()
    expect(page.get_by_text("1 application pour « gagny »")).to_be_visible()


def test_typing_in_the_search_filters_without_reloading(page: Page, live_server, person):
    open_home(page, live_server, person)
    page.evaluate("window.notReloaded = true")
    page.get_by_role("searchbox").press_sequentially("gagny")
    expect(page.get_by_text("1 application pour « gagny »")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page).to_have_url(re.compile("q=gagny"))
    assert page.evaluate("window.notReloaded") is True


@pytest.mark.security("ACC-1")
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing_on_the_pages_of_the_hub(
    page: Page, live_server, person, check_accessibility, width
):
    page.set_viewport_size({"width": width, "height": 800})
    for path in ("/", "/assistance/", "/aide/connexion/", "/pages/cgu/", "/pages/contacts/"):
        page.goto(live_server.url + path)
        check_accessibility(page)
    for path in ("/", "/?q=zzz", "/applications/terr-esante/", "/assistance/", "/assistance/demandes/"):
        open_home(page, live_server, person, path=path)
        check_accessibility(page)
        assert page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        ), path
    page.goto(f"{live_server.url}/assistance/")
    page.get_by_role("button", name="Envoyer ma demande").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check_accessibility(page)


@pytest.mark.security("ACC-1")
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing_on_the_pages_of_the_support(
    page: Page, live_server, person, check_accessibility, width
):
    page.set_viewport_size({"width": width, "height": 800})
    agent = make_agent()
    for path in (
        "/administration/",
        "/administration/accounts/user/?q=moreau",
        f"/administration/accounts/user/{person.pk}/change/",
        f"/administration/accounts/user/{person.pk}/actes/suspendre/",
        f"/administration/accounts/user/{person.pk}/corriger/",
        f"/administration/accounts/user/{person.pk}/autre-etablissement/",
        f"/administration/accounts/user/{person.pk}/roles/",
        "/administration/accounts/securityevent/",
        "/administration/hub/supportticket/",
        "/administration/hub/tile/",
        "/administration/hub/tile/add/",
        "/administration/hub/notice/add/",
        "/administration/hub/legalpage/add/",
    ):
        open_home(page, live_server, agent, level=2, path=path)
        check_accessibility(page)
        assert page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        ), path
