"""One account for the partner applications too: tile, first link, second entry, sign-out that reaches them."""

from __future__ import annotations

import base64
import hmac
import re
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from portal.simulators.partner.people import ACCOUNTS, Account
from tests.parcours.walker import Walker
from tests.support.browser import find_problems, too_wide
from tests.support.processes import LivePortal, wait_until

pytestmark = pytest.mark.browser
BACK_CHANNEL_SECONDS = 15


class PartnerSite:
    """The partner beside the running portal."""

    def __init__(self, portal: LivePortal) -> None:
        self.url = str(portal.demo["addresses"]["partner"]).rstrip("/")

    def set(self, **values: Any) -> dict[str, Any]:
        answer = httpx.post(f"{self.url}/pilotage/etat", json=values)
        assert answer.status_code == 200, answer.text
        state: dict[str, Any] = answer.json()
        return state

    def followed(self) -> list[dict[str, Any]]:
        """Sign-outs that ended something here, newest first."""
        return [row for row in self.set()["logouts"] if row["ended"]]


@pytest.fixture
def partner(live_portal: LivePortal) -> Iterator[PartnerSite]:
    site = PartnerSite(live_portal)
    site.set(reset=True)
    yield site
    site.set(reset=True)


def hold_authenticator(walker: Walker) -> None:
    """The application asks for more than a code by mail: hold an authenticator app, and prove it."""
    page = walker.page
    walker.open("/preferences/moyens/application/")
    secret = base64.b32decode(page.locator("#cle").inner_text().replace(" ", ""))
    digest = hmac.digest(secret, struct.pack(">Q", int(time.time()) // 30), "sha1")
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    page.locator("input[name=code]").fill(f"{number % 10**6:06d}")
    walker.button("Enregistrer l’application")
    walker.heading("Vos codes de secours")


def enter(walker: Walker) -> None:
    """From the tile of the home page."""
    walker.open("/")
    title = walker.page.get_by_role("heading", name="ViaTrajectoire", exact=True)
    tile = walker.page.get_by_role("article").filter(has=title).first
    tile.get_by_role("link", name="Accueil").click()


def link(walker: Walker, account: Account) -> None:
    walker.page.get_by_label("Nom d’utilisateur").fill(account.username)
    walker.page.get_by_label("Mot de passe").fill(account.password)
    walker.page.get_by_role("main").get_by_role("button", name="Se connecter").click()
    walker.heading(f"Bonjour {account.name}")


@pytest.mark.feature(
    "M94-007", "M94-047", "ROR-058", "ROR-090", "VT-006", "VT-032", "VT-033", "CVL-064", "CVL-065"
)
@pytest.mark.security("OP-14", "OP-16", "SES-4")
def test_tile_first_link_second_entry_then_leaving_everywhere(walker: Walker, partner: PartnerSite) -> None:
    page = walker.page
    walker.has_account()
    walker.sign_in()
    hold_authenticator(walker)
    enter(walker)
    walker.heading("Reliez votre compte ViaTrajectoire")
    expect(page).to_have_url(f"{partner.url}/rattachement/")
    expect(page.get_by_role("heading", name="Espace professionnel")).to_be_visible()
    expect(page.get_by_text("Identité : Camille Exemple")).to_be_visible()
    expect(page.get_by_text("Authentifiez-vous avec vos identifiants habituels")).to_be_visible()
    link(walker, ACCOUNTS[2])
    enter(walker)
    walker.heading(f"Bonjour {ACCOUNTS[2].name}")
    walker.open("/preferences/sessions/")
    expect(page.get_by_role("listitem").filter(has_text="Cette session")).to_contain_text("ViaTrajectoire")
    page.get_by_role("button", name="Fermer toutes mes sessions").click()
    wait_until(partner.followed, BACK_CHANNEL_SECONDS, "the back-channel sign-out")
    page.goto(f"{partner.url}/espace/")
    expect(page.get_by_text("votre session est fermée ici aussi")).to_be_visible()
    page.get_by_role("button", name="Se connecter avec le portail").click()
    expect(page).to_have_url(re.compile(r"/connexion/"))


@pytest.mark.feature("CVL-065", "ROR-058")
def test_from_the_application_one_signs_in_at_the_portal_and_comes_back(
    desk: Walker, partner: PartnerSite
) -> None:
    page = desk.page
    desk.has_account()
    page.goto(f"{partner.url}/")
    page.get_by_role("button", name="Se connecter avec le portail").click()
    before = desk.last_id(desk.email)
    page.locator("#id_identifiant").fill(desk.email)
    page.locator("#id_mot_de_passe").fill("Bleuet-du-Vexin-27")
    page.get_by_role("main").get_by_role("button", name="Me connecter").click()
    desk.ask_mailed_code()
    desk.type_code(desk.code_for(desk.email, before))
    desk.heading("Reliez votre compte ViaTrajectoire")
    link(desk, ACCOUNTS[1])
    page.get_by_role("button", name="Relire mes données").click()
    expect(page.get_by_role("status")).to_contain_text("relues sur le portail")
    page.get_by_role("button", name="Se déconnecter").click()
    desk.heading("Vous êtes déconnecté")
    desk.open("/preferences/")
    expect(page).to_have_url(re.compile("/connexion/"))


@pytest.mark.security("OP-16")
def test_a_partner_that_hangs_does_not_delay_the_sign_out_and_hears_later(
    desk: Walker, partner: PartnerSite
) -> None:
    desk.has_account()
    desk.sign_in()
    hold_authenticator(desk)
    enter(desk)
    link(desk, ACCOUNTS[0])
    partner.set(failure="hang", seconds=20, times=1)
    desk.sign_out()
    wait_until(partner.followed, 40, "the second try of the back-channel sign-out")


@pytest.mark.feature("ROR-090")
@pytest.mark.security("SES-6")
def test_it_was_not_me_closes_the_other_browser_and_its_application(
    desk: Walker, new_walker: Callable[[str], Walker], partner: PartnerSite
) -> None:
    desk.has_account()
    thief = new_walker("desk")
    thief.name = desk.name
    thief.sign_in()
    hold_authenticator(thief)
    enter(thief)
    link(thief, ACCOUNTS[3])
    desk.sign_in()
    desk.open("/preferences/journal/")
    desk.page.get_by_role("link", name="Ce n’était pas moi").click()
    before = desk.last_id(desk.email)
    desk.button("Oui, tout fermer")
    expect(desk.page.get_by_text("Votre compte est en sécurité")).to_be_visible()

    def link_arrived() -> bool:
        """Two mails leave together, in any order: the notice, and the link to another password."""
        arrived = [mail for mail in desk.portal.messages(desk.email) if mail.id > before]
        return any("/mot-de-passe/choisir/" in mail.text for mail in arrived)

    wait_until(link_arrived, 15, "the link to choose another password")
    wait_until(partner.followed, BACK_CHANNEL_SECONDS, "the back-channel sign-out")
    thief.open("/preferences/")
    expect(thief.page).to_have_url(re.compile("/connexion/"))


@pytest.mark.security("ACC-1")
def test_the_pages_of_the_application_are_accessible(desk: Walker, partner: PartnerSite) -> None:
    page = desk.page
    desk.has_account()
    desk.sign_in()
    hold_authenticator(desk)
    found: list[str] = []

    def look() -> None:
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 900})
            found.extend(find_problems(page) + too_wide(page))

    enter(desk)
    desk.heading("Reliez votre compte ViaTrajectoire")
    look()
    page.get_by_role("main").get_by_role("button", name="Se connecter").click()
    expect(page.get_by_label("Nom d’utilisateur")).to_have_attribute("aria-describedby", re.compile("."))
    look()
    link(desk, ACCOUNTS[2])
    look()
    for address in ("/pilotage/", "/page-inconnue/"):
        page.goto(partner.url + address)
        look()
    for path in ("/preferences/sessions/", "/preferences/sessions/pas-moi/", "/preferences/journal/"):
        desk.open(path)
        look()
    page.goto(f"{partner.url}/")
    page.get_by_role("button", name="Se déconnecter").click()
    desk.heading("Vous êtes déconnecté")
    look()
    page.goto(f"{partner.url}/")
    look()
    assert found == []
