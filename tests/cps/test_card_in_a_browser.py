"""The card from the reader to the portal, in a real browser, with the agent and SoftHSM."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.processes import LivePortal


@pytest.fixture
def move(live_portal: LivePortal) -> Any:
    """`move("cartes/hugo/inserer")` acts on the desk; everything is put back afterwards."""
    base = live_portal.demo["addresses"]["cards"]

    def act(path: str) -> None:
        with urllib.request.urlopen(urllib.request.Request(base + path, data=b""), timeout=10):
            pass

    act("remise-a-zero")
    yield act
    act("remise-a-zero")


def choose(page: Any, portal: LivePortal, target: str = "") -> Any:
    """Open the page, pick the certificate; the agent's window."""
    page.goto(f"{portal.url}/connexion/carte/{target}")
    page.get_by_text(re.compile("détectée|bloquée")).first.wait_for()
    page.locator("[data-card-start]").click()
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="OK", exact=True).click()
    window = opened.value
    window.get_by_label("Code Porteur :").wait_for()
    return window


def type_pin(window: Any, code: str) -> None:
    window.get_by_label("Code Porteur :").fill(code)
    window.get_by_role("button", name="Valider").click()


@pytest.mark.feature("ROR-025", "ROR-026", "ROR-027", "ROR-053", "ROR-054", "VT-028", "VT-030", "VT-035")
def test_an_unknown_card_goes_from_the_reader_to_the_linking_page(
    page: Any, live_portal: LivePortal, move: Callable[[str], None]
) -> None:
    page.goto(f"{live_portal.url}/connexion/carte/")
    page.get_by_text("Aucune carte détectée.").wait_for()
    page.locator("[data-card-start]").click()
    page.get_by_text("Insérez votre carte, puce en avant").wait_for()
    move("cartes/apolline/inserer")
    page.get_by_text("Carte CPS4v1-3100000096 détectée.").wait_for()
    expect(page.get_by_text("Insérez votre carte, puce en avant")).to_be_hidden()
    page.locator("[data-card-start]").click()
    choice = page.get_by_role("dialog", name="Sélectionner un certificat")
    choice.wait_for()
    expect(choice.get_by_role("columnheader")).to_have_text(["Objet", "Émetteur", "Série"])
    cells = choice.get_by_role("cell")
    expect(cells.nth(0)).to_have_text("899700000096")
    expect(cells.nth(1)).to_have_text("TEST AC IGC-SIMULEE FORT PERSONNES")
    expect(cells.nth(2)).to_have_text(re.compile(r"^\s*[0-9a-f]{16}\s*$"))
    with page.context.expect_page() as opened:
        choice.get_by_role("button", name="OK").click()
    window = opened.value
    window.get_by_text("Il vous reste 3 tentative(s) pour la carte CPS4v1-3100000096").wait_for()
    type_pin(window, "1234")
    page.wait_for_url("**/connexion/rattachement/")
    expect(page.get_by_text("J’ai déjà un compte").first).to_be_visible()


@pytest.mark.feature("ROR-028", "VT-031")
def test_three_wrong_codes_block_the_card_and_the_page_says_how_to_go_on(
    page: Any, live_portal: LivePortal, move: Callable[[str], None]
) -> None:
    move("cartes/ines/inserer")
    window = choose(page, live_portal)
    for left in (2, 1):
        type_pin(window, "9999")
        window.get_by_text(f"Il vous reste {left} tentative(s)").wait_for()
    type_pin(window, "9999")
    window.get_by_role("heading", name="Carte bloquée").wait_for()
    page.get_by_text("code de déblocage à 8 chiffres").wait_for()
    page.get_by_text("bloquée après 3 codes incorrects").first.wait_for()


@pytest.mark.feature("ROR-026")
def test_cancelling_the_choice_goes_back_to_the_sign_in_page(
    page: Any, live_portal: LivePortal, move: Callable[[str], None]
) -> None:
    move("cartes/hugo/inserer")
    page.goto(f"{live_portal.url}/connexion/carte/")
    page.get_by_text("détectée").wait_for()
    page.locator("[data-card-start]").click()
    page.get_by_role("dialog").get_by_role("button", name="Annuler").click()
    page.wait_for_url("**/connexion/")


