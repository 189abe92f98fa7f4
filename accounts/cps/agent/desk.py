"""What the agent does, whatever carries the questions: look at the card, open a demand, try a code."""

from __future__ import annotations

import hashlib
import json
import re
import time
from dataclasses import dataclass
from typing import Any

from accounts.cps.agent import PROTOCOL, VERSION, protocol
from accounts.cps.agent.demands import CANCELLED, DONE, REFUSED, WAITING, Demand, Demands
from accounts.cps.agent.errors import MAX_TRIES, MESSAGES, CardError
from accounts.cps.agent.reader import Card, CardCertificate, Reader
from accounts.cps.agent.worker import CardThread

_PIN = re.compile(r"[0-9]{4,8}")
# A page that watches the card is answered at once when it moves: by the second, not by the timers of a hidden tab.
LOOK_EVERY = 0.4
LONGEST_WAIT = 20.0
# After these the same code, or another, may be tried in the same window.
_TRY_AGAIN = frozenset({"pin_wrong", "pin_format"})


class BadRequest(Exception):
    """The page asked for something that has no sense."""


class Desk:
    """`algorithm` names the signature the reader makes, for the portal."""

    def __init__(self, reader: Reader, *, algorithm: str = "rsa-pkcs1-sha256") -> None:
        self._reader = reader
        self._thread = CardThread()
        self.demands = Demands()
        self.algorithm = algorithm

    def describe(self) -> dict[str, Any]:
        """Version, readers, cards with what is left of their tries; `erreur` says why no card can be used now."""
        content: dict[str, Any] = {"agent": "agent-cps", "version": VERSION, "protocole": PROTOCOL}
        try:
            state = self._thread.run(self._reader.state)
        except CardError as error:
            return content | {"lecteurs": 0, "cartes": [], "erreur": error.code, "message": error.message}
        cards = [
            {
                "etiquette": card.label,
                "modele": card.model,
                "essais": card.tries_left,
                "bloquee": card.tries_left == 0,
            }
            for card in state.cards
        ]
        content |= {"lecteurs": state.readers, "cartes": cards, "erreur": "", "message": ""}
        try:
            _only(state.readers, state.cards)
        except CardError as error:
            content |= {"erreur": error.code, "message": error.message}
        return content

    def describe_when_changed(self, known: str) -> dict[str, Any]:
        """What `describe` says, with its fingerprint; when it is the one already `known`, not before it changes or
        LONGEST_WAIT is over."""
        until = time.monotonic() + LONGEST_WAIT
        while True:
            content = self.describe()
            mark = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
            if mark != known or time.monotonic() >= until:
                return content | {"empreinte": mark}
            time.sleep(LOOK_EVERY)

    def list_certificates(self) -> list[tuple[Card, CardCertificate]]:
        """Certificates of the one card present. Raises CardError."""
        return self._thread.run(self._certificates)

    def ask(self, origin: str, content: dict[str, Any]) -> Demand:
        """Open a demand for `certificat`, `motif`, `alea`, `expire`. Raises BadRequest or CardError."""
        try:
            text = protocol.signed_text(
                origin,
                str(content.get("motif", "")),
                str(content.get("alea", "")),
                str(content.get("expire", "")),
            )
        except ValueError as error:
            raise BadRequest(str(error)) from None
        chosen = [pair for pair in self.list_certificates() if pair[1].ident == content.get("certificat")]
        if not chosen:
            raise BadRequest("certificat")
        card, certificate = chosen[0]
        if card.tries_left == 0:
            raise CardError("pin_locked", 0)
        return self.demands.open(
            origin=origin, purpose=str(content["motif"]), text=text, card=card, certificate=certificate
        )

    def tries_left(self, demand: Demand) -> int:
        """As the card tells it now. Raises CardError when it is gone or blocked."""
        card = self._thread.run(lambda: self._same_card(demand))
        if card.tries_left == 0:
            raise CardError("pin_locked", 0)
        return card.tries_left

    def try_pin(self, demand: Demand, typed: str) -> None:
        """One try, asked by a person. The demand ends, unless another code may be typed: CardError then says why."""
        if demand.state != WAITING:
            raise CardError(demand.code or "expired")
        pin = None if demand.card.has_pin_pad else typed
        if pin is not None and not _PIN.fullmatch(pin):
            raise CardError("pin_format")
        try:
            demand.signature = self._thread.run(lambda: self._sign(demand, pin))
        except CardError as error:
            demand.tries_left = error.tries_left
            # A wrong code that empties the counter is a blocked card, whatever the module called it.
            if error.code == "pin_wrong" and error.tries_left == 0:
                error = CardError("pin_locked", 0)
            if error.code not in _TRY_AGAIN:
                demand.end(CANCELLED if error.code == "cancelled" else REFUSED, error.code)
            raise error from None
        demand.end(DONE)

    def is_over(self, demand: Demand) -> bool:
        """Nothing is awaited of the person any more: answered, given up by the page, replaced, or too old."""
        return self.demands.find(demand.ident) is None or demand.state != WAITING

    def close(self) -> None:
        self._thread.close()

    # --- on the card's thread ---------------------------------------------------------------------------
    def _certificates(self) -> list[tuple[Card, CardCertificate]]:
        state = self._reader.state()
        card = _only(state.readers, state.cards)
        return [(card, certificate) for certificate in self._reader.certificates(card)]

    def _same_card(self, demand: Demand) -> Card:
        found = next((c for c in self._reader.state().cards if c.serial == demand.card.serial), None)
        if found is None:
            raise CardError("removed")
        return found

    def _sign(self, demand: Demand, pin: str | None) -> bytes:
        card = self._same_card(demand)
        if card.tries_left == 0:
            raise CardError("pin_locked", 0)
        return self._reader.sign(card, demand.certificate.ident, pin, demand.text)


def _only(readers: int, cards: tuple[Card, ...]) -> Card:
    """The one card, or why there is not exactly one."""
    if not readers:
        raise CardError("no_reader")
    if not cards:
        raise CardError("no_card")
    if len(cards) > 1:
        raise CardError("two_cards")
    return cards[0]


def wrong_code_sentence(error: CardError) -> str:
    """Above the field after a code that was not the right one."""
    if error.code != "pin_wrong" or error.tries_left is None:
        return error.message
    return f"{error.message} Il vous reste {error.tries_left} essai(s) sur {MAX_TRIES}."


@dataclass(frozen=True)
class Ending:
    """The last words of a demand, the same in every form."""

    title: str
    sentence: str
    is_bad: bool = False


def ending(demand: Demand) -> Ending:
    if demand.state == DONE:
        return Ending("Code accepté", "Votre code est exact : la connexion continue sur le portail.")
    if demand.code == "cancelled":
        return Ending("Saisie annulée", MESSAGES["cancelled"])
    title = "Carte bloquée" if demand.code == "pin_locked" else "Saisie interrompue"
    return Ending(title, MESSAGES.get(demand.code, MESSAGES["technical"]), is_bad=True)
