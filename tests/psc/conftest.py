"""The simulator as a process of its own, and the portal's settings pointed at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.test import Client

from accounts.psc import provider
from portal.launcher import children
from portal.settings import psc as psc_settings
from tests.support.processes import ROOT, free_port, listens, wait_until

PORTAL = "http://testserver"
BASILE = "899700000054"
HUGO = "899700000013"


class Simulator:
    """The issuer and the wallet on free ports; `browser` goes through the wallet as somebody would."""

    def __init__(self, folder: Path, smtp: str = "", sms: str = "") -> None:
        self.port, self.wallet_port = free_port(), free_port()
        self.secret_file = folder / "client-secret"
        command = [sys.executable, "-m", "portal.simulators.psc", "--port", str(self.port)]
        command += ["--wallet-port", str(self.wallet_port), "--secret", str(self.secret_file)]
        command += ["--portal", PORTAL, "--smtp", smtp, "--sms", sms]
        self._child = children.spawn(command, cwd=ROOT, log=folder / "psc.log")
        wait_until(lambda: listens(self.port) and listens(self.wallet_port), what="the simulator listening")

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}{psc_settings.REALM}"

    @property
    def openid(self) -> str:
        return f"{self.issuer}/protocol/openid-connect"

    @property
    def wallet(self) -> str:
        return f"http://localhost:{self.wallet_port}"

    @property
    def secret(self) -> str:
        return self.secret_file.read_text().strip()

    @property
    def basic(self) -> tuple[str, str]:
        return (psc_settings.SIMULATOR_CLIENT, self.secret)

    def set(self, **values: Any) -> dict[str, Any]:
        """What /pilotage/etat takes: failure, endpoint, seconds, times, clock, auto, rotate, reset…"""
        answer = httpx.post(f"{self.wallet}/pilotage/etat", json=values)
        assert answer.status_code == 200, answer.text
        state: dict[str, Any] = answer.json()
        return state

    def telephone(self, national_id: str, action: str) -> None:
        answer = httpx.post(
            f"{self.wallet}/pilotage/telephone", json={"identifiant": national_id, "action": action}
        )
        assert answer.status_code == 200, answer.text

    def stop(self) -> None:
        children.stop(self._child, seconds=5)


class Browser:
    """A person's browser at the wallet; keeps cookies, follows nothing outside."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.http = httpx.Client(base_url=simulator.wallet, timeout=20)

    def open(self, url: str) -> httpx.Response:
        """Follow the wallet's own redirections, and stop where it leaves it."""
        answer = self.http.get(url)
        while answer.is_redirect and not self._leaves(answer):
            answer = self.http.get(answer.headers["Location"])
        return answer

    def approve(self, authorization_url: str, national_id: str = BASILE, action: str = "approve") -> str:
        """From the authorization address to the address of return, the telephone answering as told."""
        answer = self.open(authorization_url)
        if self._leaves(answer):
            return answer.headers["Location"]
        page = str(answer.url)
        answer = self.http.post(page + "ecps", data={"identifiant": national_id})
        assert answer.is_redirect, answer.text
        waiting = answer.headers["Location"]
        if self.simulator.set()["auto"] == "" and action:
            state = self.http.get(waiting + "etat").json()["status"]
            if state == "pending":
                self.simulator.telephone(national_id, action)
        answer = self.http.post(waiting + "continuer")
        assert self._leaves(answer), answer.text
        return answer.headers["Location"]

    def _leaves(self, answer: httpx.Response) -> bool:
        return answer.is_redirect and answer.headers["Location"].startswith(PORTAL)


@pytest.fixture(scope="session")
def psc_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    running = Simulator(tmp_path_factory.mktemp("psc"))
    yield running
    running.stop()


@pytest.fixture
def psc(psc_process: Simulator, settings: Any) -> Iterator[Simulator]:
    """The simulator, obedient, with the portal as its client."""
    psc_process.set(reset=True)
    settings.PSC = replace(
        psc_settings.PscSettings(),
        environment="simulator",
        issuer=psc_process.issuer,
        discovery_url=psc_process.issuer + psc_settings.WELL_KNOWN,
        authorization_url=f"{psc_process.wallet}/auth",
        client_id=psc_settings.SIMULATOR_CLIENT,
        client_secret=psc_process.secret,
    )
    provider.forget()
    yield psc_process
    provider.forget()


@pytest.fixture
def wallet_browser(psc: Simulator) -> Iterator[Browser]:
    made = Browser(psc)
    yield made
    made.http.close()


@pytest.fixture
def start(client: Client, psc: Simulator) -> Callable[..., str]:
    """Press the button; the address of the wallet it leads to."""

    def press(**data: str) -> str:
        answer = client.post("/connexion/ecps/", data)
        assert answer.status_code == 302, answer.content.decode()
        return answer.headers["Location"]

    return press


@pytest.fixture
def come_back(client: Client) -> Callable[[str], Any]:
    """Open the address of return in the portal's browser."""

    def go(url: str) -> Any:
        assert url.startswith(PORTAL), url
        return client.get(url.removeprefix(PORTAL))

    return go