@pytest.mark.feature("ROR-027")
def test_cancelling_the_code_keeps_the_page_ready(
    page: Any, live_portal: LivePortal, move: Callable[[str], None]
) -> None:
    move("cartes/hugo/inserer")
    window = choose(page, live_portal)
    window.get_by_role("button", name="Annuler").click()
    page.get_by_text("Vous avez annulé la saisie du code porteur.").wait_for()
    expect(page.locator("[data-card-start]")).to_be_enabled()


@pytest.mark.parametrize(
    ("slug", "title"),
    [
        ("expiree", "Carte expirée"),
        ("revoquee", "Carte en opposition"),
        ("etrangere", "Carte non reconnue"),
        ("service", "Carte de service"),
        ("organisation", "Certificat d’organisation"),
        ("reelle", "Carte réelle sur un portail d’essai"),
    ],
)
def test_each_bad_card_ends_on_its_own_page(
    page: Any, live_portal: LivePortal, move: Callable[[str], None], slug: str, title: str
) -> None:
    move(f"cartes/{slug}/inserer")
    type_pin(choose(page, live_portal), "1234")
    page.get_by_role("heading", name=title).wait_for()


def test_a_card_removed_at_the_last_moment_and_other_states_of_the_reader(
    page: Any, live_portal: LivePortal, move: Callable[[str], None]
) -> None:
    move("cartes/hugo/inserer")
    window = choose(page, live_portal)
    move("lecteur/vider")
    type_pin(window, "1234")
    page.get_by_text("La carte a été retirée.").first.wait_for()
    for action, words in (
        ("lecteur/debrancher", "Aucun lecteur détecté."),
        ("lecteur/brancher", "Aucune carte détectée."),
        ("cartes/bloquee/inserer", "Carte CPS3v3-2900000098 : bloquée après 3 codes incorrects."),
        ("cartes/hugo/ajouter", "Plusieurs cartes détectées."),
    ):
        move(action)
        page.get_by_text(words).first.wait_for()


@pytest.mark.feature("VT-027")
def test_without_the_agent_the_page_says_what_to_install(page: Any, live_portal: LivePortal) -> None:
    agent = live_portal.demo["addresses"]["card_agent"]
    page.route(f"{agent}/**", lambda route: route.abort())
    page.goto(f"{live_portal.url}/connexion/carte/")
    page.get_by_text("Agent de carte non détecté sur ce poste.").wait_for()
    page.locator("[data-card-start]").click()
    page.get_by_text("Installez Cryptolib CPS et l’agent de carte").wait_for()


def test_an_old_agent_is_told_apart(page: Any, live_portal: LivePortal) -> None:
    agent = live_portal.demo["addresses"]["card_agent"]
    page.route(
        f"{agent}/etat",
        lambda route: route.fulfill(
            json={"protocole": 0, "cartes": [], "erreur": ""},
            headers={"Access-Control-Allow-Origin": live_portal.url},
        ),
    )
    page.goto(f"{live_portal.url}/connexion/carte/")
    page.get_by_text("Agent de carte trop ancien.").wait_for()


def test_the_pages_of_the_card_have_no_barrier(
    page: Any,
    phone_page: Any,
    live_portal: LivePortal,
    move: Callable[[str], None],
    check_accessibility: Callable[[Any], None],
) -> None:
    move("cartes/hugo/inserer")
    for one in (page, phone_page):
        one.goto(f"{live_portal.url}/connexion/carte/")
        one.get_by_text("détectée").wait_for()
        check_accessibility(one)
        assert one.evaluate("document.documentElement.scrollWidth <= innerWidth")
        one.locator("[data-card-start]").click()
        one.get_by_role("dialog").wait_for()
        check_accessibility(one)
        with one.context.expect_page() as opened:
            one.get_by_role("button", name="OK", exact=True).click()
        opened.value.get_by_label("Code Porteur :").wait_for()
        check_accessibility(opened.value)
        opened.value.close()
