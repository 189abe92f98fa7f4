"""What the scripts add to the components, in a real browser, on the gallery page, under the real content policy."""

import base64
import hashlib
import json
import re

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from tests.support.browser import settle


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker):
    """Serves the pages to the browser. They read the banners and write nothing: no table has to be emptied."""
    with django_db_blocker.unblock():
        running = LiveServer("localhost")
        yield running
        running.stop()


@pytest.fixture
def gallery(server, settings):
    settings.DEBUG = True
    settings.MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"  # no table is read here
    return f"{server.url}/galerie/"


@pytest.fixture
def opened(page, gallery):
    page.goto(gallery)
    settle(page)
    return page


def answer_posts(**answer):
    """Handler of a route that answers what a form sends and lets the page itself through."""
    return lambda route: route.fulfill(**answer) if route.request.method == "POST" else route.continue_()


def listen(page):
    """What the browser complains about from now on, scripts and content policy alike."""
    complaints = []
    page.on(
        "console", lambda note: complaints.append(note.text) if note.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda problem: complaints.append(str(problem)))
    return complaints


@pytest.mark.security("ACC-1")
@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_any_width_and_in_both_schemes(
    page, gallery, check_accessibility, width, scheme
):
    complaints = listen(page)
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto(gallery)
    settle(page)
    check_accessibility(page)
    assert [text for text in complaints if "Permissions-Policy" not in text] == []


@pytest.mark.security("ACC-2")
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_scrolls_sideways(opened, width):
    opened.set_viewport_size({"width": width, "height": 900})
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.security("ACC-2")
def test_text_twice_as_large_still_fits_a_narrow_screen(opened):
    opened.set_viewport_size({"width": 640, "height": 900})
    opened.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    assert opened.evaluate("document.documentElement.scrollWidth") <= 640


def test_the_skip_link_is_the_first_stop_and_shows_itself(page, server):
    page.goto(f"{server.url}/galerie/")
    expect(page.get_by_role("heading", name="Cette page n’existe pas")).to_be_visible()
    page.keyboard.press("Tab")
    link = page.locator(".skip")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_code_is_one_field_and_pasting_it_with_spaces_works(opened):
    field = opened.get_by_label("Code de vérification")
    field.focus()
    opened.keyboard.insert_text("000 787")
    expect(field).to_have_value("000787")
    expect(opened.locator("[data-portal-codes] input")).to_have_count(1)
    expect(opened.locator(".code-box")).to_have_text(["0", "0", "0", "7", "8", "7"])


def test_a_code_takes_no_letter_and_no_seventh_digit(opened):
    field = opened.get_by_label("Code de vérification")
    field.press_sequentially("12a34567")
    expect(field).to_have_value("123456")


@pytest.mark.feature("CVL-029")
def test_the_policy_ticks_itself_while_typing(opened):
    rules = opened.locator("[data-portal-policy] li")
    opened.locator("#secret_mot_de_passe").press_sequentially("abcD")
    expect(rules.nth(1)).to_have_class(re.compile("met"))
    expect(rules.nth(2)).to_have_class(re.compile("met"))
    expect(rules.nth(0)).not_to_have_class(re.compile("met"))
    expect(opened.locator("[data-portal-policy] [role=status]")).to_have_text("4 règles à respecter")


@pytest.mark.feature("CVL-036")
def test_a_generated_password_meets_every_rule_and_is_shown(opened):
    opened.get_by_role("button", name="Générer le mot de passe automatiquement").click()
    first, second = opened.locator("#secret_mot_de_passe"), opened.locator("#secret_confirmation")
    expect(first).to_have_value(re.compile("^.{12,}$"))
    expect(second).to_have_value(first.input_value())
    expect(first).to_have_attribute("type", "text")
    expect(opened.locator("[data-portal-policy] li.met")).to_have_count(6)


