"""Keeps the parts running: starts them in order, restarts the dead, stops all in reverse order."""

from __future__ import annotations

import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from portal.launcher import children
from portal.launcher.errors import LaunchError
from portal.launcher.guardian import Guardian

POLL_SECONDS = 0.1
MAX_DEATHS = 5
DEATHS_WINDOW_SECONDS = 60
FIRST_PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 10.0


def always() -> bool:
    return True


@dataclass(frozen=True)
class Part:
    """One process to keep running.

    ready: True once it can be used; asked until `ready_seconds` have passed.
    before: run before each start (clear a stale file…).
    stop_signal: what makes it end cleanly; `stop_seconds` later its whole group is killed.
    port: what it listens on, None for none.
    environment: variables of this part alone.
    """

    key: str
    label: str
    command: tuple[str, ...]
    cwd: Path
    ready: Callable[[], bool] = always
    ready_seconds: float = 120
    before: Callable[[], None] = lambda: None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 30
    port: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Running:
    part: Part
    child: subprocess.Popen[bytes]
    wave: int
    deaths: deque[float] = field(default_factory=deque)
    start_again_at: float | None = None


class Supervisor:
    """`say` receives French lines for the person who watches."""

    def __init__(
        self, logs: Path, environment: Mapping[str, str], guardian: Guardian, say: Callable[[str], None]
    ) -> None:
        self.logs = logs
        self.environment = dict(environment)
        self.guardian = guardian
        self.say = say
        self.running: list[Running] = []
        self.stopping = False

    def log_of(self, part: Part) -> Path:
        return self.logs / f"{part.key}.log"

    def start(self, *parts: Part) -> None:
        """Start the parts together, then wait until each is ready. Raises LaunchError with the end of its log."""
        wave = max((running.wave for running in self.running), default=0) + 1
        started = [self._launch(part, wave) for part in parts]
        for running in started:
            self._wait_ready(running)

    def _launch(self, part: Part, wave: int) -> Running:
        running = Running(part, self._spawn(part), wave)
        self.running.append(running)
        return running

    def _spawn(self, part: Part) -> subprocess.Popen[bytes]:
        part.before()
        child = children.spawn(
            part.command,
            log=self.log_of(part),
            env={**self.environment, **part.environment},
            cwd=part.cwd,
            death_signal=part.stop_signal,
        )
        self.guardian.add(child.pid)
        return child

    def _wait_ready(self, running: Running) -> None:
        part = running.part
        deadline = time.monotonic() + part.ready_seconds
        while not part.ready():
            if self.stopping:
                return
            if running.child.poll() is not None:
                raise LaunchError(self._sentence(part, "s'est arrêté à peine lancé"))
            if time.monotonic() > deadline:
                raise LaunchError(
                    self._sentence(part, f"ne répond pas au bout de {part.ready_seconds:.0f} secondes")
                )
            time.sleep(0.05)

    def _sentence(self, part: Part, what: str) -> str:
        log = self.log_of(part)
        end = children.tail(log)
        return f"{part.label} {what}. Son journal : {log}" + (f"\n{end}" if end else "")

    def watch(self) -> None:
        """Restart what dies, until `stopping`. Raises LaunchError when a part keeps dying."""
        while not self.stopping:
            self.look()
            time.sleep(POLL_SECONDS)

    def look(self) -> None:
        """One round: note deaths, start again what has waited long enough."""
        now = time.monotonic()
        for running in self.running:
            if running.start_again_at is not None:
                if now >= running.start_again_at:
                    running.start_again_at = None
                    running.child = self._spawn(running.part)
            elif running.child.poll() is not None:
                self._note_death(running, now)

    def _note_death(self, running: Running, now: float) -> None:
        self.guardian.remove(running.child.pid)
        children.kill_group(running.child.pid)
        deaths = running.deaths
        deaths.append(now)
        while now - deaths[0] > DEATHS_WINDOW_SECONDS:
            deaths.popleft()
        if len(deaths) > MAX_DEATHS:
            raise LaunchError(
                self._sentence(
                    running.part, f"s'est arrêté {len(deaths)} fois en une minute : tout est arrêté"
                )
            )
        pause = min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (len(deaths) - 1))
        running.start_again_at = now + pause
        self.say(f"{running.part.label} s'est arrêté ; redémarrage dans {pause:g} s.".replace(".5 s", ",5 s"))

    def stop(self) -> None:
        """Stop wave by wave, last started first: the servers outlive the parts that use them."""
        self.stopping = True
        for wave in sorted({running.wave for running in self.running}, reverse=True):
            together = [r for r in self.running if r.wave == wave and r.start_again_at is None]
            for running in together:
                children.ask(running.child, running.part.stop_signal)
            for running in together:
                children.finish(running.child, running.part.stop_seconds)
                self.guardian.remove(running.child.pid)
        self.running.clear()
