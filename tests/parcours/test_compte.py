"""The journeys of an account, in a real browser on the running product, mails and codes as they arrive."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.parcours.accounts import PASSWORD
from tests.parcours.walker import Walker

pytestmark = pytest.mark.browser
NEW_PASSWORD = "Coquelicot-de-Beauce-28"


@pytest.mark.feature("ROR-047", "ROR-050", "ROR-052", "ROR-080", "ROR-081", "ROR-082", "ROR-085", "M94-073")
def test_sign_up_validate_sign_in_favourite_sign_out(walker: Walker) -> None:
    page = walker.page
    walker.sign_up()
    page.get_by_role("link", name="CONTINUER").click()
    walker.sign_in()
    star = page.get_by_role("button", name="ROR-IF : ajouter à mes favoris")
    star.click()
    expect(page.get_by_role("button", name="ROR-IF : retirer de mes favoris")).to_be_visible()
    walker.sign_out()
    walker.sign_in()
    favourites = page.get_by_role("region", name="Mes applications favorites")
    expect(favourites.get_by_role("heading", name="ROR-IF")).to_be_visible()
    walker.sign_out()
    walker.open("/preferences/")
    expect(page).to_have_url(re.compile("/connexion/"))


@pytest.mark.feature("ROR-049", "M94-073")
def test_before_the_click_the_door_says_why_and_offers_to_send_again(desk: Walker) -> None:
    page = desk.page
    desk.open("/inscription/")
    desk.fill_sign_up()
    desk.accept_terms()
    desk.pass_robot()
    desk.button("Enregistrer")
    desk.heading("Prochaine étape")
    first = desk.read_mail(desk.email, subject="Validation de votre inscription")
    desk.type_password(desk.email)
    expect(page.get_by_text("Votre adresse e-mail n’est pas encore validée")).to_be_visible()
    page.get_by_role("link", name="Recevoir à nouveau le message").click()
    page.locator("input[name=email]").fill(desk.email)
    desk.button("Renvoyer le message")
    second = desk.read_mail(desk.email, after=first.id, subject="Validation de votre inscription")
    desk.follow_link(second)
    desk.button("Je valide mon adresse mail")
    desk.sign_in()


@pytest.mark.feature(
    "M94-022", "M94-023", "M94-027", "M94-028", "M94-030", "M94-032", "M94-041", "M94-042", "M94-043"
)
def test_forgotten_password(walker: Walker) -> None:
    page = walker.page
    walker.has_account()
    before = walker.last_id(walker.email)
    walker.open("/connexion/")
    page.get_by_role("main").get_by_role("link", name="Mot de passe oublié").click()
    walker.heading("Demande de récupération de mot de passe")
    page.get_by_label("Nom d").fill(walker.email)
    walker.button("Réinitialiser le mot de passe")
    walker.follow_link(walker.read_mail(walker.email, after=before))
    walker.heading("Activation du compte et choix du mot de passe")
    page.locator("input[name=identifiant]").fill(f"camille.{walker.name}")
    page.locator("input[name=password]").fill(NEW_PASSWORD)
    page.locator("input[name=password_confirmation]").fill(NEW_PASSWORD)
    walker.pass_robot()
    walker.button("Valider")
    expect(page.get_by_text("Votre mot de passe a été changé")).to_be_visible()
    page.get_by_role("link", name="Retour à la page de connexion").click()
    walker.type_password(walker.email, PASSWORD)
    expect(page.get_by_role("main").get_by_role("alert").first).to_be_visible()
    walker.sign_in(password=NEW_PASSWORD)


@pytest.mark.feature("ROR-024", "ROR-017")
def test_ephemeral_code_then_another_proof(walker: Walker) -> None:
    page = walker.page
    walker.has_account()
    before = walker.last_id(walker.email)
    walker.open("/connexion/")
    page.get_by_role("link", name="Code Éphémère").click()
    page.locator("#id_identifiant").fill(walker.email)
    page.locator("input[name=canal][value=mail]").check()
    page.get_by_role("main").get_by_role("button").first.click()
    page.locator("input[name=code]").fill(walker.code_for(walker.email, before))
    page.get_by_role("button", name="Continuer").click()
    page.locator("input[name=preuve]").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Me connecter").first.click()
    walker.heading("Bienvenue sur le Portail des Professionnels de Santé")


@pytest.mark.feature("ROR-048")
def test_a_new_address_serves_only_after_the_click(walker: Walker) -> None:
    page = walker.page
    walker.has_account()
    walker.sign_in()
    new = f"nouvelle.{walker.name}@example.org"
    walker.open("/preferences/adresse/")
    page.locator("input[name=email]").fill(new)
    if page.locator("input[name=email_confirmation]").count():
        page.locator("input[name=email_confirmation]").fill(new)
    page.get_by_role("main").get_by_role("button").first.click()
    message = walker.read_mail(new)
    walker.open("/preferences/")
    expect(page.get_by_role("main")).to_contain_text(walker.email)
    walker.follow_link(message)
    walker.button("Je valide mon adresse mail")
    walker.forget_cookies()
    walker.sign_in(login=new, email=new)


@pytest.mark.security("ABU-2")
def test_lock_out_slows_the_stranger_and_the_owner_recovers_by_mail(
    desk: Walker, new_walker: Callable[[str], Walker]
) -> None:
    desk.has_account()
    desk.sign_in()
    stranger = new_walker("desk")
    for _ in range(11):
        stranger.type_password(desk.email, "Pas-le-bon-1")
        expect(stranger.page.get_by_role("main").get_by_role("alert").first).to_be_visible()
        if stranger.page.get_by_text("Trop d’essais").count():
            break
    else:
        raise AssertionError("eleven wrong passwords and no wait")
    # The browser that already signed in has a budget of its own: its owner is not shut out (ABU-5).
    desk.sign_out()
    desk.sign_in()


@pytest.mark.feature("M94-009", "M94-010", "M94-014", "M94-015")
def test_the_sign_in_window_opens_takes_the_focus_and_gives_it_back(desk: Walker) -> None:
    page = desk.page
    desk.open("/")
    opener = page.get_by_role("link", name="Se connecter").first
    opener.focus()
    page.keyboard.press("Enter")
    window = page.get_by_role("dialog")
    expect(window.get_by_label("Mail de connexion à l'ENRS")).to_be_visible()
    expect(window.get_by_role("button", name="Me connecter")).to_be_visible()
    page.keyboard.press("Escape")
    expect(window).to_be_hidden()
    expect(opener).to_be_focused()


@pytest.mark.feature("ROR-086")
@pytest.mark.security("ACC-2")
def test_the_whole_entry_by_keyboard_alone(desk: Walker, run_keyboard: Any) -> None:
    desk.has_account()
    page = desk.page
    before = desk.last_id(desk.email)
    desk.open("/connexion/")
    keyboard = run_keyboard(page)
    keyboard.fill("Identifiant", desk.email)
    keyboard.fill("Mot de passe", PASSWORD)
    keyboard.press("Me connecter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Vérification")
    desk.settle()
    if page.get_by_role("button", name="Recevoir un code par e-mail").count():
        keyboard.press("Recevoir un code par e-mail")
        expect(page.locator("input[name=preuve]")).to_be_visible()
    code = desk.code_for(desk.email, before)
    page.locator("input[name=preuve]").focus()
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    desk.heading("Bienvenue")
    for name in ("ADHOC", "CARSIC"):
        keyboard.press(f"{name} : ajouter à mes favoris", key="Space")
        expect(page.get_by_role("button", name=f"{name} : retirer de mes favoris")).to_be_visible()
    favourites = page.get_by_role("region", name="Mes applications favorites")
    # Tiles that have just arrived are in the script's hands: before that, the button sends the page's form.
    expect(favourites.locator("li[draggable=true]")).to_have_count(2)
    keyboard.press("Déplacer CARSIC vers la gauche")
    expect(favourites.get_by_role("heading", level=3).first).to_have_text("CARSIC")
    # Said once the server has kept the order.
    expect(page.locator("#portal-annonce")).to_contain_text("CARSIC : place 1 sur 2")
    page.reload()
    expect(favourites.get_by_role("heading", level=3).first).to_have_text("CARSIC")
