"""The signature that a page asks for, from request to answer. One at a time: there is one window and one person."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from accounts.cps.agent.reader import Card, CardCertificate

LIFE_SECONDS = 120
WAITING, DONE, CANCELLED, REFUSED = "attente", "faite", "annulee", "refusee"


@dataclass
class Demand:
    """`text` is what will be signed; `form_token` ties the window's form to this demand."""

    origin: str
    purpose: str
    text: bytes
    card: Card
    certificate: CardCertificate
    until: float
    ident: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    state: str = WAITING
    code: str = ""
    tries_left: int | None = None
    signature: bytes = b""

    def accepts(self, form_token: str) -> bool:
        return hmac.compare_digest(self.form_token.encode(), form_token.encode("utf-8", "replace"))

    def end(self, state: str, code: str = "") -> None:
        self.state, self.code = state, code


class Demands:
    """Keeps the last demand. `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._current: Demand | None = None
        # Held while a code is tried, so that a double click spends one try of the card, not two.
        self.trying = threading.Lock()

    def open(
        self, *, origin: str, purpose: str, text: bytes, card: Card, certificate: CardCertificate
    ) -> Demand:
        """A new demand; the one before it, if it still waited, ends."""
        demand = Demand(origin, purpose, text, card, certificate, self._clock() + LIFE_SECONDS)
        with self._lock:
            if self._current is not None and self._current.state == WAITING:
                self._current.end(CANCELLED, "replaced")
            self._current = demand
        return demand

    def find(self, ident: str, origin: str | None = None) -> Demand | None:
        """That demand, whatever became of it; for a page, only when it is its own. An old one has expired."""
        with self._lock:
            demand = self._current
            if demand is None or not hmac.compare_digest(
                demand.ident.encode(), ident.encode("utf-8", "replace")
            ):
                return None
            if origin is not None and origin != demand.origin:
                return None
            if demand.state == WAITING and self._clock() > demand.until:
                demand.end(CANCELLED, "expired")
        return demand

    def collect(self, demand: Demand) -> bytes:
        """The signature, given once."""
        with self._lock:
            signature, demand.signature = demand.signature, b""
        return signature
