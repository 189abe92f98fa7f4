"""The longest words a person may own: none of their pages scrolls sideways at 320 px (WCAG 1.4.10, reflow)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.strong import linking
from accounts.workflows import email_change
from portal.hub import seeds
from portal.hub.enums import TicketTopic
from portal.hub.models import SupportTicket
from portal.hub.workflows import tickets
from portal.hub.workflows.tickets import Question
from tests.strong.steps import ECPS, RPPS
from tests.support.browser import too_wide
from tests.support.sign_in import PASSWORD, make_person, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.security("ACC-1")]

NARROW = 320
MAIL = "w" * 64 + "@" + ".".join(["w" * 60] * 2) + ".example"
# As long as the columns allow, of the widest letter, with nowhere to cut.
LONGEST = {
    "identifiant": "w" * 150,
    "email": MAIL,
    "communication_email": MAIL,
    "nom": "W" * 100,
    "prenom": "W" * 100,
    "profession_libre": "W" * 150,
    "specialite": "W" * 150,
    "structure": "W" * 200,
    "comment": "W" * 300,
    "code_postal": "94000",
    "rpps": RPPS,
    "matricule": "W" * 20,
}


def routes() -> list[str]:
    """Every address without parameters."""
    found: list[str] = []

    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> None:
        for entry in patterns:
            route = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                walk(entry.url_patterns, route)
            elif not set(route) & set("<(^$"):
                found.append("/" + route)

    walk(get_resolver().url_patterns, "")
    return sorted(found)


def pages_of(browser: Client) -> list[str]:
    """The addresses that answer this person by a page."""

    def is_page(route: str) -> bool:
        answer = browser.get(route)
        return answer.status_code == 200 and "<h1" in getattr(answer, "text", "")

    return [route for route in routes() if is_page(route)]


def enter(page: Page, live_server: Any, person: User, *, level: int) -> Client:
    browser = Client()
    sign_in(browser, person, level=level)
    cookie = browser.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
    )
    page.set_viewport_size({"width": NARROW, "height": 800})
    return browser


def full_life(person: User) -> SupportTicket:
    """Whatever else a person's pages may show: an address to confirm, an e-CPS, a question to the support."""
    email_change.ask(person, f"x{MAIL[2:]}", actor=person)
    linking.link(None, person, replace(ECPS, nom="W" * 80, prenom="W" * 80))
    words = "W" * 120
    question = Question(uuid.uuid4(), words, MAIL, "", TicketTopic.OTHER, words, "W" * 400)
    return tickets.ask(question, user=person)


def test_no_page_of_a_person_scrolls_sideways(page: Page, live_server: Any) -> None:
    seeds.load()
    person = make_person(**LONGEST, mobile=True)
    ticket = full_life(person)
    browser = enter(page, live_server, person, level=3)
    pages = pages_of(browser)
    assert {"/", "/preferences/", "/preferences/codes/", "/assistance/demandes/"} <= set(pages)
    found = []
    for path in [*pages, f"/assistance/demandes/{ticket.public_id}/"]:
        page.goto(live_server.url + path)
        found += too_wide(page)
    assert not found, "\n".join(found)


def test_the_doors_do_not_scroll_sideways_on_the_way_in(page: Page, live_server: Any) -> None:
    person = make_person(**LONGEST, mobile=True)
    page.set_viewport_size({"width": NARROW, "height": 800})
    page.goto(f"{live_server.url}/connexion/")
    page.locator("#id_identifiant").fill(person.identifiant)
    page.locator("#id_mot_de_passe").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Me connecter").click()
    expect(page.locator("input[name=preuve]")).to_be_visible()
    assert too_wide(page) == []
    page.goto(f"{live_server.url}/connexion/?onglet=code-ephemere")
    page.locator("#id_identifiant").fill(person.email)
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.locator("input[name=code]")).to_be_visible()
    assert too_wide(page) == []


def test_no_page_of_the_support_about_them_scrolls_sideways(page: Page, live_server: Any) -> None:
    seeds.load()
    person = make_person(**LONGEST, mobile=True)
    ticket = full_life(person)
    enter(page, live_server, make_person(is_staff=True), level=2)
    user = f"/administration/accounts/user/{person.pk}"
    found = []
    for path in (
        *("/administration/", "/administration/accounts/user/", f"{user}/change/", f"{user}/corriger/"),
        *(f"{user}/actes/suspendre/", f"{user}/roles/", "/administration/accounts/securityevent/"),
        *("/administration/hub/supportticket/", f"/administration/hub/supportticket/{ticket.pk}/change/"),
    ):
        page.goto(live_server.url + path)
        expect(page.locator("h1")).to_have_count(1)
        found += too_wide(page)
    assert not found, "\n".join(found)
