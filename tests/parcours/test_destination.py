"""From a partner's site to its own space, for somebody without account: card or e-CPS, sign-up, mail, and on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from playwright.sync_api import expect

from tests.parcours.strong_walker import STRONG_SITE, STRONG_TILE, StrongWalker
from tests.parcours.walker import PASSWORD, Walker
from tests.support.processes import listens, wait_until

pytestmark = pytest.mark.browser
NATIONAL_IDS = {"card": "899700000096", "e-CPS": "899700000054"}
NAMES = {"card": "APOLLINE VERNOUX", "e-CPS": "BASILE ORNEVAL"}


@pytest.fixture
def newcomer(new_walker: Callable[[str], Walker]) -> Iterator[StrongWalker]:
    """Somebody whose number no account of the portal knows."""
    made = new_walker("desk")
    walker = StrongWalker(made.page, made.portal)
    walker.set_psc(reset=True)
    cards = urlsplit(walker.portal.demo["addresses"]["cards"]).port or 0
    wait_until(lambda: listens(cards), 60, "the desk of cards, which makes its cards first")
    walker.move("remise-a-zero")
    forget(walker)
    yield walker
    forget(walker)
    walker.set_psc(reset=True)
    walker.move("remise-a-zero")


def forget(walker: StrongWalker) -> None:
    walker.forget_identity(*NATIONAL_IDS.values())
    numbers = [number[1:] for number in NATIONAL_IDS.values()]
    with psycopg.connect(walker.portal.database_url, autocommit=True) as connection:
        connection.execute("update accounts_user set rpps = '' where rpps = any(%s)", [numbers])


def prove(walker: StrongWalker, means: str, *, is_known_at_psc: bool = False) -> None:
    """On the sign-in page. A browser that Pro Santé Connect still knows is asked nothing more."""
    page = walker.page
    if means == "card":
        walker.insert("apolline")
        page.get_by_role("link", name="Carte CPS").first.click()
        page.get_by_role("link", name="S'identifier par carte CPS").first.click()
        walker.type_pin(walker.choose_certificate())
        return
    page.get_by_role("button", name="PRO SANTÉ CONNECT").first.click()
    if is_known_at_psc:
        return
    walker.name_at_wallet(NATIONAL_IDS[means])
    walker.answer_telephone(NATIONAL_IDS[means], "approve")


def sign_up(walker: StrongWalker, means: str) -> None:
    """« Je n’ai pas de compte »: what the form could not know; a card does not say « Madame » nor « Monsieur »."""
    page = walker.page
    page.get_by_label("Je n’ai pas de compte").check()
    page.wait_for_url("**?compte=non")
    if means == "card":
        page.get_by_label("Madame").check()
    for name in ("email", "email_confirmation"):
        page.locator(f"input[name={name}]").fill(walker.email)
    page.locator("input[name=identifiant]").fill(f"nouveau.{walker.name}")
    for name in ("password", "password_confirmation"):
        page.locator(f"input[name={name}]").fill(PASSWORD)
    page.get_by_label("Réception par e-mail").check()
    walker.accept_terms()
    walker.pass_robot()
    walker.button("Enregistrer")
    walker.heading("Prochaine étape")


def validate(walker: StrongWalker, application: str) -> None:
    walker.follow_link(walker.read_mail(walker.email, subject="Validation de votre inscription"))
    walker.button("Je valide mon adresse mail")
    expect(walker.page.get_by_text("Votre mail a été validé avec succès")).to_contain_text(application)
    walker.page.get_by_role("link", name="CONTINUER").click()
    walker.heading("Portail")


@pytest.mark.feature("ROR-058", "VT-033")
@pytest.mark.parametrize("means", ["card", "e-CPS"])
def test_from_a_partner_to_its_space_for_somebody_without_account(newcomer: StrongWalker, means: str) -> None:
    page, site = newcomer.page, str(newcomer.portal.demo["addresses"]["partner"]).rstrip("/")
    httpx.post(f"{site}/pilotage/etat", json={"reset": True}).raise_for_status()
    page.goto(f"{site}/")
    page.get_by_role("button", name="Se connecter avec le portail").click()
    prove(newcomer, means)
    sign_up(newcomer, means)
    validate(newcomer, "ViaTrajectoire")
    prove(newcomer, means, is_known_at_psc=True)
    page.wait_for_url(f"{site}/**")
    expect(page.get_by_text(f"Identité : {NAMES[means]}")).to_be_visible()
    assert newcomer.broken == []


@pytest.mark.feature("ROR-058")
@pytest.mark.parametrize("means", ["card", "e-CPS"])
def test_the_mail_opened_in_another_browser_leads_to_the_application(
    newcomer: StrongWalker, new_walker: Callable[[str], Walker], means: str
) -> None:
    newcomer.open(STRONG_TILE)
    prove(newcomer, means)
    sign_up(newcomer, means)
    made = new_walker("desk")
    elsewhere = StrongWalker(made.page, made.portal, name=newcomer.name)
    validate(elsewhere, "TERR-eSANTÉ")
    elsewhere.goes_to(STRONG_SITE, lambda: prove(elsewhere, means))
