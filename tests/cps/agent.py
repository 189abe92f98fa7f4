"""The agent as a process, and a page that speaks to it over the wire."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.launcher import children
from portal.launcher.place import ROOT
from portal.simulators.cps import tokens
from portal.simulators.cps.desk import CardDesk
from tests.support.processes import free_port, listens, wait_until

PORTAL = "http://portail.test"
NONCE = "0123456789012345678901234567890123456789abc"
EXPIRY = "2026-11-20T12:00:00Z"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Any
    body: str

    @property
    def json(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content


@dataclass
class AgentProcess:
    desk: CardDesk
    log: Path
    module: str = ""
    options: tuple[str, ...] = ()
    """In place of `--page`."""
    port: int = field(default_factory=free_port)
    _child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        environment = os.environ | {
            "SOFTHSM2_CONF": str(self.desk.configuration),
            "PORTAIL_CARTES": str(self.desk.folder),
        }
        command = [sys.executable, "-m", "accounts.cps.agent", "--port", str(self.port), "--origine", PORTAL]
        command += ["--module", self.module or str(tokens.find_module())]
        command += ["--pilote", "portal.simulators.cps.driver:wrap", *(self.options or ("--page",))]
        self._child = children.spawn(command, cwd=ROOT, env=environment, log=self.log)
        wait_until(lambda: listens(self.port), what="the agent listening")

    def stop(self) -> None:
        if self._child is not None:
            children.stop(self._child, seconds=5)
            self._child = None

    def is_alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    # --- as a page of the portal ---------------------------------------------------------------------
    def request(
        self,
        method: str,
        path: str,
        *,
        origin: str | None = PORTAL,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        sent = dict(headers or {})
        if origin is not None:
            sent["Origin"] = origin
        asked = urllib.request.Request(self.url + path, data=body, method=method, headers=sent)
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return Reply(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.headers, error.read().decode())

    def get(self, path: str, **options: Any) -> Reply:
        return self.request("GET", path, **options)

    def state(self) -> dict[str, Any]:
        return self.get("/etat").json

    def ask(self, **changes: Any) -> Reply:
        """Ask for a signature by the first certificate of the card present."""
        origin = changes.pop("origin", PORTAL)
        content = {"motif": "connexion", "alea": NONCE, "expire": EXPIRY, "certificat": "20"} | changes
        return self.request(
            "POST",
            "/signer",
            origin=origin,
            body=json.dumps(content).encode(),
            headers={"Content-Type": "application/json"},
        )

    # --- as the person at the window ------------------------------------------------------------------
    def window(self, demand: str) -> str:
        return self.get(f"/saisie/{demand}/", origin=None).body

    def type_pin(self, demand: str, code: str, *, action: str = "valider", **options: Any) -> Reply:
        found = re.search(r'name="jeton" value="([^"]+)"', self.window(demand))
        token = options.pop("token", found[1] if found else "")
        body = urllib.parse.urlencode({"jeton": token, "code": code, "action": action}).encode()
        options.setdefault("origin", self.url)
        return self.request("POST", f"/saisie/{demand}/", body=body, **options)

    def result(self, demand: str, **options: Any) -> dict[str, Any]:
        return self.get(f"/signature/{demand}", **options).json