def test_two_generated_passwords_differ(opened):
    button, field = opened.locator("[data-portal-generate]"), opened.locator("#secret_mot_de_passe")
    button.click()
    expect(field).not_to_have_value("")
    first = field.input_value()
    button.click()
    expect(field).not_to_have_value(first)


def test_a_password_is_shown_then_hidden(opened):
    field = opened.locator("#secret_mot_de_passe")
    button = opened.locator("[data-portal-reveal=secret_mot_de_passe]")
    button.click()
    expect(field).to_have_attribute("type", "text")
    expect(button).to_have_attribute("aria-label", "Masquer le mot de passe")
    button.click()
    expect(field).to_have_attribute("type", "password")


def test_the_robot_check_solves_itself_when_the_form_is_touched(opened):
    opened.locator("#secret_mot_de_passe").focus()
    frame = opened.locator("[data-portal-robot]").first
    expect(frame.get_by_text("Vérification réussie")).to_be_visible()
    expect(frame.get_by_label("Je ne suis pas un robot")).to_be_checked()
    answer = json.loads(base64.b64decode(frame.locator("input[type=hidden]").input_value()))
    assert hashlib.sha256(f"{answer['salt']}{answer['number']}".encode()).hexdigest() == answer["challenge"]
    assert {"algorithm", "challenge", "number", "salt", "signature"} <= set(answer)


def test_the_robot_check_says_when_it_failed_and_starts_again(opened):
    opened.route("**/galerie/robot/", lambda route: route.fulfill(status=503), times=1)
    frame = opened.locator("[data-portal-robot]").nth(1)
    box = frame.get_by_label("Je ne suis pas un robot")
    box.evaluate(
        "element => element.form.addEventListener('focusin', (e) => e.stopImmediatePropagation(), true)"
    )
    box.click()
    expect(frame.get_by_text("n’a pas abouti")).to_be_visible()
    expect(box).not_to_be_checked()
    box.click()
    expect(frame.get_by_text("Vérification réussie")).to_be_visible()


def test_the_combobox_suggests_and_is_chosen_with_the_keyboard(opened, check_accessibility):
    field = opened.get_by_role("combobox", name="Commune")
    field.press_sequentially("cre")
    expect(opened.locator(".options [role=option]")).to_have_text(["Créteil (94000)"])
    expect(field).to_have_attribute("aria-expanded", "true")
    check_accessibility(opened)
    field.press("ArrowDown")
    option = opened.locator(".options [role=option]").get_attribute("id")
    expect(field).to_have_attribute("aria-activedescendant", str(option))
    field.press("Enter")
    expect(field).to_have_value("Créteil (94000)")
    expect(field).to_have_attribute("aria-expanded", "false")


def test_escape_closes_suggestions_and_keeps_the_text(opened):
    field = opened.get_by_role("combobox", name="Commune")
    field.press_sequentially("vit")
    expect(opened.locator(".options [role=option]")).to_have_count(1)
    field.press("Escape")
    expect(opened.locator(".options")).to_be_hidden()
    expect(field).to_have_value("vit")


def test_a_dialog_takes_the_focus_and_gives_it_back(opened, check_accessibility):
    button = opened.get_by_role("button", name="Ouvrir un dialogue")
    button.click()
    dialog = opened.get_by_role("dialog", name="Retirer l’accès au ROR ?")
    expect(dialog).to_be_visible()
    assert opened.evaluate("document.activeElement.closest('dialog')?.id") == "exemple"
    check_accessibility(opened)
    opened.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()


@pytest.mark.feature("ROR-086")
def test_a_favourite_moves_with_its_buttons(opened):
    names = opened.locator('[data-portal-list="favoris"] h3')
    expect(names).to_have_text(["ROR", "ViaTrajectoire"])
    with opened.expect_request(lambda request: request.method == "POST") as sent:
        opened.get_by_role("button", name="Déplacer ROR vers la droite").press("Enter")
    expect(names).to_have_text(["ViaTrajectoire", "ROR"])
    assert re.findall(r'name="ordre"\s+(\w+)', sent.value.post_data) == ["viatrajectoire", "ror"]
    expect(opened.get_by_role("button", name="Déplacer ROR vers la droite")).to_be_focused()
    expect(opened.locator("#portal-annonce")).to_have_text("ROR : place 2 sur 2")


