"""The pages in a real browser: axe, a narrow screen, errors that take the focus, and the journey without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from accounts.enums import AccountStatus
from accounts.models import User
from tests.accounts.signup.people import ADDRESS, OTHER_PASSWORD, PASSWORD, make_user, sign_in
from tests.support.browser import too_wide, wait_out_robot_hold
from tests.support.outbox import Outbox
from tests.support.processes import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

PUBLIC = (
    "/inscription/",
    "/inscription/?compte=oui",
    "/inscription/envoyee/",
    "/inscription/renvoyer/",
    "/inscription/validation/",
    "/inscription/validee/",
    "/mot-de-passe/oublie/",
    "/mot-de-passe/oublie/envoye/",
    "/mot-de-passe/choisir/",
    "/mot-de-passe/choisi/",
    "/identifiant/oublie/",
    "/compte-ferme/",
)
PRIVATE = (
    "/preferences/",
    "/preferences/identite/",
    "/preferences/activite/",
    "/preferences/adresse/",
    "/preferences/mobile/",
    "/preferences/codes/",
    "/preferences/mot-de-passe/",
    "/preferences/mes-donnees/",
    "/preferences/fermer/",
)
HELD = ("/preferences/documents/",)


def look(page: Any, check: Callable[[Any], None]) -> None:
    """axe finds nothing, one title, and nothing wider than 320 px."""
    check(page)
    expect(page.locator("h1")).to_have_count(1)
    page.set_viewport_size({"width": 320, "height": 800})
    assert too_wide(page) == []
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.security("ACC-1", "ACC-2")
def test_axe_finds_nothing_on_public_pages(live_server: Any, page: Any, check_accessibility: Any) -> None:
    for path in PUBLIC:
        page.goto(live_server.url + path)
        look(page, check_accessibility)


@pytest.mark.security("ACC-1", "ACC-2")
def test_axe_finds_nothing_on_private_pages(live_server: Any, page: Any, check_accessibility: Any) -> None:
    user = make_user(
        phone_mobile="+33639981234", rpps="99700000013", structure="Cabinet du Parc", code_postal="94000"
    )
    browser = Client()
    sign_in(browser, user)
    cookie = {"name": "sessionid", "value": browser.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    for path in PRIVATE:
        page.goto(live_server.url + path)
        expect(page).to_have_url(live_server.url + path)
        look(page, check_accessibility)
    page.goto(live_server.url + "/preferences/mobile/")
    page.get_by_role("button", name="Recevoir le code par SMS").click()
    page.wait_for_url("**/preferences/mobile/code/")
    look(page, check_accessibility)
    user.acceptances.all().delete()
    for path in HELD:
        page.goto(live_server.url + path)
        look(page, check_accessibility)


@pytest.mark.security("ACC-1", "ACC-3")
def test_errors_are_named_tied_and_take_the_focus(
    live_server: Any, page: Any, check_accessibility: Any
) -> None:
    page.goto(live_server.url + "/inscription/")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page).to_have_title(re.compile("^Erreur : Inscription"))
    expect(page.locator(".summary")).to_be_focused()
    look(page, check_accessibility)
    name = page.locator("#id_nom")
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_attribute("aria-describedby", re.compile("id_nom_error"))


@pytest.mark.feature("CVL-036", "M94-072")
def test_the_generator_fills_both_fields_and_every_rule_ticks(live_server: Any, page: Any) -> None:
    page.goto(live_server.url + "/inscription/")
    page.get_by_role("button", name="Générer le mot de passe automatiquement").click()
    expect(page.locator("#id_password")).to_have_value(re.compile("^.{8,}$"))
    made = page.locator("#id_password").input_value()
    expect(page.locator("#id_password_confirmation")).to_have_value(made)


BOTTOM_TO_TOP = """([above, below]) => document.querySelector(below).getBoundingClientRect().top
    - document.querySelector(above).getBoundingClientRect().bottom"""


@pytest.mark.feature("CVL-021")
@pytest.mark.parametrize("width", [1280, 390])
def test_the_picture_to_copy_has_room_around_it(
    live_server: Any, page: Any, plateforme: Callable[[str], object], check_accessibility: Any, width: int
) -> None:
    plateforme("esante-cvl")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(live_server.url + "/inscription/")
    expect(page.get_by_role("checkbox", name="Je ne suis pas un robot")).to_be_visible()
    gaps = {
        "question to picture": page.evaluate(BOTTOM_TO_TOP, [".robot-image .hint", ".robot-image img"]),
        "picture to answer": page.evaluate(BOTTOM_TO_TOP, [".robot-image img", ".robot-image .input"]),
        "answer to the way round": page.evaluate(
            BOTTOM_TO_TOP, [".robot-image .input", ".robot-image + .stack > p"]
        ),
        "way round to its box": page.evaluate(BOTTOM_TO_TOP, [".robot-image + .stack > p", ".robot"]),
    }
    assert {name: gap for name, gap in gaps.items() if gap < 11.9} == {}
    assert gaps["answer to the way round"] > gaps["way round to its box"], "it belongs to what follows"
    check_accessibility(page)


PRESS = "document.getElementById('compte_oui').click()"


def test_an_answer_given_before_the_scripts_are_there_is_followed_when_they_are(
    live_server: Any, page: Any
) -> None:
    held: list[Any] = []
    page.route("**/js/small*.js", lambda route: held.append(route))
    page.goto(live_server.url + "/inscription/")
    wait_until(lambda: page.evaluate("1") and held, 20, "the script that submits")
    page.evaluate(PRESS)
    held[0].continue_()
    page.wait_for_url("**?compte=oui")
    # What a reload brings back is not an answer: the page stays, with its button.
    page.unroute("**/js/small*.js")
    page.go_back()
    page.reload()
    expect(page.locator("html[data-portal-bound]")).to_be_attached()
    expect(page).to_have_url(live_server.url + "/inscription/")


@pytest.mark.feature("ROR-029", "ROR-045", "ROR-050", "ROR-052")
@pytest.mark.security("ACC-2")
def test_sign_up_to_validation_without_javascript(live_server: Any, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(live_server.url + "/inscription/")
    page.get_by_label("Madame").check()
    for name, value in (
        ("nom", "Morin"),
        ("prenom", "Camille"),
        ("email", ADDRESS),
        ("email_confirmation", ADDRESS),
        ("identifiant", "camille.morin"),
        ("password", PASSWORD),
        ("password_confirmation", PASSWORD),
    ):
        page.locator(f"#id_{name}").fill(value)
    page.get_by_label("Réception par e-mail").check()
    page.locator("#id_accept_terms").check()
    page.locator("[name=robot_ticked]:visible").check()
    wait_out_robot_hold(page)
    page.get_by_role("button", name="Enregistrer").click()
    page.wait_for_url("**/inscription/envoyee/")
    expect(page.get_by_role("main")).to_contain_text(ADDRESS)
    page.goto(live_server.url + Outbox().last(ADDRESS).path)
    expect(page).not_to_have_url(re.compile("key="))
    page.get_by_role("button", name="Je valide mon adresse mail").click()
    page.wait_for_url("**/inscription/validee/**")
    expect(page.get_by_role("link", name="CONTINUER")).to_be_visible()
    assert User.objects.get().status == AccountStatus.ACTIVE
    context.close()


@pytest.mark.feature("M94-022")
def test_what_was_typed_at_sign_in_is_carried_to_the_request(live_server: Any, page: Any) -> None:
    page.goto(live_server.url + "/connexion/")
    page.locator("main [name=identifiant]").fill(ADDRESS)
    page.locator("main").get_by_role("link", name="Mot de passe oublié ?").click()
    page.wait_for_url("**/mot-de-passe/oublie/")
    expect(page.locator("#id_identifiant")).to_have_value(ADDRESS)
    expect(page.get_by_role("button", name="Réinitialiser le mot de passe")).to_be_visible()
    assert len(Outbox()) == 0


@pytest.mark.feature("M94-022", "M94-038", "M94-041", "M94-043")
@pytest.mark.security("ACC-2")
def test_forgotten_password_by_keyboard(
    live_server: Any, page: Any, run_keyboard: Any, settings: Any
) -> None:
    user = make_user()
    page.goto(live_server.url + "/mot-de-passe/oublie/")
    keyboard = run_keyboard(page)
    keyboard.fill("Nom d'utilisateur", ADDRESS)
    keyboard.press("Réinitialiser le mot de passe")
    page.wait_for_url("**/mot-de-passe/oublie/envoye/")
    page.goto(live_server.url + Outbox().last(ADDRESS).path)
    keyboard.fill("Identifiant ou n° RPPS", "camille.morin")
    keyboard.fill("Mot de passe", OTHER_PASSWORD)
    keyboard.fill("Confirmez le mot de passe", OTHER_PASSWORD)
    page.get_by_text("Vérification réussie").wait_for(timeout=20_000)
    keyboard.press("Valider")
    page.wait_for_url("**/mot-de-passe/choisi/")
    expect(page.get_by_text("vous pouvez maintenant vous identifier")).to_be_visible()
    user.refresh_from_db()
    assert user.check_password(OTHER_PASSWORD)
