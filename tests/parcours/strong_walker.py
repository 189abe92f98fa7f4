"""A person with a card in the reader or an e-CPS on the telephone, in a browser on the running product."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
from playwright.sync_api import Dialog, Page, Request, Response, expect

from accounts.demo import PASSWORD as DEMO_PASSWORD
from portal.simulators.cps.table import PIN
from tests.parcours.walker import Walker

LINK_PAGE = "/connexion/rattachement/"
STRONG_TILE = "/applications/terr-esante/ouvrir/"
STRONG_SITE = "https://terr-esante.sante.example/"
END_AT_WALLET = re.compile("^(Continuer|Revenir au service)$")
SERVER_ERROR = 500
PATIENCE = 30
FORGET = (
    "delete from accounts_strongmeans where link_id in"
    " (select id from accounts_nationallink where national_id = any(%s))",
    "delete from accounts_nationallink where national_id = any(%s)",
)


@dataclass
class StrongWalker(Walker):
    """`actions` counts what the person does from the card to the home page: a card put in, a click, a field typed."""

    actions: int = 0
    broken: list[str] = field(default_factory=list)
    """Addresses of the portal that answered 5xx, and dialogs opened by a script."""

    def __post_init__(self) -> None:
        self.page.on("response", self._note)
        self.page.on("dialog", self._dismiss)

    def _note(self, response: Response) -> None:
        if response.status >= SERVER_ERROR and response.url.startswith(self.portal.url):
            self.broken.append(f"{response.status} {response.url}")

    def _dismiss(self, dialog: Dialog) -> None:
        self.broken.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    # --- the stand-ins ---------------------------------------------------------------------------------
    @property
    def wallet(self) -> str:
        return str(self.portal.demo["addresses"]["psc_wallet"])

    def set_psc(self, **values: Any) -> dict[str, Any]:
        """What /pilotage/etat takes: failure, endpoint, seconds, demand_seconds, auto, reset…"""
        answer = httpx.post(f"{self.wallet}/pilotage/etat", json=values, timeout=PATIENCE)
        assert answer.status_code == 200, answer.text
        state: dict[str, Any] = answer.json()
        return state

    def telephone(self, national_id: str, action: str) -> None:
        answer = httpx.post(
            f"{self.wallet}/pilotage/telephone",
            json={"identifiant": national_id, "action": action},
            timeout=PATIENCE,
        )
        assert answer.status_code == 200, answer.text

    def move(self, path: str) -> None:
        """Act on the desk of cards: `lecteur/vider`, `remise-a-zero`…"""
        httpx.post(self.portal.demo["addresses"]["cards"] + path, timeout=PATIENCE).raise_for_status()

    def insert(self, slug: str) -> None:
        self.move(f"cartes/{slug}/inserer")
        self.actions += 1

    def forget_identity(self, *national_ids: str) -> None:
        """As if those people had never shown a card nor an e-CPS here."""
        with psycopg.connect(self.portal.database_url, autocommit=True) as connection:
            for statement in FORGET:
                connection.execute(statement, [list(national_ids)])

    # --- gestures --------------------------------------------------------------------------------------
    def act(self, locator: Any, text: str | None = None) -> None:
        self.actions += 1
        locator.click() if text is None else locator.fill(text)

    # --- e-CPS -----------------------------------------------------------------------------------------
    def press_ecps(self, path: str = "/connexion/") -> None:
        self.open(path)
        self.page.get_by_role("button", name="PRO SANTÉ CONNECT").first.click()

    def name_at_wallet(self, national_id: str) -> None:
        """« Connectez-vous »: the identifier, then the request goes to the telephone."""
        self.page.get_by_label("votre identifiant RPPS").fill(national_id)
        self.page.get_by_role("button", name="SE CONNECTER AVEC E-CPS").click()

    def answer_telephone(self, national_id: str, action: str) -> None:
        expect(self.page.locator(".big-number")).to_be_visible()
        self.telephone(national_id, action)
        self.leave_wallet()

    def leave_wallet(self) -> None:
        self.page.get_by_role("button", name=END_AT_WALLET).click()
        self.page.wait_for_url(f"{self.portal.url}/**")

    def sign_in_by_ecps(self, national_id: str, path: str = "/connexion/") -> None:
        self.press_ecps(path)
        self.name_at_wallet(national_id)
        self.answer_telephone(national_id, "approve")

    # --- card ------------------------------------------------------------------------------------------
    def choose_certificate(self) -> Page:
        """On the page of the card, a card being in the reader: the agent's own window, which asks the code."""
        expect(self.page.get_by_text(re.compile("détectée|bloquée")).first).to_be_visible()
        self.act(self.page.locator("[data-card-start]"))
        confirm = self.page.get_by_role("dialog").get_by_role("button", name="OK", exact=True)
        with self.page.context.expect_page() as opened:
            self.act(confirm)
        window: Page = opened.value
        expect(window.get_by_label("Code Porteur :")).to_be_visible()
        # The code is typed in the agent's window, never on the portal.
        expect(window).not_to_have_url(re.compile(f"^{re.escape(self.portal.url)}"))
        return window

    def type_pin(self, window: Page, code: str = PIN) -> None:
        self.act(window.get_by_label("Code Porteur :"), code)
        self.act(window.get_by_role("button", name="Valider"))

    def sign_in_by_card(self, slug: str, path: str = "/connexion/carte/") -> None:
        self.insert(slug)
        self.open(path)
        self.type_pin(self.choose_certificate())

    # --- linking ---------------------------------------------------------------------------------------
    def has_an_account(self, login: str) -> None:
        """« J’ai déjà un compte »: identifier, password, robot check, then the code by mail."""
        page, email = self.page, f"{login}@demo.example"
        page.wait_for_url(f"**{LINK_PAGE}")
        page.get_by_label("J’ai déjà un compte sur le Portail PS").check()
        page.wait_for_url("**?compte=oui")
        page.get_by_label("Identifiant").fill(login)
        page.get_by_label("Mot de passe", exact=True).fill(DEMO_PASSWORD)
        self.pass_robot()
        before = self.last_id(email)
        self.button("Enregistrer")
        self.heading("Vérification")
        self.ask_mailed_code()
        self.type_code(self.code_for(email, before))

    def has_no_account(self) -> None:
        """« Je n’ai pas de compte »: what the form could not know, then the mail's link."""
        page = self.page
        page.wait_for_url(f"**{LINK_PAGE}")
        page.get_by_label("Je n’ai pas de compte").check()
        page.wait_for_url("**?compte=non")
        for name in ("email", "email_confirmation"):
            page.locator(f"input[name={name}]").fill(self.email)
        page.locator("input[name=identifiant]").fill(f"celeste.{self.name}")
        for name in ("password", "password_confirmation"):
            page.locator(f"input[name={name}]").fill("Bleuet-du-Vexin-27")
        page.get_by_label("Réception par e-mail").check()
        self.accept_terms()
        self.pass_robot()
        self.button("Enregistrer")
        self.heading("Prochaine étape")

    def sign_in_demo(self, login: str) -> None:
        """Password and code by mail: a session of level 1."""
        self.sign_in(login, DEMO_PASSWORD, f"{login}@demo.example")

    def goes_to(self, address: str, gesture: Any) -> None:
        """`gesture()` ends by asking for `address`, outside the portal (nothing answers there)."""

        def is_it(request: Request) -> bool:
            return request.url.startswith(address)

        with self.page.context.expect_event("request", is_it):
            gesture()
        # The failed address would still be loading: what follows happens in a new tab of the same browser.
        context = self.page.context
        self.page.close()
        self.page = context.new_page()

    def is_at_home(self) -> None:
        self.heading("Bienvenue sur le Portail des Professionnels de Santé")

    def has_level_three(self) -> None:
        """An application that asks for the strongest sign-in opens at once."""
        answer = self.page.context.request.get(self.portal.url + STRONG_TILE, max_redirects=0)
        assert (answer.status, answer.headers.get("location")) == (302, STRONG_SITE)

    def has_no_session(self) -> None:
        answer = self.page.context.request.get(f"{self.portal.url}/preferences/", max_redirects=0)
        assert answer.status == 302
        assert answer.headers["location"].startswith("/connexion/")

    def is_calm(self, words: Iterable[str] = ()) -> None:
        """One French page with one title, nothing broken, nobody signed in."""
        page = self.page
        assert self.broken == []
        expect(page.locator("html")).to_have_attribute("lang", "fr")
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        for word in words:
            expect(page.get_by_role("main")).to_contain_text(word)
        self.has_no_session()