@pytest.mark.feature("ROR-086")
def test_an_application_is_dragged_into_the_favourites(opened):
    opened.locator("[data-key=maillage]").drag_to(opened.locator("[data-key=viatrajectoire]"))
    expect(opened.locator('[data-portal-list="favoris"] [data-key=maillage]')).to_have_count(1)


def test_an_order_that_could_not_be_kept_is_put_back(opened):
    opened.route("**/galerie/", answer_posts(status=500))
    opened.get_by_role("button", name="Déplacer ROR vers la droite").click()
    expect(opened.locator(".toast")).to_contain_text("n’a pas pu être enregistré")
    expect(opened.locator('[data-portal-list="favoris"] h3')).to_have_text(["ROR", "ViaTrajectoire"])


def test_a_form_leaves_once_even_if_pressed_twice(opened):
    posts = []
    opened.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    button = opened.locator(".psc")
    with opened.expect_navigation():
        button.evaluate("element => { element.click(); element.click(); }")
    assert len(posts) == 1


def test_the_counter_tells_what_is_left_and_what_is_too_much(opened):
    opened.locator("#vierge_motif").fill("é" * 198)
    note = opened.locator("[data-portal-counter=vierge_motif]")
    expect(note).to_have_text("2 caractères restants")
    opened.locator("#vierge_motif").fill("é" * 201)
    expect(note).to_have_text("1 caractère de trop")


def test_a_countdown_runs_and_frees_its_button_at_the_end(page, gallery):
    page.clock.install()
    page.goto(gallery)
    settle(page)
    page.clock.run_for(60_500)
    expect(page.locator("[data-portal-countdown]")).to_contain_text("18 minutes 59")
    page.clock.run_for(1_200_000)
    expect(page.locator("[data-portal-countdown]")).to_contain_text("Ce code a expiré.")
    expect(page.get_by_role("button", name="Renvoyer le code")).to_be_enabled()


def test_a_session_about_to_close_asks_then_says_it_is_closed(page, gallery):
    page.clock.install()
    page.goto(gallery)
    settle(page)
    warning = page.get_by_role("alertdialog", name="Êtes-vous toujours là ?")
    page.clock.run_for(3_470_000)
    expect(warning).to_be_hidden()
    page.clock.run_for(20_000)
    expect(warning).to_be_visible()
    page.clock.run_for(130_000)
    expect(page.get_by_role("link", name="Me reconnecter")).to_have_attribute(
        "href", "/connexion/?suivant=%2Fgalerie%2F"
    )


def test_what_was_typed_comes_back_after_signing_in_again(page, gallery):
    page.clock.install()
    page.goto(gallery)
    settle(page)
    field, secret = page.get_by_label("Motif de la demande"), page.locator("#secret_mot_de_passe")
    field.fill("Éloïse d’Arbanville")
    secret.fill("Coquelicot-28")
    page.clock.run_for(3_610_000)
    expect(page.get_by_role("alertdialog")).to_contain_text("sera remis dans cette page")
    page.route(
        "**/connexion/**", lambda route: route.fulfill(body="<h1>Connexion</h1>", content_type="text/html")
    )
    page.get_by_role("link", name="Me reconnecter").click()
    expect(page.get_by_role("heading", name="Connexion")).to_be_visible()
    page.goto(gallery)
    settle(page)
    expect(field).to_have_value("Éloïse d’Arbanville")
    expect(secret).to_have_value("")
    expect(page.locator(".toasts")).to_contain_text("remis dans la page")
    assert page.evaluate("sessionStorage.getItem('portail-brouillon')") is None  # put back once only


