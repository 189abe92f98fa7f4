"""Activating an e-CPS, with a card or without: as the guides describe it, on the wallet and on the telephone."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass

from portal.simulators.psc import markup, personas
from portal.simulators.psc.markup import Html
from portal.simulators.psc.messages import Messenger, qr_data_uri
from portal.simulators.psc.personas import Persona
from portal.simulators.psc.state import Realm, Wallet
from portal.simulators.psc.web import Request, Response, Router, html_page, json_answer, redirect

QR_SECONDS = 90
MAIL_SECONDS = 1800
MAX_TRIES = 3
MADE, CODE, PROVED, DONE, REPORTED = "made", "code", "proved", "done", "reported"
LEAST_FIGURES = 4


@dataclass
class Activation:
    """`key` is what the QR code carries. `code`: typed on the computer (card) or on the telephone (SMS)."""

    key: str
    person: Persona
    with_card: bool
    expires_at: float
    code: str
    stage: str = MADE
    tries: int = 0


class Activations:
    def __init__(self, realm: Realm, messenger: Messenger) -> None:
        self.realm = realm
        self.messenger = messenger
        self._kept: dict[str, Activation] = {}

    def mount(self, router: Router) -> None:
        router.route("GET", "/")(self.home)
        router.route("GET", "/activation/carte/")(self.card_page)
        router.route("POST", "/activation/carte/")(self.read_card)
        router.route("GET", "/activation/carte/<key>/")(self.qr_page)
        router.route("POST", "/activation/carte/<key>/")(self.check_copied_code)
        router.route("GET", "/activation/signaler/<key>/")(self.report_page)
        router.route("POST", "/activation/signaler/<key>/")(self.report)
        router.route("GET", "/telephone/activation/")(self.start_page)
        router.route("POST", "/telephone/activation/")(self.check_contact)
        router.route("POST", "/telephone/activation/envoyer")(self.send_mail)
        router.route("GET", "/telephone/activation/<key>/")(self.telephone_page)
        router.route("GET", "/telephone/activation/<key>/etat")(self.state)
        router.route("POST", "/telephone/activation/<key>/sms")(self.send_sms)
        router.route("POST", "/telephone/activation/<key>/code")(self.check_sms)
        router.route("POST", "/telephone/activation/<key>/mot-de-passe")(self.choose_password)

    # --- on the computer, with the card ---------------------------------------------------------------------
    def home(self, request: Request) -> Response:
        return html_page(markup.page("wallet_home", title="Mon e-CPS", place="Pro Santé Connect"))

    def card_page(self, request: Request, error: str = "") -> Response:
        options = markup.join(
            markup.fill_text(
                '<option value="{{ key }}">{{ name }}</option>', key=person.key, name=person.name
            )
            for person in personas.PERSONAS
            if person.has_card
        )
        title = f"{'Erreur : ' if error else ''}Activer mon e-CPS avec ma carte"
        content = markup.page(
            "activation_card", title=title, place="Pro Santé Connect", options=options, **_error(error)
        )
        return html_page(content, 400 if error else 200)

    def read_card(self, request: Request) -> Response:
        person = personas.BY_KEY.get(request.form.get("carte", ""))
        if person is None or not person.has_card or request.form.get("code_porteur") != personas.CARD_PIN:
            return self.card_page(request, "Code porteur incorrect. Il compte 4 chiffres.")
        return redirect(f"/activation/carte/{self._make(person, with_card=True).key}/")

    def qr_page(self, request: Request, key: str, error: str = "") -> Response:
        found = self._live(key, with_card=True)
        if found is None:
            return _gone()
        if found.stage in {PROVED, DONE}:
            return html_page(
                markup.page("activation_go_on", title="Terminez sur votre téléphone", place="Mon e-CPS")
            )
        link = f"{self.realm.wallet}/telephone/activation/{key}/"
        content = markup.page(
            "activation_qr",
            title=f"{'Erreur : ' if error else ''}Scannez ce code avec votre téléphone",
            place="Mon e-CPS",
            key=key,
            link=link,
            image=qr_data_uri(link),
            seconds=self._left(found),
            **_error(error),
        )
        return html_page(content, 400 if error else 200)

    def check_copied_code(self, request: Request, key: str) -> Response:
        found = self._live(key, with_card=True)
        if found is None:
            return _gone()
        if not self._is_right(found, request.form.get("code", "")):
            return self.qr_page(request, key, "Ce n’est pas le code affiché sur le téléphone.")
        found.stage = PROVED
        return redirect(f"/activation/carte/{key}/")

    # --- on the telephone, without a card -----------------------------------------------------------------------
    def start_page(self, request: Request, error: str = "") -> Response:
        person = personas.BY_KEY.get(request.query.get("personne", ""))
        content = markup.page(
            "activation_start",
            title=f"{'Erreur : ' if error else ''}Activer mon e-CPS",
            place="Application e-CPS",
            typed=request.form.get("identifiant", "")[:40] or (person.national_id if person else ""),
            **_error(error),
        )
        return html_page(content, 400 if error else 200)

    def check_contact(self, request: Request) -> Response:
        person = personas.find(request.form.get("identifiant", ""))
        if not request.form.get("conditions"):
            return self.start_page(request, "Acceptez les conditions générales d’utilisation pour continuer.")
        if person is None:
            return self.start_page(request, "Cet identifiant n’est pas connu de l’Annuaire Santé.")
        content = markup.page(
            "activation_contact",
            title="Vérifiez vos informations",
            place="Application e-CPS",
            number=person.national_id,
            email=_mask(person.email),
            phone=f"06 ** ** ** {person.phone[-2:]}",
        )
        return html_page(content)

    def send_mail(self, request: Request) -> Response:
        person = personas.find(request.form.get("identifiant", ""))
        if person is None:
            return redirect("/telephone/activation/")
        made = self._make(person, with_card=False)
        base = self.realm.wallet
        is_sent = self.messenger.send_activation(
            person.email,
            f"{base}/telephone/activation/{made.key}/",
            f"{base}/activation/signaler/{made.key}/",
        )
        told = (
            "Ouvrez-le pour y trouver un QR code. Il est valable trente minutes."
            if is_sent
            else "L’envoi n’est pas possible pour le moment : réessayez plus tard."
        )
        title = "Courriel d’activation envoyé" if is_sent else "Courriel non envoyé"
        return html_page(markup.page("activation_sent", title=title, place="Application e-CPS", told=told))

    def telephone_page(self, request: Request, key: str, error: str = "") -> Response:
        """The step that comes next on the telephone."""
        found = self._live(key)
        if found is None:
            return _gone()
        name = {DONE: "activation_done", PROVED: "activation_password", CODE: "activation_code"}.get(
            found.stage
        )
        if name is None:
            name = "activation_scanned" if found.with_card else "activation_sms"
        content = markup.page(
            name,
            title=f"{'Erreur : ' if error else ''}Activer mon e-CPS",
            place="Application e-CPS",
            key=key,
            person=found.person.key,
            code=found.code if found.with_card else "",
            phone=f"06 ** ** ** {found.person.phone[-2:]}",
            **_error(error),
        )
        return html_page(content, 400 if error else 200)

    def state(self, request: Request, key: str) -> Response:
        found = self._live(key)
        return json_answer({"status": found.stage if found else "gone"})

    def send_sms(self, request: Request, key: str) -> Response:
        found = self._live(key, with_card=False)
        if found is None or found.stage not in {MADE, CODE}:
            return _gone()
        if not self.messenger.send_code(found.person.phone, found.code):
            return self.telephone_page(request, key, "Le SMS n’a pas pu partir : réessayez dans un instant.")
        found.stage = CODE
        return redirect(f"/telephone/activation/{key}/")

    def check_sms(self, request: Request, key: str) -> Response:
        found = self._live(key, with_card=False)
        if found is None or found.stage != CODE:
            return _gone()
        if not self._is_right(found, request.form.get("code", "")):
            return self.telephone_page(request, key, "Ce code n’est pas celui du SMS.")
        found.stage = PROVED
        return redirect(f"/telephone/activation/{key}/")

    def choose_password(self, request: Request, key: str) -> Response:
        found = self._live(key)
        if found is None or found.stage != PROVED:
            return _gone()
        first, second = request.form.get("mot_de_passe", ""), request.form.get("confirmation", "")
        if not (first.isdecimal() and LEAST_FIGURES <= len(first) <= 8):
            return self.telephone_page(request, key, "Choisissez un mot de passe de 4 à 8 chiffres.")
        if first != second:
            return self.telephone_page(request, key, "Les deux mots de passe ne sont pas identiques.")
        self.realm.wallets[found.person.national_id] = Wallet(True, first)
        found.stage = DONE
        return redirect(f"/telephone/activation/{key}/")

    # --- « ce n'est pas moi » -----------------------------------------------------------------------------------
    def report_page(self, request: Request, key: str) -> Response:
        if self._live(key) is None:
            return _gone()
        return html_page(markup.page("report", title="Signaler une demande", place="Mon e-CPS", key=key))

    def report(self, request: Request, key: str) -> Response:
        found = self._live(key)
        if found is None:
            return _gone()
        found.stage = REPORTED
        self.realm.wallets[found.person.national_id].is_active = False
        return html_page(markup.page("reported", title="Demande signalée", place="Mon e-CPS"))

    # --- helpers ------------------------------------------------------------------------------------------------
    def _make(self, person: Persona, *, with_card: bool) -> Activation:
        life = QR_SECONDS if with_card else MAIL_SECONDS
        code = f"{secrets.randbelow(1_000_000):06d}"
        made = Activation(secrets.token_urlsafe(24), person, with_card, self.realm.now() + life, code)
        with self.realm.lock:
            for other in self._kept.values():
                if other.person is person and other.stage != DONE:
                    other.expires_at = 0
            self._kept[made.key] = made
        return made

    def _live(self, key: str, *, with_card: bool | None = None) -> Activation | None:
        """A QR code that was not used in time is dead; once proved, there is time to choose the password."""
        found = self._kept.get(key)
        if (
            found is None
            or found.stage == REPORTED
            or (with_card is not None and found.with_card != with_card)
        ):
            return None
        grace = MAIL_SECONDS if found.stage in {PROVED, DONE} else 0
        return found if self.realm.now() < found.expires_at + grace else None

    def _left(self, found: Activation) -> int:
        return max(0, math.ceil(found.expires_at - self.realm.now()))

    def _is_right(self, found: Activation, typed: str) -> bool:
        """Three tries; the fourth code is another activation's."""
        found.tries += 1
        if found.tries > MAX_TRIES:
            found.expires_at = 0
            return False
        return secrets.compare_digest("".join(typed.split()).encode(), found.code.encode())


def _error(error: str) -> dict[str, Html]:
    return {"error": markup.error(error), "described": markup.described(error)}


def _mask(email: str) -> str:
    name, _, host = email.partition("@")
    return f"{name[:1]}****@{host}"


def _gone() -> Response:
    return html_page(markup.page("gone", title="Cette page n’est plus valable"), 410)
