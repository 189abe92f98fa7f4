"""Asking the code outside the browser: what is shown whatever the form, and the conversation until the demand ends.

Two forms besides the page: a window of the desktop (window.py) and a terminal (terminal.py). One at a time, on the
main thread; the code goes from the form to the card and is kept nowhere.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from accounts.cps.agent.demands import CANCELLED, REFUSED, WAITING, Demand
from accounts.cps.agent.desk import Desk, Ending, ending, wrong_code_sentence
from accounts.cps.agent.errors import CardError, final_warning, tries_sentence
from accounts.cps.agent.protocol import PURPOSES

TITLE: Final = "Saisissez votre Code Porteur"
PAD: Final = "Tapez votre code sur le clavier du lecteur après avoir choisi « Valider »."


@dataclass(frozen=True)
class Question:
    """What somebody must read before typing: who asks, for what, with which certificate, how many tries are left."""

    site: str
    purpose: str
    certificate: str
    tries: str
    warning: str
    error: str
    has_pin_pad: bool

    @property
    def asked(self) -> tuple[tuple[str, str], ...]:
        return (("Site qui demande", self.site), ("Pour", self.purpose), ("Certificat", self.certificate))


class Prompt(Protocol):
    """One form. `name` is told to the portal's page; `ask` returns the code, None when the person gives up."""

    name: str

    def ask(self, question: Question, is_over: Callable[[], bool]) -> str | None: ...
    def tell(self, end: Ending) -> None: ...


def question_for(demand: Demand, tries_left: int, error: str) -> Question:
    return Question(
        site=plain(demand.origin),
        purpose=PURPOSES[demand.purpose],
        certificate=plain(demand.certificate.subject),
        tries=tries_sentence(tries_left, plain(demand.card.label)),
        warning=final_warning(tries_left),
        error=error,
        has_pin_pad=demand.card.has_pin_pad,
    )


def plain(text: str) -> str:
    """What a card or a page wrote moves no cursor and colours nothing."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def converse(desk: Desk, demand: Demand, prompt: Prompt) -> None:
    """From the question to the end of the demand: signed, given up, blocked, or ended from elsewhere."""
    error = ""
    while demand.state == WAITING:
        try:
            left = desk.tries_left(demand)
        except CardError as refused:
            demand.tries_left = refused.tries_left
            demand.end(REFUSED, refused.code)
            break
        typed = prompt.ask(question_for(demand, left, error), lambda: desk.is_over(demand))
        if desk.is_over(demand):
            break
        if typed is None:
            demand.end(CANCELLED, "cancelled")
            break
        error = _try(desk, demand, typed)
        del typed
    prompt.tell(ending(demand))


def _try(desk: Desk, demand: Demand, typed: str) -> str:
    """The sentence above the next question, "" when there is none."""
    with desk.demands.trying:
        try:
            desk.try_pin(demand, typed)
        except CardError as error:
            return wrong_code_sentence(error)
    return ""


class Counter:
    """Where demands wait for the main thread."""

    def __init__(self, desk: Desk, prompt: Prompt) -> None:
        self._desk = desk
        self._prompt = prompt
        self._waiting: queue.SimpleQueue[Demand] = queue.SimpleQueue()

    @property
    def form(self) -> str:
        return self._prompt.name

    def announce(self, demand: Demand) -> None:
        self._waiting.put(demand)

    def serve_forever(self) -> None:
        """Until KeyboardInterrupt or SystemExit. Short waits, so that a signal is heard everywhere."""
        while True:
            try:
                demand = self._waiting.get(timeout=0.5)
            except queue.Empty:
                continue
            if not self._desk.is_over(demand):
                converse(self._desk, demand, self._prompt)
