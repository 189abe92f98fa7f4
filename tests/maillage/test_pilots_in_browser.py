"""The pilot at the browser: from the home page to an account of the territory; the visitor's help (M94-018…021)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from maillage.models import MaiaTerritory
from maillage.seed import seed_territories
from tests.support.browser import WIDTHS
from tests.support.sign_in import make_person, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def signed_in(page: Page, live_server: Any, person: Any, level: int = 2) -> None:
    client = Client()
    sign_in(client, person, level=level)
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}])


@pytest.fixture
def pilot() -> Any:
    seed_territories()
    territory = MaiaTerritory.objects.get(slug="val-de-marne-centre")
    territory.postal_codes = ["94000"]
    territory.save(update_fields=["postal_codes"])
    person = make_person(nom="Pilote", prenom="Maud")
    territory.pilots.add(person)
    make_person(nom="Dunoyer", prenom="Élodie", email="elodie.dunoyer@cabinet.example", code_postal="94000")
    make_person(nom="Dunoyer", prenom="Ailleurs", email="ailleurs@cabinet.example", code_postal="78200")
    return person


@pytest.mark.feature("M94-019")
@pytest.mark.parametrize("width", WIDTHS.values())
def test_a_pilot_goes_from_the_home_page_to_the_reference_address(
    page: Page, live_server: Any, pilot: Any, check_accessibility: Callable[[Any], None], width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    signed_in(page, live_server, pilot)
    page.goto(live_server.url)
    page.get_by_role("link", name="Comptes de mon territoire").click()
    expect(page.get_by_text("Val de Marne CENTRE")).to_be_visible()
    check_accessibility(page)
    page.get_by_role("searchbox").or_(page.locator("main input[name=q]")).first.fill("dunoyer")
    page.get_by_role("button", name="Chercher").click()
    answer = page.get_by_role("region", name="Comptes trouvés")
    expect(answer).to_contain_text("elodie.dunoyer@cabinet.example")
    expect(answer).not_to_contain_text("ailleurs@cabinet.example")
    expect(page).not_to_have_url(re.compile("dunoyer"))
    form, found = page.locator("form.card").bounding_box(), answer.bounding_box()
    assert form is not None and found is not None and found["y"] - form["y"] - form["height"] >= 24
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    check_accessibility(page)
    page.locator("main input[name=q]").fill("inconnue")
    page.get_by_role("button", name="Chercher").click()
    expect(page.get_by_text("Aucun compte dans votre territoire")).to_be_visible()
    expect(page.get_by_role("link", name="Page d’inscription")).to_have_attribute("href", "/inscription/")


@pytest.mark.feature("M94-019")
def test_a_professional_sees_no_way_there(page: Page, live_server: Any, pilot: Any) -> None:
    signed_in(page, live_server, make_person(), level=3)
    page.goto(live_server.url)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("Comptes de mon territoire")).to_have_count(0)
    answer = page.goto(f"{live_server.url}/maillage/pilotage/comptes/")
    assert answer is not None and answer.status == 404


@pytest.mark.feature("M94-018", "M94-020", "M94-021")
def test_the_help_names_four_territories_and_leads_to_both_ways_on(
    page: Page, live_server: Any, check_accessibility: Callable[[Any], None]
) -> None:
    seed_territories()
    page.goto(f"{live_server.url}/aide/connexion/")
    expect(
        page.get_by_text("contactez le pilote de la MAIA du territoire où vous travaillez")
    ).to_be_visible()
    for name in ("OUEST", "CENTRE", "SUD", "NORD"):
        expect(page.get_by_text(f"MAIA Val de Marne {name}")).to_be_visible()
    check_accessibility(page)
    page.locator('main a[href="/mot-de-passe/oublie/"]').first.click()
    expect(page).to_have_url(f"{live_server.url}/mot-de-passe/oublie/")
    page.go_back()
    page.locator('main a[href="/inscription/"]').first.click()
    expect(page).to_have_url(f"{live_server.url}/inscription/")
