"""The code typed outside the browser: a window of the desktop (played by a stand-in toolkit) and a real terminal."""

from __future__ import annotations

import base64
import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from accounts.cps.agent import __main__ as program
from accounts.cps.agent import protocol, window
from accounts.cps.agent.desk import Desk, Ending
from accounts.cps.agent.errors import CardError
from accounts.cps.agent.pages import version_line
from accounts.cps.agent.prompts import TITLE, Counter, Question, converse
from accounts.cps.agent.reader import Card, CardCertificate, CardState
from accounts.cps.agent.terminal import TerminalPrompt
from accounts.cps.agent.window import WindowPrompt
from portal.launcher.place import ROOT
from portal.simulators.cps import tokens
from portal.simulators.cps.desk import CardDesk
from tests.cps.agent import EXPIRY, NONCE, PORTAL, AgentProcess
from tests.support.processes import listens, wait_until

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


# --- a terminal ----------------------------------------------------------------------------------------------------
def test_the_terminal_gives_up_on_ctrl_c_and_ctrl_d(capsys: pytest.CaptureFixture[str]) -> None:
    for key in (KeyboardInterrupt, EOFError):

        def read(label: str, key: type[BaseException] = key) -> str:
            raise key

        assert TerminalPrompt(sys.stdout, read).ask(QUESTION, never) is None
    shown = capsys.readouterr().out
    assert TITLE in shown
    assert QUESTION.tries in shown


def test_a_terminal_is_needed_for_the_terminal(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "accounts.cps.agent", "--origine", PORTAL, "--terminal"],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert "--terminal demande un terminal" in run.stderr


class TerminalAgent(AgentProcess):
    """The agent started by hand in a terminal: `screen` is all that was ever shown there."""

    screen: str = ""

    def start(self) -> None:
        ours, theirs = pty.openpty()
        self.keyboard = ours
        environment = os.environ | {
            "SOFTHSM2_CONF": str(self.desk.configuration),
            "PORTAIL_CARTES": str(self.desk.folder),
        }
        self.command = [
            sys.executable,
            "-m",
            "accounts.cps.agent",
            "--port",
            str(self.port),
            "--origine",
            PORTAL,
        ]
        self.command += ["--module", str(tokens.find_module()), "--terminal"]
        self.command += ["--pilote", "portal.simulators.cps.driver:wrap"]
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(theirs)
        wait_until(lambda: listens(self.port), what="the agent listening")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        os.close(self.keyboard)

    def shows(self, words: str, seconds: float = 20) -> None:
        """Wait for these words after what was read so far."""
        end = time.monotonic() + seconds
        start = getattr(self, "_read", 0)
        while words not in self.screen[start:]:
            left = end - time.monotonic()
            assert left > 0, f"« {words} » not shown:\n{self.screen[start:]}"
            if select.select([self.keyboard], [], [], min(left, 0.2))[0]:
                self.screen += os.read(self.keyboard, 4096).decode("utf-8", "replace").replace("\r\n", "\n")
        self._read = self.screen.index(words, start) + len(words)

    def types(self, keys: str) -> None:
        """Once the echo is off, as somebody who waits for the question."""
        wait_until(lambda: not termios.tcgetattr(self.keyboard)[3] & termios.ECHO, what="a silent field")
        os.write(self.keyboard, keys.encode())


@pytest.fixture
def at_terminal(desk: CardDesk, tmp_path: Path) -> Iterator[TerminalAgent]:
    desk.reset()
    desk.insert("hugo")
    running = TerminalAgent(desk, tmp_path / "agent.log")
    running.start()
    yield running
    running.stop()
    desk.reset()


def demand_at(agent: TerminalAgent) -> str:
    reply = agent.ask()
    assert (reply.status, reply.json["saisie"]) == (202, "")
    return str(reply.json["demande"])


@pytest.mark.security("CPS-1")
@pytest.mark.feature("ROR-027", "VT-031")
def test_the_code_is_typed_in_the_terminal_and_shown_nowhere(at_terminal: TerminalAgent) -> None:
    assert at_terminal.state()["saisie"] == "terminal"
    demand = demand_at(at_terminal)
    at_terminal.shows(TITLE)
    at_terminal.shows(f"Site qui demande : {PORTAL}")
    at_terminal.shows("Pour : Vous connecter au portail")
    at_terminal.shows(f"Il vous reste 3 tentative(s) pour la carte {LABEL}")
    at_terminal.shows("Code Porteur")
    at_terminal.types("1234\n")
    at_terminal.shows("Code accepté")
    found = at_terminal.result(demand)
    key = x509.load_der_x509_certificate(base64.b64decode(found["certificat"])).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    text = protocol.signed_text(PORTAL, "connexion", NONCE, EXPIRY)
    key.verify(base64.b64decode(found["signature"]), text, padding.PKCS1v15(), hashes.SHA256())
    assert not re.search(r"(?<!\d)1234(?!\d)", at_terminal.screen), "no echo"
    arguments = Path(f"/proc/{at_terminal.process.pid}/cmdline").read_bytes().split(b"\0")
    assert b"1234" not in arguments
    assert "1234" not in str(found)
    assert at_terminal.get(f"/saisie/{demand}/", origin=None).status == 403, "one place to type it"


@pytest.mark.feature("ROR-028")
def test_wrong_codes_in_the_terminal_count_down_to_the_blocked_card(at_terminal: TerminalAgent) -> None:
    demand = demand_at(at_terminal)
    for left in (3, 2, 1):
        at_terminal.shows(f"Il vous reste {left} tentative(s)")
        at_terminal.shows("Code Porteur")
        at_terminal.types("9999\n")
    at_terminal.shows("0 tentative restante")
    at_terminal.shows("support CPS")
    assert at_terminal.result(demand)["code"] == "pin_locked"
    assert "0 tentative restante" in at_terminal.ask().json["message"]


def test_ctrl_c_gives_up_the_code_and_the_agent_goes_on(at_terminal: TerminalAgent) -> None:
    demand = demand_at(at_terminal)
    at_terminal.shows("Code Porteur")
    at_terminal.types("\x03")
    at_terminal.shows("Saisie annulée")
    assert at_terminal.result(demand)["etat"] == "annulee"
    again = demand_at(at_terminal)
    at_terminal.shows("Code Porteur")
    at_terminal.types("1234\n")
    at_terminal.shows("Code accepté")
    assert at_terminal.result(again)["etat"] == "faite"
