"""The code typed in a real terminal, in front of the agent itself."""

from __future__ import annotations

import base64
import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from accounts.cps.agent import protocol
from accounts.cps.agent.prompts import TITLE, Question
from accounts.cps.agent.terminal import TerminalPrompt
from portal.launcher.place import ROOT
from portal.simulators.cps import tokens
from portal.simulators.cps.desk import CardDesk
from tests.cps.agent import EXPIRY, NONCE, PORTAL, AgentProcess
from tests.support.processes import listens, wait_until

LABEL = "CPS3v3-2900000013"
QUESTION = Question(
    PORTAL, "Vous connecter au portail", "899700000013", f"Il vous reste 3 tentative(s) pour la carte {LABEL}",
    "", "", has_pin_pad=False,
)  # fmt: skip


def test_the_terminal_gives_up_on_ctrl_c_and_ctrl_d(capsys: pytest.CaptureFixture[str]) -> None:
    for key in (KeyboardInterrupt, EOFError):

        def read(label: str, is_over: object, key: type[BaseException] = key) -> str:
            raise key

        assert TerminalPrompt(sys.stdout, read).ask(QUESTION, lambda: False) is None
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


def _take_terminal() -> None:
    """As a shell in the foreground does: a suite started in the background ignores Ctrl-C, its children too."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


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
            start_new_session=True, preexec_fn=_take_terminal,
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


def test_a_question_given_up_in_the_browser_leaves_the_terminal_at_once(at_terminal: TerminalAgent) -> None:
    demand = demand_at(at_terminal)
    at_terminal.shows("Code Porteur")
    assert at_terminal.request("POST", f"/annuler/{demand}").status == 200
    at_terminal.shows("Saisie annulée")
    again = demand_at(at_terminal)
    at_terminal.shows("Code Porteur")
    at_terminal.types("1234\n")
    at_terminal.shows("Code accepté")
    assert at_terminal.result(again)["etat"] == "faite"


def test_ctrl_d_gives_up_and_the_echo_comes_back(at_terminal: TerminalAgent) -> None:
    demand = demand_at(at_terminal)
    at_terminal.shows("Code Porteur")
    at_terminal.types("\x04")
    at_terminal.shows("Saisie annulée")
    assert at_terminal.result(demand)["etat"] == "annulee"
    assert termios.tcgetattr(at_terminal.keyboard)[3] & termios.ECHO


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
