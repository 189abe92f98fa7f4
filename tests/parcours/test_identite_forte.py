"""Card and e-CPS, in a real browser on the running product: from the reader or the telephone to the session, or to
the page that says why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from portal.simulators.psc import failures
from tests.parcours.strong_walker import STRONG_SITE, STRONG_TILE, StrongWalker
from tests.parcours.walker import Walker

pytestmark = pytest.mark.browser

CELESTE, BASILE, INES, NOE, HUGO = (
    "899700000062", "899700000054", "899700000021", "899700000047", "899700000013",
)  # fmt: skip
MAX_ACTIONS = 12


@pytest.fixture
def strong(new_walker: Callable[[str], Walker]) -> Iterator[StrongWalker]:
    """Somebody at a desk; the stand-ins obey before and after."""
    made = new_walker("desk")
    walker = StrongWalker(made.page, made.portal)
    walker.set_psc(reset=True)
    walker.move("remise-a-zero")
    yield walker
    walker.set_psc(reset=True)
    walker.move("remise-a-zero")


# --- e-CPS --------------------------------------------------------------------------------------------------------
@pytest.mark.feature(
    "ROR-018",
    "ROR-029",
    "ROR-031",
    "ROR-067",
    "ROR-070",
    "ROR-072",
    "ROR-078",
    "ROR-079",
    "VT-034",
    "VT-036",
    "EA-008",
)
def test_an_unknown_ecps_makes_an_account_then_opens_it_at_once(strong: StrongWalker) -> None:
    page = strong.page
    strong.forget_identity(CELESTE)
    strong.sign_in_by_ecps(CELESTE)
    strong.has_no_account()
    strong.follow_link(strong.read_mail(strong.email, subject="Validation de votre inscription"))
    strong.button("Je valide mon adresse mail")
    expect(page.get_by_text("Votre mail a été validé avec succès")).to_be_visible()
    page.get_by_role("link", name="CONTINUER").click()
    page.get_by_role("button", name="PRO SANTÉ CONNECT").first.click()
    strong.is_at_home()
    strong.has_level_three()

    strong.sign_out()
    strong.sign_in_by_ecps(CELESTE)
    strong.is_at_home()
    strong.has_level_three()


@pytest.mark.feature("ROR-031", "VT-033")
def test_the_form_of_a_new_account_holds_what_was_proven(strong: StrongWalker) -> None:
    page = strong.page
    strong.sign_in_by_ecps(BASILE)
    page.get_by_label("Je n’ai pas de compte").check()
    for name, value in (("nom", "ORNEVAL"), ("prenom", "BASILE"), ("national_number", "99700000054")):
        box = page.locator(f"#id_{name}")
        expect(box).to_have_value(re.compile(value, re.IGNORECASE))
        expect(box).to_be_disabled()
    expect(page.locator("#id_profession option:checked")).to_have_text("Pharmacien")
    expect(page.locator("#id_structure")).to_have_value("PHARMACIE DU MARCHE FICTIF")
    strong.button("Annuler")
    strong.is_calm()


@pytest.mark.feature("ROR-075", "ROR-076", "ROR-077")
@pytest.mark.parametrize(
    ("action", "title"),
    [
        ("refuse", "Connexion par e-CPS abandonnée"),
        ("wrong", "Connexion par e-CPS abandonnée"),
        ("leave", "Connexion par e-CPS abandonnée"),
        ("wait", "Le temps pour valider la demande est écoulé"),
    ],
)
def test_what_the_telephone_does_not_validate_leads_to_the_other_doors(
    strong: StrongWalker, action: str, title: str
) -> None:
    page = strong.page
    if action == "wait":
        strong.set_psc(demand_seconds=2)
    strong.press_ecps()
    strong.name_at_wallet(BASILE)
    if action == "leave":
        page.get_by_role("button", name="Quitter l’authentification").click()
        page.wait_for_url(f"{strong.portal.url}/**")
    elif action == "wait":
        expect(page.get_by_text("Le temps est écoulé.")).to_be_visible()
        strong.leave_wallet()
    else:
        strong.answer_telephone(BASILE, action)
    strong.heading(title)
    strong.is_calm(["Que faire ?", "Se connecter autrement"])
    page.get_by_role("link", name="Login / Mdp").click()
    expect(page.locator("#id_mot_de_passe")).to_be_visible()


# --- Pro Santé Connect lies or fails ------------------------------------------------------------------------------
ADMITTED = frozenset(
    {"no_acr", "acr_eidas2", "unknown_keys", "signed_userinfo", "old_auth_time", "odd_identity"}
)
AT_SIGN_OUT = frozenset({"logout_without_state"})
LIES = sorted(
    set(failures.MODES) - set(failures.BACK_CHANNEL) - ADMITTED - AT_SIGN_OUT - set(failures.DISCOVERY)
)
TITLES = re.compile(
    "n’a pas pu être vérifiée|n’est plus valable|ne répond pas correctement|abandonnée|est écoulé"
    "|n’a pas transmis votre identifiant national|ne suffit pas"
)


def show_ecps(strong: StrongWalker) -> None:
    """From the button back to the portal, whatever the service does on the way; everything is approved there."""
    page = strong.page
    strong.press_ecps()
    page.wait_for_url(
        re.compile(f"^{re.escape(strong.wallet)}/connexion/|{re.escape(strong.portal.url)}/connexion/ecps/")
    )
    if page.url.startswith(strong.wallet):
        strong.name_at_wallet(BASILE)
        strong.leave_wallet()


@pytest.mark.security("RP-2", "RP-3", "RP-6")
@pytest.mark.parametrize("lie", LIES)
def test_a_lie_of_the_service_ends_on_a_calm_page(strong: StrongWalker, lie: str) -> None:
    strong.set_psc(failure=lie, auto="" if lie in {"refused", "expired", "wrong_code"} else "approved")
    show_ecps(strong)
    expect(strong.page.get_by_role("heading", level=1)).to_have_text(TITLES)
    strong.is_calm(["Que faire ?", "Se connecter autrement"])


@pytest.mark.security("RP-6")
@pytest.mark.parametrize("oddity", sorted(ADMITTED))
def test_what_is_merely_odd_reaches_the_linking_page(strong: StrongWalker, oddity: str) -> None:
    strong.set_psc(failure=oddity, auto="approved")
    show_ecps(strong)
    strong.heading("Inscription")
    strong.is_calm(["Avez-vous déjà un compte ?"])


@pytest.mark.security("RP-6")
@pytest.mark.parametrize(
    ("trouble", "endpoint"),
    [
        (trouble, place)
        for trouble in failures.BACK_CHANNEL
        for place in ("token", "userinfo")
        if trouble != "slow"
    ]
    + [("slow", "token")],
)
def test_a_service_that_is_down_leaves_the_other_doors(
    strong: StrongWalker, trouble: str, endpoint: str
) -> None:
    strong.set_psc(failure=trouble, endpoint=endpoint, seconds=9, auto="approved")
    show_ecps(strong)
    strong.heading("Pro Santé Connect ne répond pas correctement")
    strong.is_calm(["Réessayez dans quelques minutes", "Se connecter autrement"])


@pytest.mark.security("RP-6")
@pytest.mark.parametrize("lie", sorted(failures.DISCOVERY))
def test_other_addresses_published_lead_nowhere_else(strong: StrongWalker, lie: str) -> None:
    """A process of the portal that knows the addresses goes on with them; one that does not refuses the new ones."""
    strong.set_psc(failure=lie, auto="approved")
    show_ecps(strong)
    expect(strong.page.get_by_role("heading", level=1)).to_have_text(
        re.compile("^Inscription$|ne répond pas correctement")
    )
    strong.is_calm()


# --- card ---------------------------------------------------------------------------------------------------------
@pytest.mark.feature(
    "ROR-017", "ROR-025", "ROR-026", "ROR-027", "ROR-030", "ROR-053", "ROR-055", "ROR-056", "ROR-057",
    "ROR-058", "ROR-059", "VT-028", "VT-032", "VT-033", "VT-035",
)  # fmt: skip
def test_an_unknown_card_is_linked_and_opens_the_application_first_asked_for(strong: StrongWalker) -> None:
    page = strong.page
    strong.forget_identity(NOE)
    strong.open(STRONG_TILE)
    page.get_by_role("link", name="Carte CPS").first.click()
    page.get_by_role("link", name="S'identifier par carte CPS").first.click()
    strong.insert("noe")
    strong.type_pin(strong.choose_certificate())
    strong.has_an_account("noe.barrandon")
    expect(page.get_by_text("Votre inscription au portail s’est effectuée avec succès.")).to_be_visible()
    go_on = page.get_by_role("link", name="Accéder à l’application")
    expect(go_on).to_have_attribute("href", STRONG_TILE)
    strong.goes_to(STRONG_SITE, go_on.click)

    page = strong.page
    strong.sign_out()
    strong.actions = 0
    strong.open("/connexion/")
    strong.act(page.get_by_role("link", name="Carte CPS").first)
    strong.act(page.get_by_role("link", name="S'identifier par carte CPS").first)
    strong.insert("noe")
    strong.type_pin(strong.choose_certificate())
    strong.is_at_home()
    strong.has_level_three()
    assert strong.actions < MAX_ACTIONS, f"{strong.actions} actions from the card to the home page"


@pytest.mark.feature("ROR-028", "VT-031")
def test_three_wrong_codes_block_the_card_and_count_down(strong: StrongWalker) -> None:
    page = strong.page
    strong.insert("ines")
    strong.open("/connexion/carte/")
    window = strong.choose_certificate()
    for left in (2, 1):
        strong.type_pin(window, "9999")
        expect(window.get_by_text(f"Il vous reste {left} tentative(s)")).to_be_visible()
    strong.type_pin(window, "9999")
    expect(window.get_by_role("heading", name="Carte bloquée")).to_be_visible()
    expect(window.get_by_role("main")).to_contain_text(re.compile("0 tentative|trois|3 codes"))
    expect(page.get_by_text("bloquée après 3 codes incorrects").first).to_be_visible()
    expect(page.get_by_role("link", name="Me connecter autrement")).to_be_visible()
    strong.is_calm()


@pytest.mark.parametrize(
    ("slug", "title"),
    [
        ("expiree", "Carte expirée"),
        ("revoquee", "Carte en opposition"),
        ("etrangere", "Carte non reconnue"),
    ],
)
def test_a_card_that_cannot_serve_says_why_and_offers_the_other_doors(
    strong: StrongWalker, slug: str, title: str
) -> None:
    strong.sign_in_by_card(slug, f"/connexion/carte/?next={STRONG_TILE}")
    strong.heading(title)
    strong.is_calm(["Motif à indiquer"])
    other = strong.page.get_by_role("link", name="Me connecter autrement")
    expect(other).to_have_attribute("href", re.compile("next=.*terr-esante"))
    other.click()
    expect(strong.page.get_by_role("link", name="Login / Mdp")).to_be_visible()


def test_a_card_that_only_signs_is_refused_before_any_code(strong: StrongWalker) -> None:
    page = strong.page
    strong.insert("signature")
    strong.open("/connexion/carte/")
    expect(page.get_by_text("détectée")).to_be_visible()
    page.locator("[data-card-start]").click()
    expect(page.get_by_role("alert").get_by_text("n’a pas de certificat d’authentification")).to_be_visible()
    expect(page.get_by_role("link", name="Me connecter autrement")).to_be_visible()
    strong.is_calm()


def test_no_card_then_a_card_taken_away(strong: StrongWalker) -> None:
    page = strong.page
    strong.open("/connexion/carte/")
    expect(page.get_by_text("Aucune carte détectée.")).to_be_visible()
    page.locator("[data-card-start]").click()
    expect(page.get_by_role("alert").get_by_text("Insérez votre carte")).to_be_visible()
    strong.insert("hugo")
    window = strong.choose_certificate()
    strong.move("lecteur/vider")
    strong.type_pin(window)
    expect(page.get_by_text("La carte a été retirée.").first).to_be_visible()
    strong.is_calm()


# --- step-up ------------------------------------------------------------------------------------------------------
@pytest.mark.feature("VT-037")
@pytest.mark.security("MFA-3")
@pytest.mark.parametrize("means", ["carte", "e-CPS"])
def test_a_password_session_proves_more_and_reaches_the_application(strong: StrongWalker, means: str) -> None:
    page = strong.page
    strong.forget_identity(INES)
    strong.sign_in_demo("ines.charmeau")
    step_up(strong, means)
    strong.heading("Rattacher")
    page.get_by_role("main").get_by_role("button", name="Rattacher").click()
    go_on = page.get_by_role("link", name="Accéder à l’application")
    strong.goes_to(STRONG_SITE, go_on.click)

    strong.forget_cookies()
    strong.sign_in_demo("ines.charmeau")
    strong.goes_to(STRONG_SITE, lambda: step_up(strong, means))


def step_up(strong: StrongWalker, means: str) -> None:
    """From the tile: the page that asks for more, then the card or the e-CPS."""
    page = strong.page
    strong.open("/")
    tile = page.get_by_role("article").filter(has_text="TERR-eSANTÉ")
    tile.locator(".tile-links a").first.click()
    strong.heading("Cette page demande votre carte CPS ou votre e-CPS")
    if means == "carte":
        strong.insert("ines")
        page.get_by_role("link", name="S’identifier par carte CPS").click()
        strong.type_pin(strong.choose_certificate())
    else:
        page.get_by_role("button", name="PRO SANTÉ CONNECT").click()
        strong.name_at_wallet(INES)
        expect(page.locator(".big-number")).to_be_visible()
        strong.telephone(INES, "approve")
        page.get_by_role("button", name="Continuer").click()


# --- leaving ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("failure", ["", "logout_without_state"])
def test_leaving_the_portal_ends_the_session_at_pro_sante_connect(strong: StrongWalker, failure: str) -> None:
    page = strong.page
    strong.forget_identity(HUGO)
    strong.sign_in_by_ecps(HUGO)
    strong.has_an_account("hugo.valdenaire")
    expect(page.get_by_text("Votre inscription au portail s’est effectuée avec succès.")).to_be_visible()
    sessions = strong.set_psc(failure=failure)["sessions"]
    strong.sign_out()
    expect(page).to_have_url(f"{strong.portal.url}/")
    assert strong.set_psc()["sessions"] == sessions - 1
    strong.press_ecps()
    expect(page.get_by_label("votre identifiant RPPS")).to_be_visible()
    strong.name_at_wallet(HUGO)
    strong.answer_telephone(HUGO, "approve")
    strong.is_at_home()
