"""The partner application as a process of its own, registered at a portal reduced to the wire."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from portal.launcher import children
from tests.partner.fake_portal import SECRET, FakePortal
from tests.support.processes import ROOT, free_port, listens, wait_until


class PartnerProcess:
    def __init__(self, folder: Path, portal: FakePortal) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.portal = portal
        self.clients = folder / "personnes.json"
        self.store = folder / "partenaire.sqlite3"
        command = [sys.executable, "-m", "portal.simulators.partner", "--port", str(self.port)]
        command += ["--portal", portal.url, "--clients", str(self.clients), "--store", str(self.store)]
        self._child = children.spawn(command, cwd=ROOT, log=folder / "partenaire.log")
        wait_until(lambda: listens(self.port), what="the partner listening")

    def register(self) -> None:
        client = {
            "client_id": "via",
            "client_secret": SECRET,
            "redirect_uris": [self.url + "/connexion/retour/"],
        }
        self.clients.write_text(json.dumps({"people": [], "openid_clients": [client]}))

    def set(self, **values: Any) -> dict[str, Any]:
        answer = httpx.post(f"{self.url}/pilotage/etat", json=values)
        assert answer.status_code == 200, answer.text
        state: dict[str, Any] = answer.json()
        return state

    def browser(self) -> Browser:
        return Browser(self)

    def tell(self, token: str, seconds: float = 10) -> httpx.Response:
        """What the portal does at the end of a session."""
        return httpx.post(f"{self.url}/deconnexion/portail/", data={"logout_token": token}, timeout=seconds)

    def stop(self) -> None:
        children.stop(self._child, seconds=5)


class Browser:
    """Somebody at the partner; goes through the portal without its pages."""

    def __init__(self, partner: PartnerProcess) -> None:
        self.partner = partner
        self.http = httpx.Client(base_url=partner.url, timeout=20)

    def leave_for_portal(self) -> str:
        answer = self.http.get("/connexion/", params={"iss": self.partner.portal.url})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])

    def enter(self) -> httpx.Response:
        """By the tile: the page where one arrives."""
        return self.follow(self.partner.portal.approve(self.leave_for_portal()))

    def follow(self, url: str) -> httpx.Response:
        return self.http.get(url, follow_redirects=True)

    def link(self, username: str, password: str) -> httpx.Response:
        form = {"utilisateur": username, "secret": password}
        return self.http.post("/rattachement/", data=form, follow_redirects=True)

    def close(self) -> None:
        self.http.close()


@pytest.fixture(scope="session")
def partner_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PartnerProcess]:
    portal = FakePortal()
    running = PartnerProcess(tmp_path_factory.mktemp("partenaire"), portal)
    yield running
    running.stop()
    portal.close()


@pytest.fixture
def partner(partner_process: PartnerProcess) -> PartnerProcess:
    """The application, registered, with nobody linked."""
    partner_process.set(reset=True)
    partner_process.portal.wrong = {}
    partner_process.portal.renewals = 0
    partner_process.register()
    return partner_process


@pytest.fixture
def somebody(partner: PartnerProcess) -> Iterator[Browser]:
    made = partner.browser()
    yield made
    made.close()
