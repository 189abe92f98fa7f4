"""The pages of the doors in a real browser: accessibility, passkey, a page without script."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts.models import UserSession
from tests.support.browser import settle
from tests.support.outbox import Outbox
from tests.support.sign_in import PASSWORD, make_person

pytestmark = pytest.mark.django_db(transaction=True)
ERROR = re.compile("^Erreur")


@pytest.fixture
def address(live_server: Any, settings: Any) -> str:
    """The test server under the name passkeys and links expect."""
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.SITE_URL = live_server.url.replace("127.0.0.1", "localhost")
    return settings.SITE_URL


def give_password(page: Page, address: str, person: Any, target: str = "/connexion/") -> None:
    page.goto(f"{address}{target}")
    page.get_by_label("Identifiant, adresse e-mail ou n° RPPS").fill(person.identifiant)
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Me connecter").click()
    page.wait_for_url("**/connexion/verification/**")


def give_code(page: Page, person: Any) -> None:
    page.get_by_label("Code à usage unique").fill(Outbox().last(person.email).code)
    page.get_by_role("main").get_by_role("button", name="Me connecter").click()


@pytest.mark.feature("M94-009", "M94-010")
@pytest.mark.security("ACC-1")
def test_every_page_of_the_doors_and_means_is_accessible(page: Page, address: str, check_accessibility: Any):
    def visit(path: str) -> None:
        answer = page.goto(f"{address}{path}")
        assert answer is not None and answer.status == 200, path
        check_accessibility(page)

    person = make_person(mobile=True)
    for path in ("/connexion/", "/connexion/?onglet=code-ephemere", "/connexion/?onglet=carte"):
        visit(path)
    page.goto(f"{address}/connexion/")
    page.get_by_role("main").get_by_role("button", name="Me connecter").click()
    expect(page).to_have_title(ERROR)
    check_accessibility(page)
    give_password(page, address, person)
    check_accessibility(page)
    page.get_by_label("Code à usage unique").fill("1")
    page.get_by_role("main").get_by_role("button", name="Me connecter").click()
    expect(page).to_have_title(ERROR)
    check_accessibility(page)
    give_code(page, person)
    page.wait_for_url(f"{address}/")
    for path in (
        "moyens/",
        "moyens/application/",
        "moyens/cles/ajouter/",
        "moyens/codes-de-secours/",
        "sessions/",
        "journal/",
    ):
        visit(f"/preferences/{path}")
    visit("/connexion/niveau/?niveau=2")
    UserSession.objects.update(proved_at=timezone.now() - timedelta(hours=1))
    visit("/preferences/moyens/application/")


@pytest.mark.security("MFA-2")
def test_a_passkey_of_the_browser_is_added_and_opens_the_next_session(page: Page, address: str):
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    person = make_person()
    give_password(page, address, person)
    give_code(page, person)
    page.wait_for_url(f"{address}/")
    page.goto(f"{address}/preferences/moyens/cles/ajouter/")
    page.get_by_label("Nom de cette clé").fill("Téléphone")
    page.get_by_role("button", name="Créer ma clé d’accès").click()
    page.get_by_role("heading", name="Vos codes de secours").wait_for()
    page.get_by_role("button", name="J’ai gardé mes codes").click()
    page.get_by_text("Téléphone", exact=True).wait_for()
    page.context.clear_cookies()
    give_password(page, address, person)
    page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    page.wait_for_url(f"{address}/")
    assert UserSession.objects.filter(level=2, methods=["password", "passkey"]).count() == 1


@pytest.mark.feature("M94-010")
def test_without_script_the_door_and_the_second_proof_work(browser: Browser, address: str):
    person = make_person()
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{address}/assistance/")
    page.get_by_role("link", name="Se connecter").first.click()
    page.get_by_role("heading", level=1).wait_for()
    give_password(page, address, person)
    give_code(page, person)
    page.wait_for_url(f"{address}/")
    page.close()


@pytest.mark.feature("M94-009", "M94-010")
def test_the_window_of_the_header_opens_takes_the_focus_and_signs_in(page: Page, address: str):
    person = make_person()
    page.goto(f"{address}/assistance/")
    settle(page)
    page.get_by_role("link", name="Se connecter").first.click()
    window = page.get_by_role("dialog", name="Connexion")
    window.wait_for()
    field = window.get_by_label("Mail de connexion à l'ENRS")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(window).to_be_hidden()
    page.get_by_role("link", name="Se connecter").first.click()
    expect(field).to_be_focused()
    field.fill(person.identifiant)
    window.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    window.get_by_role("button", name="Me connecter").click()
    page.wait_for_url("**/connexion/verification/**")
    give_code(page, person)
    page.wait_for_url("**/assistance/**")
