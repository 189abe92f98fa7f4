"""Parts start in order, come back when they die, and never outlive the supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.launcher.errors import LaunchError
from portal.launcher.guardian import Guardian
from portal.launcher.place import ROOT
from portal.launcher.supervisor import MAX_DEATHS, Part, Supervisor
from tests.run.test_embedded_servers import alive
from tests.support.processes import wait_until

SLEEP = (sys.executable, "-S", "-c", "import time; time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-S",
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[str]) -> Iterator[Supervisor]:
    lock = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    guardian = Guardian(tmp_path / "sockets", lock)
    supervisor = Supervisor(tmp_path / "logs", os.environ, guardian, said.append)
    yield supervisor
    supervisor.stop()
    guardian.dismiss()
    os.close(lock)


def part(key: str = "sommeil", command: tuple[str, ...] = SLEEP, **fields: object) -> Part:
    return Part(key=key, label=f"La partie {key}", command=command, cwd=ROOT, **fields)  # type: ignore[arg-type]


def test_a_part_that_dies_is_started_again_after_a_pause(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start(part())
    first = supervisor.running[0].child
    first.kill()
    first.wait()
    supervisor.look()
    assert said == ["La partie sommeil s'est arrêté ; redémarrage dans 0,5 s."]
    assert supervisor.running[0].child is first
    time.sleep(0.6)
    supervisor.look()
    assert alive(supervisor.running[0].child.pid)
    assert supervisor.running[0].child.pid != first.pid


def test_pauses_grow_and_a_part_that_keeps_dying_stops_all(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start(part(command=(sys.executable, "-S", "-c", "print('la raison')")))
    with pytest.raises(LaunchError, match="tout est arrêté") as caught:
        for _ in range(MAX_DEATHS + 1):
            supervisor.running[0].child.wait(10)
            supervisor.look()
            supervisor.running[0].start_again_at = 0.0
            supervisor.look()
    assert "la raison" in str(caught.value)
    assert [line.split("dans ")[1] for line in said] == ["0,5 s.", "1 s.", "2 s.", "4 s.", "8 s."]


def test_a_part_that_falls_at_once_is_told_with_the_end_of_its_log(supervisor: Supervisor) -> None:
    broken = part(
        command=(sys.executable, "-S", "-c", "raise SystemExit('plus de place')"), ready=lambda: False
    )
    with pytest.raises(LaunchError, match="plus de place"):
        supervisor.start(broken)


def test_a_part_that_never_answers_is_told(supervisor: Supervisor) -> None:
    with pytest.raises(LaunchError, match="ne répond pas"):
        supervisor.start(part(ready=lambda: False, ready_seconds=0.2))


def test_stopping_ends_the_last_wave_first_and_kills_the_deaf(supervisor: Supervisor, tmp_path: Path) -> None:
    order: list[str] = []
    script = (
        "import signal, sys, time;"
        "signal.signal(signal.SIGTERM, lambda *a: (open({!r}, 'a').write({!r}), sys.exit()))"
    )
    ready = "; print('x', flush=True); time.sleep(60)"
    file = str(tmp_path / "order")
    for key in ("base", "web"):
        command = (sys.executable, "-S", "-c", script.format(file, f"{key} ") + ready)
        one = part(key, command)
        supervisor.start(one)
        wait_until(lambda one=one: supervisor.log_of(one).read_text(), what="the part listening to signals")
    deaf = part("sourde", STUBBORN, stop_seconds=0.3)
    supervisor.start(deaf)
    wait_until(lambda: supervisor.log_of(deaf).read_text(), what="the deaf part running")
    pids = [running.child.pid for running in supervisor.running]
    supervisor.stop()
    order = Path(file).read_text().split()
    assert order == ["web", "base"]
    assert not any(alive(pid) for pid in pids)


def test_grandchildren_go_too_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    """The part ignores its parent-death signal and has a child of its own: only the guardian can end them."""
    child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    command = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"p = subprocess.Popen([sys.executable, '-S', '-c', {child!r}]); print(p.pid, flush=True); time.sleep(60)"
    )
    script = f"""
import os, sys, time
from pathlib import Path
from portal.launcher import guardian
from portal.launcher.supervisor import Part, Supervisor
folder = Path({str(tmp_path)!r})
(folder / "sockets").mkdir()
keeper = guardian.Guardian(folder / "sockets", os.open(folder / "lock", os.O_CREAT | os.O_RDWR))
supervisor = Supervisor(folder / "logs", os.environ, keeper, print)
supervisor.start(Part("deux", "Deux", (sys.executable, "-S", "-c", {command!r}), Path("/")))
print(supervisor.running[0].child.pid, flush=True)
time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    log = tmp_path / "logs" / "deux.log"
    pids = [int(process.stdout.readline())]
    pids.append(int(wait_until(lambda: log.exists() and log.read_text().strip(), what="the grandchild")))
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    wait_until(lambda: not any(alive(pid) for pid in pids), 20, "no orphan")
    wait_until(lambda: not (tmp_path / "sockets").exists(), 5, "the socket folder gone")
