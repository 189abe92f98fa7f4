"""A shared desk in a real browser: the box, the lock, and the card that leaves the reader (agent and SoftHSM)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.parcours.strong_walker import StrongWalker
from tests.support.processes import LivePortal, wait_until

pytestmark = pytest.mark.browser
LOCKED = re.compile("/session/verrouillee/")
CARD_OUT_SECONDS = 2


@pytest.fixture
def desk(page: Page, live_portal: LivePortal) -> Iterator[StrongWalker]:
    walker = StrongWalker(page, live_portal)
    walker.move("remise-a-zero")
    yield walker
    walker.move("remise-a-zero")
    assert walker.broken == []


def tick_shared(walker: StrongWalker, path: str = "/connexion/") -> None:
    walker.open(path)
    box = walker.page.get_by_role("checkbox", name="Poste partagé")
    box.check()
    expect(walker.page.get_by_text("ne retient rien de vous")).to_be_visible()
    expect(box).to_be_checked()


def is_locked(portal: LivePortal) -> bool:
    with psycopg.connect(portal.database_url) as connection:
        row = connection.execute(
            "select locked_at is not null from accounts_usersession where is_shared order by id desc limit 1"
        ).fetchone()
    return bool(row and row[0])


def test_the_box_keeps_what_was_typed_and_hides_what_remembers(desk: StrongWalker) -> None:
    desk.open("/connexion/?onglet=mot-de-passe")
    page = desk.page
    page.locator("#id_identifiant").fill("camille")
    page.get_by_role("checkbox", name="Poste partagé").check()
    expect(page.get_by_text("ne retient rien de vous")).to_be_visible()
    expect(page.locator("#id_identifiant")).to_have_value("camille")
    expect(page.get_by_label("Se souvenir de moi")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("checkbox", name="Poste partagé")).to_be_checked()


def test_the_box_works_in_the_window_of_the_header_and_without_javascript(
    desk: StrongWalker, new_context: Callable[..., Any]
) -> None:
    page = desk.page
    desk.open("/pages/cgu/")
    page.get_by_role("link", name="Se connecter").click()
    window = page.get_by_role("dialog")
    window.get_by_role("checkbox", name="Poste partagé").check()
    expect(window.get_by_text("ne retient rien de vous")).to_be_visible()
    expect(window.get_by_label("Se souvenir de moi")).to_have_count(0)
    plain = new_context(java_script_enabled=False).new_page()
    plain.goto(f"{desk.portal.url}/connexion/")
    plain.get_by_role("checkbox", name="Poste partagé").check()
    plain.get_by_role("button", name="Enregistrer ce choix").click()
    expect(plain.get_by_role("checkbox", name="Poste partagé")).to_be_checked()


def test_locked_by_hand_in_every_tab_then_opened_by_password_and_code(
    desk: StrongWalker, check_accessibility: Callable[[Any], None]
) -> None:
    page = desk.page
    desk.sign_up()
    tick_shared(desk)
    desk.sign_in()
    desk.open("/preferences/journal/")
    other = page.context.new_page()
    other.goto(f"{desk.portal.url}/preferences/")
    expect(other.get_by_role("button", name="Verrouiller")).to_be_visible()
    page.get_by_role("button", name="Verrouiller").click()
    expect(page).to_have_url(LOCKED)
    desk.heading("Poste verrouillé")
    expect(other).to_have_url(LOCKED)
    other.close()
    expect(page.get_by_text("Camille")).to_have_count(0)
    check_accessibility(page)
    page.go_back()
    expect(page).to_have_url(LOCKED)
    desk.open("/session/verrouillee/")
    page.get_by_role("textbox", name="Mot de passe").fill("Bleuet-du-Vexin-27")
    page.get_by_role("button", name="Continuer").click()
    before = desk.last_id(desk.email)
    page.get_by_role("button", name="Recevoir un code par e-mail").click()
    page.locator("input[name=preuve]").fill(desk.code_for(desk.email, before))
    page.get_by_role("button", name="Déverrouiller").click()
    expect(page).to_have_url(f"{desk.portal.url}/preferences/journal/")
    expect(page.get_by_text("Session déverrouillée").first).to_be_visible()


def test_the_card_out_of_the_reader_locks_at_once_and_back_in_opens_again(
    desk: StrongWalker, live_portal: LivePortal
) -> None:
    page = desk.page
    card_owner_signs_in(desk)
    desk.open("/preferences/journal/")
    expect(page.get_by_role("button", name="Verrouiller")).to_be_visible()
    time_to_hear(desk)
    began = time.monotonic()
    desk.move("lecteur/vider")
    wait_until(lambda: is_locked(live_portal), CARD_OUT_SECONDS + 3, "the lock on the server")
    assert time.monotonic() - began < CARD_OUT_SECONDS
    expect(page).to_have_url(LOCKED)
    desk.insert(CARD)
    page.get_by_role("link", name="Déverrouiller avec ma carte CPS").click()
    desk.type_pin(desk.choose_certificate())
    expect(page).to_have_url(f"{desk.portal.url}/preferences/journal/")
    assert not is_locked(live_portal)


def test_leaving_something_typed_does_not_keep_the_screen_when_the_card_goes(desk: StrongWalker) -> None:
    page = desk.page
    card_owner_signs_in(desk)
    desk.open("/preferences/identite/")
    time_to_hear(desk)
    page.locator("main input[type=text]").first.press_sequentially("écrit")
    desk.move("lecteur/debrancher")
    expect(page).to_have_url(LOCKED)
    desk.move("lecteur/brancher")


# --- steps --------------------------------------------------------------------------------------------------------
CARD, OWNER, NATIONAL_ID = "hugo", "hugo.valdenaire", "899700000013"


def card_owner_signs_in(desk: StrongWalker) -> None:
    """The made-up doctor of the demo links the card, then comes with it alone."""
    desk.forget_identity(NATIONAL_ID)
    tick_shared(desk)
    desk.sign_in_by_card(CARD)
    desk.has_an_account(OWNER)
    desk.sign_out()
    desk.sign_in_by_card(CARD)
    expect(desk.page.get_by_role("button", name="Verrouiller")).to_be_visible()


def time_to_hear(desk: StrongWalker) -> None:
    """Until the page has asked the agent once."""
    agent = desk.portal.demo["addresses"]["card_agent"]
    wait_until(lambda: httpx.get(f"{agent}/etat", headers={"Origin": desk.portal.url}).json()["cartes"], 5)
    with desk.page.expect_response(lambda answer: "/etat" in answer.url):
        desk.page.reload()