def test_a_closed_session_lets_one_read_and_copy_the_page(page, gallery):
    page.clock.install()
    page.goto(gallery)
    settle(page)
    page.clock.run_for(3_610_000)
    closed = page.get_by_role("alertdialog", name="Votre session est fermée")
    closed.get_by_role("button", name="Fermer ce message").click()
    expect(closed).to_be_hidden()


def test_staying_signed_in_closes_the_warning(page, gallery):
    page.route("**/galerie/", answer_posts(json={"seconds_left": 1800}))
    page.clock.install()
    page.goto(gallery)
    settle(page)
    page.clock.run_for(3_500_000)
    page.get_by_role("button", name="Rester connecté").click()
    expect(page.get_by_role("alertdialog")).to_be_hidden()


@pytest.mark.feature("M94-010")
def test_sign_in_opens_as_a_window_with_the_form_of_the_page(opened):
    field = '<label>Identifiant <input name="login"></label>'
    form = f'<div data-portal-login-form><form method="post">{field}</form></div>'
    opened.route("**/connexion/**", lambda route: route.fulfill(body=form, content_type="text/html"))
    link = opened.locator("[data-portal-login]")
    link.click()
    window = opened.get_by_role("dialog", name="Connexion")
    expect(window.get_by_label("Identifiant")).to_be_focused()
    opened.keyboard.press("Escape")
    expect(window).to_be_hidden()
    expect(link).to_be_focused()


@pytest.mark.feature("M94-010")
def test_sign_in_falls_back_to_the_plain_page(opened):
    opened.route(
        "**/connexion/**", lambda route: route.fulfill(status=500, body="En panne", content_type="text/html")
    )
    opened.locator("[data-portal-login]").click()
    opened.wait_for_url("**/connexion/?suivant=*")


@pytest.mark.parametrize(("status", "said"), [(503, "ne répond pas"), (429, "Trop de demandes")])
def test_a_touch_that_came_to_nothing_is_told(opened, status, said):
    """Other statuses than those that django-htmx's own script shows whole when DEBUG is on, as on this page."""
    opened.route("**/galerie/absent", lambda route: route.fulfill(status=status))
    opened.evaluate("htmx.ajax('POST', '/galerie/absent', {target: 'main', swap: 'none'})")
    expect(opened.locator(".toasts")).to_contain_text(said)


def test_a_new_code_is_asked_when_its_delay_is_over(page, gallery):
    page.clock.install()
    page.goto(gallery)
    settle(page)
    button = page.locator("#renvoyer")
    expect(button).to_have_attribute("aria-disabled", "true")
    page.clock.run_for(1_201_000)
    expect(button).to_be_enabled()


def test_a_note_that_can_be_undone_stays(opened):
    note_with_undo = {"detail": {"text": "Favori retiré", "undo": {"url": "/galerie/"}}}
    opened.evaluate("said => document.dispatchEvent(new CustomEvent('portal:toast', said))", note_with_undo)
    note = opened.locator(".toast")
    expect(note).to_contain_text("Favori retiré")
    note.get_by_role("button", name="Annuler").click()
    expect(opened.locator(".toasts")).to_contain_text("Rien n’a été enregistré.")


def test_without_javascript_nothing_that_needs_it_shows(browser, gallery):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(gallery)
    for selector in (
        "[data-portal-reveal]",
        "[data-portal-generate]",
        "[data-portal-copy]",
        "[data-portal-dismiss]",
    ):
        expect(page.locator(selector).first).to_be_hidden()
    expect(page.locator("noscript a").first).to_be_visible()
    expect(page.get_by_label("Code de vérification")).to_be_visible()
    context.close()


def test_a_printed_page_keeps_the_content_only(opened):
    opened.emulate_media(media="print")
    for selector in (".header nav", ".footer", ".breadcrumb", ".pagination", ".filters"):
        expect(opened.locator(selector).first).to_be_hidden()
    expect(opened.get_by_role("heading", level=1)).to_be_visible()
