"""A person at the keyboard of a browser, on the running product: pages, mails and SMS as they really arrive."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.parcours.accounts import PASSWORD, Accounts, new_name
from tests.support.browser import settle, wait_out_robot_hold
from tests.support.processes import LivePortal, wait_until

CODE = re.compile(r"(?<!\d)(\d{6})(?!\d)")
LINK = re.compile(r"https?://[^\s<>\"]+")


@dataclass
class Walker:
    """What a person does; every method waits for what the screen shows, never for a delay."""

    page: Page
    portal: LivePortal
    javascript: bool = True
    accounts: Accounts | None = None
    name: str = field(default_factory=new_name)

    @property
    def email(self) -> str:
        return f"camille.{self.name}@example.org"

    def open(self, path: str) -> None:
        self.page.goto(self.portal.url + path)
        self.settle()

    def settle(self) -> None:
        if self.javascript:
            settle(self.page)

    def heading(self, words: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(words)

    def button(self, words: str) -> None:
        self.page.get_by_role("button", name=words).first.click()

    def last_id(self, to: str) -> int:
        return max((message.id for message in self.portal.messages(to)), default=0)

    def read_mail(self, to: str, *, after: int = 0, subject: str = "") -> Any:
        """The first message that reached `to` after `after` with `subject` in its subject; waits for it."""

        def found() -> Any:
            mails = sorted(self.portal.messages(to), key=lambda message: message.id)
            return next((m for m in mails if m.id > after and subject in (m.subject or "")), None)

        return wait_until(found, 30, f"a mail « {subject} » for {to}")

    def follow_link(self, message: Any) -> None:
        """Open the first link of a mail that leads to an action on the portal."""
        links = [link.rstrip(".,)") for link in LINK.findall(message.text)]
        target = next(link for link in links if len(urlsplit(link).path) > 20)
        self.page.goto(self.portal.url + urlsplit(target)._replace(scheme="", netloc="").geturl())

    def pass_robot(self) -> None:
        """Tick « Je ne suis pas un robot »; without JavaScript the box counts once the form was open some seconds."""
        self.settle()
        if not self.javascript:
            wait_out_robot_hold(self.page)
        box = self.page.get_by_role("checkbox", name="Je ne suis pas un robot")
        if not box.is_checked():
            box.check()
        if self.javascript:
            expect(self.page.locator("input[name=robot_solution]")).not_to_have_value("", timeout=30_000)

    def fill_sign_up(self) -> None:
        page = self.page
        page.get_by_label("Madame").check()
        page.locator("input[name=nom]").fill("Exemple")
        page.locator("input[name=prenom]").fill("Camille")
        page.locator("input[name=email]").fill(self.email)
        page.locator("input[name=email_confirmation]").fill(self.email)
        page.locator("input[name=phone_fixe]").fill("01 99 00 12 34")
        page.locator("select[name=profession]").select_option(label="Sage-femme")
        page.locator("input[name=structure]").fill("Cabinet des Bleuets")
        page.locator("input[name=code_postal]").fill("78200")
        page.locator("input[name=identifiant]").fill(f"camille.{self.name}")
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("input[name=password_confirmation]").fill(PASSWORD)
        page.get_by_label("Réception par e-mail").check()

    def accept_terms(self) -> None:
        for box in self.page.locator("input[type=checkbox][name^=accept]").all():
            box.check()

    def sign_up(self) -> None:
        """From the form to the validated address; the mail's link acts only on the button."""
        self.open("/inscription/")
        self.fill_sign_up()
        self.accept_terms()
        self.pass_robot()
        self.button("Enregistrer")
        self.heading("Prochaine étape")
        message = self.read_mail(self.email, subject="Validation de votre inscription")
        assert f"camille.{self.name}" in message.text
        self.follow_link(message)
        self.button("Je valide mon adresse mail")
        expect(self.page.get_by_text("Votre mail a été validé avec succès")).to_be_visible()

    def has_account(self) -> None:
        """Be somebody whose account is ready, as at the end of `sign_up`."""
        assert self.accounts is not None
        self.name = self.accounts.take()

    def type_password(self, login: str, password: str = PASSWORD) -> None:
        self.open("/connexion/?onglet=mot-de-passe")
        self.page.locator("#id_identifiant").fill(login)
        self.page.locator("#id_mot_de_passe").fill(password)
        self.page.get_by_role("main").get_by_role("button", name="Me connecter").click()

    def code_for(self, to: str, after: int) -> str:
        """The newest code that reached `to` after message `after`; a notice that came with it is passed over."""

        def code() -> str:
            recent = [message for message in self.portal.messages(to) if message.id > after]
            return next((found.group(1) for m in recent if (found := CODE.search(m.text))), "")

        return str(wait_until(code, 30, f"a code for {to}"))

    def ask_mailed_code(self) -> None:
        """Up to the second-proof page, and there: have the code sent by mail, unless it already was."""
        button = self.page.get_by_role("button", name="Recevoir un code par e-mail")
        field = self.page.locator("input[name=preuve]")
        expect(button.or_(field).first).to_be_visible()
        if button.count():
            button.first.click()
        expect(field).to_be_visible()

    def type_code(self, code: str) -> None:
        self.page.locator("input[name=preuve]").fill(code)
        self.page.get_by_role("main").get_by_role("button", name="Me connecter").first.click()

    def sign_in(self, login: str = "", password: str = PASSWORD, email: str = "") -> None:
        """Password, then the code by mail, up to the home page."""
        email = email or self.email
        before = self.last_id(email)
        self.type_password(login or email, password)
        self.ask_mailed_code()
        self.type_code(self.code_for(email, before))
        self.heading("Bienvenue sur le Portail des Professionnels de Santé")

    def sign_out(self) -> None:
        self.open("/")
        menu = self.page.locator("header summary")
        if menu.count() and not self.page.get_by_role("button", name="Me déconnecter").first.is_visible():
            menu.first.click()
        self.button("Me déconnecter")
        expect(self.page.get_by_role("link", name="Se connecter").first).to_be_visible()

    def forget_cookies(self) -> None:
        self.page.context.clear_cookies()
