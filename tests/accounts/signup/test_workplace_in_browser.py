"""The place of work in a real browser: keyboard, screen reader's facts, slow and lost suggestions, no script."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, Route, expect

from accounts.models import User
from tests.accounts.signup.people import make_user, sign_in
from tests.accounts.signup.test_pages_in_browser import look
from tests.referentiels.etablissements import CHARTRAIN, load_establishments

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

PAGE = "/preferences/activite/"
NAME = "CENTRE HOSPITALIER DU PAYS CHARTRAIN"
SUGGESTIONS = "**/referentiels/structures/**"


@pytest.fixture
def person(live_server: Any, tmp_path: Path) -> User:
    load_establishments(tmp_path)
    return make_user()


def opened(page: Page, live_server: Any, person: User) -> Page:
    browser = Client()
    sign_in(browser, person)
    cookie = {"name": "sessionid", "value": browser.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.goto(live_server.url + PAGE)
    return page


@pytest.fixture
def form(page: Page, live_server: Any, person: User) -> Page:
    opened(page, live_server, person)
    expect(page.get_by_role("combobox", name="Établissement ou cabinet")).to_be_visible()
    return page


def options(page: Page) -> Any:
    """The suggestions, not the answers of the lists of the form."""
    return page.locator(".options [role=option]:visible")


def note(page: Page, field: str) -> Any:
    """The sentence under a combobox, which is also what a screen reader is told."""
    return page.locator(f".field:has(#{field}) [role=status]")


@pytest.mark.feature("CVL-013", "CVL-014", "CVL-017")
@pytest.mark.security("ACC-1", "ACC-2")
def test_an_establishment_chosen_by_keyboard_fills_the_form(
    form: Page, person: User, check_accessibility: Any
) -> None:
    field = form.get_by_role("combobox", name="Établissement ou cabinet")
    field.press_sequentially("chartrain")
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(note(form, "id_structure")).to_have_text(re.compile("^1 suggestion, flèches pour parcourir"))
    expect(form.locator("#id_structure_liste [role=option]")).to_contain_text(f"FINESS {CHARTRAIN}")
    check_accessibility(form)
    field.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "id_structure_liste_0")
    expect(form.locator("#id_structure_liste_0")).to_have_attribute("aria-selected", "true")
    check_accessibility(form)
    field.press("Enter")
    expect(field).to_have_value(NAME)
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(form.get_by_label("FINESS géographique")).to_have_value(CHARTRAIN)
    expect(form.get_by_label("Adresse")).to_have_value("34 R DES BEAUCERONS")
    expect(form.get_by_label("Code postal")).to_have_value("28000")
    expect(form.get_by_label("Ville")).to_have_value("Chartres")
    expect(form.get_by_label("Département").locator("option:checked")).to_have_text("28 - Eure-et-Loir")
    expect(note(form, "id_structure")).to_have_text(
        "Rempli : FINESS géographique, Adresse, Code postal, Ville, Département. Vérifiez."
    )
    look(form, check_accessibility)
    form.get_by_role("button", name="Enregistrer").press("Enter")
    form.wait_for_url("**/preferences/")
    person.refresh_from_db()
    assert (person.structure_finess, person.ville, person.departement) == (CHARTRAIN, "Chartres", "28")


@pytest.mark.parametrize("typed", [CHARTRAIN, "99900078000015"], ids=["FINESS", "SIRET"])
@pytest.mark.feature("CVL-014")
def test_the_number_of_an_establishment_finds_it_and_a_finger_chooses_it(form: Page, typed: str) -> None:
    form.get_by_role("combobox", name="Établissement ou cabinet").press_sequentially(typed)
    options(form).filter(has_text=re.compile(NAME)).click()
    expect(form.get_by_label("FINESS géographique")).to_have_value(CHARTRAIN)


def test_a_name_changed_by_hand_has_no_number_any_more(form: Page) -> None:
    field = form.get_by_role("combobox", name="Établissement ou cabinet")
    field.press_sequentially("chartrain")
    options(form).click()
    expect(form.get_by_label("FINESS géographique")).to_have_value(CHARTRAIN)
    field.press_sequentially(" annexe")
    expect(form.get_by_label("FINESS géographique")).to_have_value("")
    expect(form.get_by_label("Ville")).to_have_value("Chartres")


def test_nothing_found_says_what_to_do(form: Page, check_accessibility: Any) -> None:
    field = form.get_by_role("combobox", name="Établissement ou cabinet")
    field.press_sequentially("zzzzzz")
    expect(note(form, "id_structure")).to_contain_text("Aucun établissement trouvé : essayez la commune")
    expect(field).to_have_attribute("aria-expanded", "false")
    check_accessibility(form)


def test_suggestions_that_fail_leave_a_plain_field(form: Page, check_accessibility: Any) -> None:
    field = form.get_by_role("combobox", name="Établissement ou cabinet")
    form.route(SUGGESTIONS, lambda route: route.fulfill(status=500))
    field.press_sequentially("char")
    expect(note(form, "id_structure")).to_contain_text("Les suggestions ne répondent pas : continuez")
    check_accessibility(form)
    form.unroute(SUGGESTIONS)
    form.route(SUGGESTIONS, lambda route: route.fulfill(status=429, headers={"Retry-After": "12"}))
    field.press_sequentially("tr")
    expect(note(form, "id_structure")).to_contain_text("réessayez dans 12 secondes")
    form.unroute(SUGGESTIONS)
    form.route(SUGGESTIONS, lambda route: route.abort("internetdisconnected"))
    field.press_sequentially("a")
    expect(note(form, "id_structure")).to_contain_text("Les suggestions ne répondent pas")
    form.unroute(SUGGESTIONS)
    field.press_sequentially("in")
    expect(options(form)).to_have_count(1)
    expect(field).to_have_value("chartrain")


def test_slow_suggestions_say_so_and_an_old_answer_never_replaces_a_newer(form: Page) -> None:
    waiting: list[Route] = []

    def hold_the_first(route: Route) -> None:
        waiting.append(route)
        if len(waiting) > 1:
            route.continue_()

    field = form.get_by_role("combobox", name="Établissement ou cabinet")
    form.route(SUGGESTIONS, hold_the_first)
    with form.expect_request(SUGGESTIONS):
        field.press_sequentially("blaise")
    expect(note(form, "id_structure")).to_have_text("Recherche…")
    expect(field).to_have_attribute("aria-busy", "true")
    field.fill("chartrain")
    expect(options(form)).to_have_count(1)
    waiting[0].fulfill(status=200, body="<li role='option'>BLAISE</li>")
    expect(options(form)).to_contain_text("CHARTRAIN")
    expect(field).not_to_have_attribute("aria-busy", "true")


def test_suggestions_that_never_come_give_up(form: Page) -> None:
    form.clock.install()
    form.reload()
    held: list[Route] = []
    form.route(SUGGESTIONS, lambda route: held.append(route))
    field = form.get_by_role("combobox", name="Établissement ou cabinet")
    expect(field).to_be_visible()
    field.press_sequentially("chartrain")
    with form.expect_request(SUGGESTIONS):
        form.clock.run_for(300)
    form.clock.run_for(9000)
    expect(note(form, "id_structure")).to_contain_text("Les suggestions ne répondent pas")


@pytest.mark.feature("CVL-017")
def test_a_postal_code_lists_its_twelve_towns(form: Page, check_accessibility: Any) -> None:
    field = form.get_by_role("combobox", name="Code postal")
    field.press_sequentially("78200")
    expect(form.locator("#id_code_postal_liste [role=option]")).to_have_count(12)
    expect(note(form, "id_code_postal")).to_have_text(re.compile("^12 suggestions, flèches pour parcourir"))
    check_accessibility(form)
    options(form).filter(has_text="Mantes-la-Jolie (78200)").click()
    expect(field).to_have_value("78200")
    expect(form.get_by_label("Ville")).to_have_value("Mantes-la-Jolie")
    expect(form.get_by_label("Département").locator("option:checked")).to_have_text("78 - Yvelines")


def test_a_town_gives_its_postal_code(form: Page) -> None:
    form.get_by_role("combobox", name="Ville").press_sequentially("chartres")
    options(form).filter(has_text="Chartres (28000)").click()
    expect(form.get_by_label("Code postal")).to_have_value("28000")


@pytest.mark.feature("CVL-019")
def test_the_box_of_an_establishment_out_of_the_list_stops_the_suggestions(form: Page) -> None:
    form.get_by_label("Mon établissement n'est pas référencé dans la liste").check()
    asked: list[str] = []
    form.on("request", lambda request: asked.append(request.url))
    form.get_by_role("combobox", name="Établissement ou cabinet").press_sequentially("chartrain")
    form.get_by_role("combobox", name="Ville").press_sequentially("chartres")
    expect(options(form)).not_to_have_count(0)
    assert not [address for address in asked if "/structures/" in address]


@pytest.mark.feature("CVL-013", "CVL-014", "CVL-017")
def test_the_same_without_javascript(
    live_server: Any, person: User, new_context: Any, check_accessibility: Any
) -> None:
    context = new_context(java_script_enabled=False)
    page = opened(context.new_page(), live_server, person)
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_label("Établissement ou cabinet").fill("centre hospitalier")
    page.get_by_label("Code postal").fill("28000")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("Vérifiez votre lieu d’exercice")).to_be_visible()
    page.get_by_role("radio", name=re.compile(f"{NAME}.*{CHARTRAIN}")).check()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_label("FINESS géographique")).to_have_value(CHARTRAIN)
    expect(page.get_by_label("Adresse")).to_have_value("34 R DES BEAUCERONS")
    expect(page.get_by_label("Ville")).to_have_value("Chartres")
    expect(page.get_by_label("Département").locator("option:checked")).to_have_text("28 - Eure-et-Loir")
    page.get_by_role("button", name="Enregistrer").click()
    page.wait_for_url("**/preferences/")
    person.refresh_from_db()
    assert (person.structure, person.structure_finess) == (NAME, CHARTRAIN)


@pytest.mark.feature("CVL-013", "CVL-014", "CVL-017")
def test_the_form_of_sign_up_is_filled_too(
    live_server: Any, page: Page, person: User, plateforme: Any, check_accessibility: Any
) -> None:
    plateforme("esante-cvl")
    page.goto(live_server.url + "/inscription/")
    page.get_by_role("combobox", name="Etablissement d'exercice").press_sequentially("chartrain")
    options(page).click()
    expect(page.locator("#id_structure_finess")).to_have_value(CHARTRAIN)
    expect(page.locator("#id_departement option:checked")).to_have_text("28 - Eure-et-Loir")
    look(page, check_accessibility)


@pytest.mark.feature("CVL-018")
@pytest.mark.security("ACC-1", "ACC-2")
def test_a_second_establishment_is_opened_and_filled_by_keyboard(
    live_server: Any, page: Page, person: User, plateforme: Any, check_accessibility: Any
) -> None:
    plateforme("esante-cvl")
    page.goto(live_server.url + "/inscription/")
    field = page.get_by_role("combobox", name="Deuxième établissement")
    expect(field).to_be_hidden()
    page.locator("summary", has_text="Ajouter un deuxième établissement").focus()
    page.keyboard.press("Enter")
    expect(field).to_be_visible()
    field.press_sequentially("chartrain")
    expect(options(page)).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#id_structure_finess_2")).to_have_value(CHARTRAIN)
    expect(page.locator("#id_ville_2")).to_have_value("Chartres")
    expect(page.locator("#id_departement_2 option:checked")).to_have_text("28 - Eure-et-Loir")
    expect(page.locator("#id_structure_finess")).to_have_value("")
    expect(page.locator("#id_ville")).to_have_value("")
    look(page, check_accessibility)
    page.get_by_role("button", name="Retirer ce deuxième établissement").click()
    expect(page.get_by_text("est retiré de ce formulaire")).to_be_visible()
    expect(field).to_be_hidden()
    expect(page.locator("#id_structure_finess_2")).to_have_value("")


@pytest.mark.feature("CVL-018")
def test_without_script_the_second_establishment_opens_too(
    live_server: Any, new_context: Any, person: User, plateforme: Any
) -> None:
    plateforme("esante-cvl")
    page = new_context(java_script_enabled=False).new_page()
    page.goto(live_server.url + "/inscription/")
    page.locator("summary", has_text="Ajouter un deuxième établissement").click()
    page.get_by_label("Deuxième établissement (facultatif)").fill(CHARTRAIN)
    page.get_by_role("button", name="DEMANDER MON INSCRIPTION").click()
    expect(page.locator("#id_structure_2")).to_have_value(NAME)
    expect(page.locator("#id_structure_2")).to_be_visible()
