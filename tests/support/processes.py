"""Simulators and the whole product as real processes, for tests."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.launcher import children, place
from portal.simulators.store import Message, MessageStore
from portal.simulators.switches import Failure, Switch
from tests.support.ports import free_port, free_ports

ROOT = Path(__file__).resolve().parent.parent.parent


def wait_until(condition: Callable[[], Any], seconds: float = 30, what: str = "the condition") -> Any:
    """Poll until `condition()` is true and return its value; AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {seconds} s")
        time.sleep(0.02)


def listens(port: int) -> bool:
    with socket.socket() as sock:
        sock.settimeout(1)
        return sock.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class SimulatorProcess:
    """One stand-in, its message store and its failure switch."""

    module: str
    channel: str
    folder: Path
    port: int = field(default_factory=free_port)
    _child: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.store = MessageStore(self.folder / "messages.sqlite3")
        self.switch = Switch(self.folder / f"{self.channel}.switch.json")

    @property
    def host(self) -> str:
        return "127.0.0.1"

    def start(self) -> None:
        if self._child is not None:
            return
        command = [sys.executable, "-m", self.module, "--port", str(self.port)]
        command += ["--store", str(self.store.path), "--switch", str(self.switch.path)]
        self._child = children.spawn(command, cwd=ROOT, log=self.folder / f"{self.channel}.log")
        wait_until(lambda: listens(self.port), what=f"{self.module} listening")

    def stop(self) -> None:
        """Stop it: connections are refused from now on, until `start`."""
        if self._child is not None:
            children.stop(self._child, seconds=5)
            self._child = None

    def fail(self, mode: Failure, *, seconds: float = 0, times: int | None = None) -> None:
        """Misbehave for the next `times` messages (None: until `reset`). Modes: see portal.simulators.switches."""
        self.switch.set(mode, seconds=seconds, times=times)

    def reset(self) -> None:
        """Empty, obedient and listening."""
        self.switch.clear()
        self.store.clear()
        self.start()

    def messages(self, to: str = "") -> list[Message]:
        """Newest first."""
        return [m for m in self.store.newest(1000) if m.channel == self.channel and (not to or m.to == to)]

    def wait(self, to: str = "", count: int = 1, seconds: float = 15) -> list[Message]:
        """Wait until `count` messages arrived for `to`; newest first."""

        def enough() -> list[Message]:
            found = self.messages(to)
            return found if len(found) >= count else []

        found: list[Message] = wait_until(enough, seconds, f"{count} message(s) for {to or 'anybody'}")
        return found


class SmtpCatcher(SimulatorProcess):
    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


class SmsGateway(SimulatorProcess):
    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/sms"


@dataclass
class LivePortal:
    """The product started by the launcher itself, on free ports, with data of its own."""

    folder: Path
    database_url: str
    redis_url: str
    plateforme: str = "enrs-idf"
    url: str = ""
    _port: int = 0
    _child: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str]:
        """What a process of this portal receives: for commands run beside it."""
        return place.read(self._given()).environment(self.database_url, self.redis_url) | {
            "DJANGO_SETTINGS_MODULE": "portal.settings.demo"
        }

    def _given(self) -> dict[str, str]:
        """What the launcher is told."""
        outside = {"SITE_URL", "EMAIL_URL", "SMS_URL"}
        kept = {
            k: v
            for k, v in os.environ.items()
            if k not in outside and not k.startswith(("PYTEST_", "DJANGO_"))
        }
        return {
            **kept,
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "VAR_DIR": str(self.folder),
            "PLATEFORME": self.plateforme,
            "PORT": str(self._port),
        }

    def start(self, seconds: float = 300) -> None:
        """Start everything and wait for the launcher to write demo.json."""
        self._port = free_ports(tuple(place.OFFSETS.values()))
        log = self.folder / "bin-run.log"
        self._child = children.spawn(
            [sys.executable, "-m", "portal.launcher"], cwd=ROOT, env=self._given(), log=log
        )

        def ready() -> bool:
            if self._child is not None and self._child.poll() is not None:
                raise AssertionError(f"the portal stopped:\n{children.tail(log, 40)}")
            return self.demo_file.exists()

        wait_until(ready, seconds, "the portal's start")
        self.url = self.demo["addresses"]["portal"].rstrip("/")

    def stop(self) -> None:
        if self._child is not None:
            children.stop(self._child, seconds=30)
            self._child = None

    @property
    def demo_file(self) -> Path:
        return self.folder / self.plateforme / "demo.json"

    @property
    def demo(self) -> dict[str, Any]:
        """demo.json: addresses, people, openid_clients."""
        content: dict[str, Any] = json.loads(self.demo_file.read_text())
        return content

    @property
    def people(self) -> list[dict[str, Any]]:
        people: list[dict[str, Any]] = self.demo["people"]
        return people

    @property
    def store(self) -> MessageStore:
        return MessageStore(self.folder / self.plateforme / "messages.sqlite3")

    def messages(self, to: str = "", channel: str = "") -> list[Message]:
        """Mails and SMS that really arrived, newest first."""
        found = self.store.newest(1000)
        return [m for m in found if (not to or m.to == to) and (not channel or m.channel == channel)]

    def wait_message(self, to: str, *, channel: str = "", after: int = 0, seconds: float = 15) -> Message:
        """The newest message for `to` whose id is above `after`; waits for it."""

        def newest() -> Message | None:
            return next((m for m in self.messages(to, channel) if m.id > after), None)

        found: Message = wait_until(newest, seconds, f"a message for {to}")
        return found

    def manage(self, *words: str) -> str:
        """Run a management command on this portal's data; its output. Raises on failure."""
        run = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr[-2000:]
        return run.stdout
