"""The code typed outside the browser: the conversation, and a window of the desktop (played by a stand-in toolkit)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from accounts.cps.agent import __main__ as program
from accounts.cps.agent import window
from accounts.cps.agent.desk import Desk, Ending
from accounts.cps.agent.errors import CardError
from accounts.cps.agent.pages import version_line
from accounts.cps.agent.prompts import Counter, Question, converse
from accounts.cps.agent.reader import Card, CardCertificate, CardState
from accounts.cps.agent.window import WindowPrompt
from tests.cps.agent import EXPIRY, NONCE, PORTAL

LABEL = "CPS3v3-2900000013"
RIGHT = "1234"
ASKED = {"motif": "connexion", "alea": NONCE, "expire": EXPIRY, "certificat": "20"}


class FakeReader:
    """One card with its counter; signs what it is told when the code is right."""

    def __init__(self, tries: int = 3) -> None:
        self.card = Card(LABEL, "IAS ECC", "2900000013", tries)
        self.present = True

    def state(self) -> CardState:
        return CardState(1, (self.card,) if self.present else ())

    def certificates(self, card: Card) -> list[CardCertificate]:
        return [CardCertificate("20", b"der", "899700000013", "TEST AC", "0" * 16)]

    def sign(self, card: Card, ident: str, pin: str | None, data: bytes) -> bytes:
        if pin in (RIGHT, None):
            return b"signed:" + data
        self.card = replace(self.card, tries_left=self.card.tries_left - 1)
        raise CardError("pin_wrong", self.card.tries_left)


@dataclass
class Scripted:
    """A form whose person answers what the script says; None gives up."""

    answers: list[str | None]
    name: str = "script"
    questions: list[Question] = field(default_factory=list)
    ends: list[Ending] = field(default_factory=list)

    def ask(self, question: Question, is_over: Callable[[], bool]) -> str | None:
        self.questions.append(question)
        return self.answers.pop(0)

    def tell(self, end: Ending) -> None:
        self.ends.append(end)


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
def desk_of(reader: FakeReader) -> Iterator[Desk]:
    made = Desk(reader)
    yield made
    made.close()


# --- the conversation, whatever the form -----------------------------------------------------------------------
@pytest.mark.feature("ROR-028", "VT-031")
def test_the_tries_go_down_to_nought_and_the_end_says_what_to_do(desk_of: Desk) -> None:
    form = Scripted(["9999", "9998", "9997"])
    demand = desk_of.ask(PORTAL, ASKED)
    converse(desk_of, demand, form)
    assert [one.tries for one in form.questions] == [
        f"Il vous reste {left} tentative(s) pour la carte {LABEL}" for left in (3, 2, 1)
    ]
    assert form.questions[2].warning == "Attention : une erreur de plus bloquera votre carte."
    assert "Code porteur incorrect" in form.questions[1].error
    (end,) = form.ends
    assert (end.title, end.is_bad, demand.code) == ("Carte bloquée", True, "pin_locked")
    for words in ("0 tentative restante", "code de déblocage à 8 chiffres", "support CPS"):
        assert words in end.sentence


def test_a_code_of_a_wrong_shape_costs_no_try(desk_of: Desk, reader: FakeReader) -> None:
    form = Scripted(["12", RIGHT])
    demand = desk_of.ask(PORTAL, ASKED)
    converse(desk_of, demand, form)
    assert demand.state == "faite"
    assert reader.card.tries_left == 3
    assert "n’a pas été compté" in form.questions[1].error


def test_giving_up_and_a_card_taken_away_end_the_demand(desk_of: Desk, reader: FakeReader) -> None:
    form = Scripted([None])
    demand = desk_of.ask(PORTAL, ASKED)
    converse(desk_of, demand, form)
    assert (demand.state, demand.code, form.ends[0].is_bad) == ("annulee", "cancelled", False)
    again = desk_of.ask(PORTAL, ASKED)
    reader.present = False
    converse(desk_of, again, form)
    assert (again.state, again.code) == ("refusee", "removed")


def test_a_demand_ended_by_the_page_is_not_signed(desk_of: Desk) -> None:
    demand = desk_of.ask(PORTAL, ASKED)

    class Late(Scripted):
        def ask(self, question: Question, is_over: Callable[[], bool]) -> str | None:
            demand.end("annulee", "cancelled")
            assert is_over()
            return super().ask(question, is_over)

    converse(desk_of, demand, Late([RIGHT]))
    assert (demand.state, demand.signature) == ("annulee", b"")


def test_what_a_card_wrote_moves_no_cursor(desk_of: Desk, reader: FakeReader) -> None:
    reader.card = replace(reader.card, label="CPS\x1b[2J")
    form = Scripted([None])
    converse(desk_of, desk_of.ask(PORTAL, ASKED), form)
    assert "\x1b" not in form.questions[0].tries


# --- a window of the desktop -------------------------------------------------------------------------------------
class FakeWidget:
    def __init__(self, kit: FakeToolkit, parent: Any = None, **options: Any) -> None:
        self.kit, self.options, self.text = kit, options, ""
        self.timers: list[Callable[[], None]] = []
        self.bound: dict[str, Callable[[Any], None]] = {}
        self.alive = True

    def after(self, delay: int, call: Callable[[], None]) -> None:
        self.timers.append(call)

    def bind(self, name: str, call: Callable[[Any], None]) -> None:
        self.bound[name] = call

    def get(self) -> str:
        return self.text

    def delete(self, start: Any, end: Any) -> None:
        self.text = ""

    def destroy(self) -> None:
        self.alive = False

    def mainloop(self) -> None:
        """The person acts, then timers run until the window is gone."""
        self.kit.person(self.kit)
        while self.alive:
            self.timers.pop(0)()

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **options: None


class FakeToolkit:
    """Stands in for the tkinter module: keeps what is shown, lets a script press and type."""

    def __init__(self, person: Callable[[FakeToolkit], None]) -> None:
        self.person = person
        self.widgets: list[tuple[str, FakeWidget]] = []

    def _make(self, kind: str) -> Callable[..., FakeWidget]:
        def make(*args: Any, **options: Any) -> FakeWidget:
            made = FakeWidget(self, *args, **options)
            self.widgets.append((kind, made))
            return made

        return make

    def __getattr__(self, kind: str) -> Any:
        return self._make(kind)

    def all(self, kind: str) -> list[FakeWidget]:
        return [widget for name, widget in self.widgets if name == kind]

    @property
    def words(self) -> str:
        return "\n".join(str(label.options["text"]) for label in self.all("Label"))

    @property
    def root(self) -> FakeWidget:
        return self.all("Tk")[-1]

    def type(self, code: str) -> None:
        self.all("Entry")[-1].text = code

    def press(self, text: str) -> None:
        next(b for b in reversed(self.all("Button")) if b.options["text"] == text).options["command"]()


QUESTION = Question(
    PORTAL, "Vous connecter au portail", "899700000013", f"Il vous reste 3 tentative(s) pour la carte {LABEL}",
    "", "", has_pin_pad=False,
)  # fmt: skip


def never() -> bool:
    return False


@pytest.mark.feature("ROR-027", "VT-031")
def test_the_window_shows_who_asks_and_gives_the_code() -> None:
    def person(kit: FakeToolkit) -> None:
        kit.type(RIGHT)
        kit.press("Valider")

    kit = FakeToolkit(person)
    assert WindowPrompt(kit).ask(QUESTION, never) == RIGHT
    for words in (PORTAL, "Vous connecter au portail", "899700000013", QUESTION.tries, "Code Porteur :"):
        assert words in kit.words
    assert version_line() in kit.words
    entry = kit.all("Entry")[0]
    assert entry.options["show"] == "•"
    assert entry.text == "", "the field is emptied once read"
    assert [b.options["text"] for b in kit.all("Button")] == ["Valider", "Annuler"]


def test_return_validates_escape_and_annuler_give_up() -> None:
    def with_return(kit: FakeToolkit) -> None:
        kit.type(RIGHT)
        kit.root.bound["<Return>"](None)

    assert WindowPrompt(FakeToolkit(with_return)).ask(QUESTION, never) == RIGHT
    assert (
        WindowPrompt(FakeToolkit(lambda kit: kit.root.bound["<Escape>"](None))).ask(QUESTION, never) is None
    )
    assert WindowPrompt(FakeToolkit(lambda kit: kit.press("Annuler"))).ask(QUESTION, never) is None


def test_the_window_closes_when_the_demand_is_over() -> None:
    looks = iter([False, False, True])
    kit = FakeToolkit(lambda kit: None)
    assert WindowPrompt(kit).ask(QUESTION, lambda: next(looks)) is None
    assert not kit.root.alive


def test_a_reader_with_keys_has_no_field() -> None:
    kit = FakeToolkit(lambda kit: kit.press("Valider"))
    assert WindowPrompt(kit).ask(replace(QUESTION, has_pin_pad=True), never) == ""
    assert kit.all("Entry") == []
    assert "clavier du lecteur" in kit.words


@pytest.mark.feature("ROR-028")
def test_a_blocked_card_is_told_in_the_window_and_a_good_code_closes_it(desk_of: Desk) -> None:
    codes = iter(["9999", "9998", "9997"])

    def person(kit: FakeToolkit) -> None:
        if "Carte bloquée" in str(kit.words) or "0 tentative restante" in kit.words:
            kit.press("Fermer")
            return
        kit.type(next(codes))
        kit.press("Valider")

    kit = FakeToolkit(person)
    converse(desk_of, desk_of.ask(PORTAL, ASKED), WindowPrompt(kit))
    assert "Il vous reste 1 tentative(s)" in kit.words
    assert "0 tentative restante" in kit.words
    assert "support CPS" in kit.words
    windows = len(kit.all("Tk"))
    WindowPrompt(kit).tell(Ending("Code accepté", "…"))
    assert len(kit.all("Tk")) == windows, "nothing to read: no window"


def test_a_window_is_chosen_only_where_one_can_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    assert window.find_toolkit({}, "linux") is None

    def broken(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(window.importlib, "import_module", broken)
    assert window.find_toolkit({"DISPLAY": ":0"}, "linux") is None
    assert window.find_toolkit({}, "win32") is None
    kit = FakeToolkit(lambda kit: None)
    monkeypatch.setattr(window.importlib, "import_module", lambda name: kit)
    assert window.find_toolkit({"DISPLAY": ":0"}, "linux") is kit
    assert not kit.root.alive, "the window of the trial is closed"


@pytest.mark.parametrize(
    ("arguments", "toolkit", "form"),
    [
        ((), None, None),
        ((), "kit", "fenetre"),
        (("--page",), "kit", None),
        (("--terminal",), "kit", "terminal"),
    ],
)
def test_which_form_asks(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], toolkit: Any, form: str | None
) -> None:
    monkeypatch.setattr(window, "find_toolkit", lambda: toolkit)
    found = program._prompt(program._parser().parse_args(list(arguments)))
    assert (found.name if found is not None else None) == form


def test_a_demand_reaches_the_form_on_the_main_thread(desk_of: Desk) -> None:
    done = threading.Event()

    class Stopping(Scripted):
        def tell(self, end: Ending) -> None:
            super().tell(end)
            done.set()
            raise SystemExit(0)

    form = Stopping([RIGHT])
    counter = Counter(desk_of, form)
    demand = desk_of.ask(PORTAL, ASKED)
    counter.announce(demand)
    with pytest.raises(SystemExit):
        counter.serve_forever()
    assert done.is_set()
    assert (demand.state, demand.signature[:7]) == ("faite", b"signed:")
