"""Linking, means and help in a real browser: accessible, by keyboard, and without script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.strong import linking
from portal.referentiels.models import Profession
from portal.referentiels.seed import seed_professions
from tests.strong import urls
from tests.strong.steps import CARD, ECPS, LINK, owner_of
from tests.support.outbox import Outbox
from tests.support.sign_in import PASSWORD, make_person

pytestmark = pytest.mark.django_db(transaction=True)
HELP = "/aide/authentification-forte/"
HELP_PAGES = (
    "",
    "?profession=aide-soignant&employeur=etablissement",
    "?profession=responsable-de-secteur&employeur=cabinet",
    "e-cps/",
    "e-cps/?carte=oui",
    "connexion/",
)


@pytest.fixture
def address(live_server: Any, settings: Any) -> str:
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.SITE_URL = live_server.url.replace("127.0.0.1", "localhost")
    urls.ARRIVALS.update({"carte": CARD, "e-cps": ECPS})
    return str(settings.SITE_URL)


@pytest.fixture(autouse=True)
def _lists(transactional_db: None) -> None:
    """The published lists, which the tests before this one may have emptied."""
    if not Profession.objects.exists():
        seed_professions(apps)


def arrive(page: Page, address: str, key: str, target: str = "/") -> None:
    page.goto(f"{address}/essai/arrivee/{key}/?next={target}")


def give_account(page: Page, person: User) -> None:
    page.get_by_label("J’ai déjà un compte sur le Portail PS").check()
    page.get_by_role("heading", name="Connexion").wait_for()
    page.get_by_label("Identifiant").fill(person.identifiant)
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_label("Je ne suis pas un robot").check()
    page.get_by_text("Vérification réussie").wait_for()
    page.get_by_role("button", name="Enregistrer").click()
    page.wait_for_url("**/connexion/verification/**")
    page.get_by_label("Code à usage unique").fill(Outbox().last(person.email).code)
    page.get_by_role("main").get_by_role("button", name="Me connecter").click()


@pytest.mark.feature("ROR-030", "ROR-055", "ROR-056", "ROR-057", "ROR-058", "ROR-059")
def test_a_card_is_linked_then_opens_the_page_asked_for(
    page: Page, address: str, check_accessibility: Any
) -> None:
    person = make_person(nom="Martel")
    arrive(page, address, "carte", "/preferences/moyens/")
    expect(page.get_by_role("heading", name="Inscription", exact=True)).to_be_visible()
    check_accessibility(page)
    give_account(page, person)
    page.wait_for_url("**/connexion/rattachement/reussi/")
    check_accessibility(page)
    page.get_by_role("link", name="Accéder à l’application").click()
    page.wait_for_url("**/preferences/moyens/")
    check_accessibility(page)
    expect(page.get_by_text("Carte CPS n° 2900000001")).to_be_visible()
    assert owner_of(CARD) == person


@pytest.mark.feature("ROR-029", "ROR-031")
def test_the_form_of_a_new_account_is_filled_and_accessible(
    page: Page, address: str, check_accessibility: Any
) -> None:
    arrive(page, address, "e-cps")
    page.get_by_label("Je n’ai pas de compte").check()
    expect(page.locator("#id_nom")).to_have_value("Martel")
    expect(page.locator("#id_nom")).to_be_disabled()
    check_accessibility(page)
    page.get_by_role("button", name="Enregistrer").click()
    expect(page).to_have_title(re.compile("^Erreur"))
    expect(page.locator("#id_nom")).to_have_value("Martel")
    check_accessibility(page)


def test_pages_of_proof_and_means_are_accessible(page: Page, address: str, check_accessibility: Any) -> None:
    person = make_person(nom="Martel")
    linking.link(None, person, CARD)
    linking.link(None, person, ECPS)
    arrive(page, address, "carte", "/preferences/moyens/")
    check_accessibility(page)
    page.get_by_role("link", name="Détacher : e-CPS").click()
    expect(page.get_by_role("heading", name="Détacher ce moyen de connexion ?")).to_be_visible()
    check_accessibility(page)
    person.portal_sessions.update(level=1, proved_level=1)
    page.goto(f"{address}/connexion/niveau/?niveau=3&next=/preferences/")
    check_accessibility(page)
    page.goto(f"{address}/connexion/preuve/?next=/preferences/moyens/")
    check_accessibility(page)
    User.objects.filter(pk=person.pk).update(status="suspended")
    page.context.clear_cookies()
    arrive(page, address, "carte")
    expect(page.get_by_text("Votre compte est suspendu")).to_be_visible()
    check_accessibility(page)


@pytest.mark.feature("VT-001", "VT-022")
def test_the_help_is_accessible_on_a_computer_and_a_phone(
    page: Page, phone_page: Page, address: str, check_accessibility: Any
) -> None:
    for screen in (page, phone_page):
        for path in HELP_PAGES:
            answer = screen.goto(f"{address}{HELP}{path}")
            assert answer is not None and answer.status == 200
            check_accessibility(screen)
            assert screen.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


@pytest.mark.feature("VT-002", "VT-022")
def test_the_help_answers_without_script(new_context: Any, address: str) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}{HELP}")
    page.get_by_label("Votre profession").select_option(label="Responsable de secteur")
    page.get_by_label("Où travaillez-vous ?").select_option(index=1)
    page.get_by_role("button", name="Voir ma réponse").click()
    page.get_by_label("Vous encadrez, coordonnez ou gérez").check()
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("heading", name="Autres professionnels")).to_be_visible()


def test_linking_works_without_script(new_context: Any, address: str) -> None:
    make_person(nom="Martel")
    page = new_context(java_script_enabled=False).new_page()
    arrive(page, address, "carte")
    page.get_by_label("J’ai déjà un compte sur le Portail PS").check()
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("heading", name="Connexion", exact=True)).to_be_visible()
    expect(page).to_have_url(f"{address}{LINK}?compte=oui")
