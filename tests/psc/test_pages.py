"""The wallet and the telephone in a browser: what the guides show, the clock that runs, the keyboard, axe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from portal.settings import psc as psc_settings
from portal.simulators.psc.personas import APP_PASSWORD, CARD_PIN
from tests.psc.conftest import BASILE, PORTAL, Simulator
from tests.support.processes import wait_until

RETURN = f"{PORTAL}/connexion/ecps/retour/"


@pytest.fixture
def wallet(psc_process: Simulator) -> Iterator[Simulator]:
    psc_process.set(reset=True)
    yield psc_process
    psc_process.set(reset=True)


@pytest.fixture
def ask(page: Any, wallet: Simulator) -> Callable[..., Any]:
    """Open « Connectez-vous »."""

    def go() -> None:
        asked = {
            "response_type": "code",
            "client_id": psc_settings.SIMULATOR_CLIENT,
            "redirect_uri": RETURN,
            "scope": "openid scope_all",
            "state": "s",
        }
        page.goto(f"{wallet.wallet}/auth?{urlencode(asked)}")

    return go


def go_back(page: Any, button: str) -> str:
    """Press, and give the address of return the browser then asks of the portal, which does not listen here."""
    with page.context.expect_event("request", lambda sent: sent.url.startswith(RETURN)) as sent:
        page.get_by_role("button", name=button).click()
    return str(sent.value.url)


def send(page: Any, *, remember: bool = False) -> None:
    page.get_by_label("votre identifiant RPPS").fill(BASILE)
    page.get_by_label("Mémoriser mon identifiant sur ce poste").set_checked(remember)
    page.get_by_role("button", name="SE CONNECTER AVEC E-CPS").click()


def telephone(page: Any, wallet: Simulator) -> Any:
    phone = page.context.new_page()
    phone.set_viewport_size({"width": 390, "height": 844})
    phone.goto(f"{wallet.wallet}/telephone/{BASILE}/")
    phone.get_by_label("Mot de passe de l’application").fill(APP_PASSWORD)
    phone.get_by_role("button", name="Ouvrir l’application").click()
    return phone


@pytest.mark.feature("ROR-068", "ROR-069", "ROR-070", "ROR-072", "ROR-073")
def test_the_page_of_sign_in(
    page: Any, ask: Callable[..., Any], check_accessibility: Callable[[Any], None]
) -> None:
    ask()

    expect(page.get_by_role("heading", level=1)).to_have_text("Connectez-vous")
    expect(page.get_by_role("link", name="Application e-CPS")).to_have_attribute("aria-current", "page")
    for text in ("en utilisant l’application mobile e-CPS", "mauvaise configuration de l’heure"):
        expect(page.get_by_text(text)).to_be_visible()
    for name in ("Carte CPS", "la FAQ e-CPS", "En savoir plus sur la gestion de vos données et vos droits"):
        expect(page.get_by_role("link", name=name)).to_be_visible()
    expect(page.get_by_text("Simulation").first).to_be_visible()
    check_accessibility(page)


@pytest.mark.feature("ROR-074", "ROR-075", "ROR-076", "ROR-078", "VT-034", "VT-036")
def test_from_the_computer_to_the_telephone_and_back(
    page: Any, ask: Callable[..., Any], wallet: Simulator, check_accessibility: Callable[[Any], None]
) -> None:
    ask()
    send(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Authentification")
    expect(page.get_by_text("Vérification de votre identité en 2 étapes").first).to_be_visible()
    shown = page.locator(".big-number").inner_text()
    assert len(shown) == 2
    left = int(page.locator("[data-countdown]").inner_text())
    wait_until(
        lambda: int(page.locator("[data-countdown]").inner_text()) < left - 1, what="the clock running"
    )
    check_accessibility(page)

    phone = telephone(page, wallet)
    phone.locator("button.number").first.wait_for()
    choices = [button.inner_text() for button in phone.locator("button.number").all()]
    assert len(set(choices)) == 3
    assert shown in choices
    check_accessibility(phone)
    phone.get_by_role("button", name=shown, exact=True).click()
    expect(phone.get_by_text("Demande validée")).to_be_visible()

    assert "code=" in go_back(page, "Continuer")


@pytest.mark.feature("ROR-075")
def test_another_number_does_not_pass(page: Any, ask: Callable[..., Any], wallet: Simulator) -> None:
    ask()
    send(page)
    shown = page.locator(".big-number").inner_text()
    phone = telephone(page, wallet)
    phone.locator("button.number").first.wait_for()
    wrong = next(b for b in phone.locator("button.number").all() if b.inner_text() != shown)
    wrong.click()

    page.get_by_text("n’est pas celui affiché ici").wait_for()
    assert "error=access_denied" in go_back(page, "Revenir au service")


@pytest.mark.feature("ROR-076")
def test_at_zero_the_request_is_void(
    page: Any, ask: Callable[..., Any], wallet: Simulator, check_accessibility: Callable[[Any], None]
) -> None:
    wallet.set(demand_seconds=2)
    ask()
    send(page)
    page.get_by_text("Le temps est écoulé.").wait_for()
    check_accessibility(page)
    phone = telephone(page, wallet)
    expect(phone.get_by_text("Aucune demande d’authentification en attente")).to_be_visible()
    expect(phone.locator("button.number")).to_have_count(0)


def test_refusing_on_the_telephone(page: Any, ask: Callable[..., Any], wallet: Simulator) -> None:
    ask()
    send(page)
    telephone(page, wallet).get_by_role("button", name="Refuser : ce n’est pas moi").click()

    page.get_by_text("La demande a été refusée sur le téléphone.").wait_for()


@pytest.mark.feature("ROR-077")
def test_leaving(page: Any, ask: Callable[..., Any]) -> None:
    ask()
    send(page)
    address = go_back(page, "Quitter l’authentification")

    assert "error=access_denied" in address
    assert "code=" not in address


@pytest.mark.feature("ROR-071")
@pytest.mark.parametrize(("remember", "kept"), [(True, BASILE), (False, "")])
def test_the_identifier_is_kept_when_asked_and_only_then(
    page: Any, ask: Callable[..., Any], remember: bool, kept: str
) -> None:
    ask()
    send(page, remember=remember)
    expect(page.locator(".big-number")).to_be_visible()
    ask()

    expect(page.get_by_label("votre identifiant RPPS")).to_have_value(kept)


def test_an_identifier_without_ecps_is_told_how_to_activate_it(
    page: Any, ask: Callable[..., Any], check_accessibility: Callable[[Any], None]
) -> None:
    ask()
    page.get_by_label("votre identifiant RPPS").fill("899700000039")
    page.get_by_role("button", name="SE CONNECTER AVEC E-CPS").click()

    expect(page.locator("#erreur")).to_have_text(
        re.compile("^Erreur : Cet identifiant n’a pas d’e-CPS active.")
    )
    expect(page.get_by_label("votre identifiant RPPS")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("link", name="Activer mon e-CPS")).to_be_visible()
    check_accessibility(page)


@pytest.mark.feature("ROR-068")
def test_the_card_tab(page: Any, ask: Callable[..., Any], check_accessibility: Callable[[Any], None]) -> None:
    ask()
    page.get_by_role("link", name="Carte CPS").click()
    page.get_by_label("Votre carte").select_option(BASILE)
    expect(page.get_by_label("Votre carte")).to_have_value(BASILE)
    check_accessibility(page)
    page.get_by_label("Saisissez votre Code Porteur").fill(CARD_PIN)

    assert "code=" in go_back(page, "Valider")


def test_three_wrong_passwords_refuse_the_request(
    page: Any, ask: Callable[..., Any], wallet: Simulator
) -> None:
    ask()
    send(page)
    phone = page.context.new_page()
    phone.goto(f"{wallet.wallet}/telephone/{BASILE}/")
    for _ in range(3):
        phone.get_by_label("Mot de passe de l’application").fill("0000")
        phone.get_by_role("button", name="Ouvrir l’application").click()
    expect(phone.get_by_text("incorrect trois fois")).to_be_visible()

    page.get_by_text("La demande a été refusée sur le téléphone.").wait_for()


def test_by_keyboard_alone(page: Any, ask: Callable[..., Any], run_keyboard: Callable[[Any], Any]) -> None:
    ask()
    keyboard = run_keyboard(page)
    keyboard.fill("votre identifiant RPPS", BASILE)
    assert keyboard.focus_is_visible()
    keyboard.press("SE CONNECTER AVEC E-CPS")

    page.locator(".big-number").wait_for()


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/telephone/", "/pilotage/", "/faq/", "/donnees-personnelles/", "/activation/carte/"),
        *("/telephone/activation/", "/connexion/inconnue/", "/nulle-part/"),
    ],
)
@pytest.mark.parametrize("width", [1280, 390])
def test_every_other_page_is_accessible(
    page: Any, wallet: Simulator, check_accessibility: Callable[[Any], None], path: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(wallet.wallet + path)
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_control_page_sets_and_ends_a_failure(page: Any, wallet: Simulator) -> None:
    page.goto(f"{wallet.wallet}/pilotage/")
    page.get_by_label("signe avec une autre clé sous le même nom").check()
    page.get_by_role("button", name="Appliquer la panne").click()
    status = page.get_by_role("status")
    expect(status).to_have_text("En ce moment : signe avec une autre clé sous le même nom.")
    page.get_by_role("button", name="Revenir à la normale").click()
    expect(status).to_contain_text("aucune panne")
