"""Several processes answer: /metriques tells what they all did, whichever of them is asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.mmap_dict import MmapedDict

from portal.launcher.parts import WEB_WORKERS, gunicorn
from portal.launcher.place import ROOT
from tests.support.processes import free_port, listens, wait_until

pytestmark = pytest.mark.security("REL-13")
COUNTED = "django_http_requests_total_by_method_total"


class Server:
    """The portal as `bin/run` serves it, with a folder of counters that a former start left dirty."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        folder.mkdir()
        (folder / "counter_1.db").write_bytes(b"reste d'un autre d\xc3\xa9part")
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "portal.settings.test",
            "PROMETHEUS_MULTIPROC_DIR": str(folder),
        }
        self.process = subprocess.Popen(
            gunicorn("portal.wsgi:application", self.port),
            cwd=ROOT,
            env=environment,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self.answers, 60, "the portal's answer")

    def answers(self) -> bool:
        assert self.process.poll() is None
        try:
            return self.get("/sante/vivant").status_code == 200
        except httpx.TransportError:
            return False

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers={"Host": "localhost"}, timeout=20)

    def told(self) -> float:
        """Requests counted, the present one included."""
        lines = self.get("/metriques").text.splitlines()
        (line,) = [one for one in lines if one.startswith(f'{COUNTED}{{method="GET"}}')]
        return float(line.rsplit(" ", 1)[1])

    def by_worker(self) -> dict[int, float]:
        """What each process wrote of the same counter, by its number."""
        found = {}
        for file in self.folder.glob("counter_*.db"):
            values = MmapedDict.read_all_values_from_file(str(file))
            found[int(file.stem.split("_")[1])] = sum(value for key, value, *_ in values if COUNTED in key)
        return found

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    started = Server(tmp_path / "compteurs")
    yield started
    started.process.send_signal(signal.SIGTERM)
    assert started.process.wait(30) == 0


def test_counters_add_up_over_the_workers_and_outlive_one(server: Server) -> None:
    assert len(server.workers()) == WEB_WORKERS == 2

    def both_answered() -> bool:
        server.get("/sante/vivant")
        served = [count for count in server.by_worker().values() if count]
        return len(served) == 2

    wait_until(both_answered, 30, "an answer of each worker")
    start = server.told()
    for _ in range(20):
        server.get("/sante/vivant")
    assert [server.told() - start for _ in range(4)] == [21, 22, 23, 24]
    assert sum(server.by_worker().values()) == start + 24

    before, gone = server.told(), server.workers()[0]
    os.kill(gone, signal.SIGTERM)
    wait_until(lambda: len(server.workers()) == 2 and gone not in server.workers(), 30, "another worker")
    assert server.told() > before


def test_without_a_folder_one_is_made_and_removed(tmp_path: Path) -> None:
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("PROMETHEUS")},
        "DJANGO_SETTINGS_MODULE": "portal.settings.test",
        "TMPDIR": str(tmp_path),
    }
    port = free_port()
    command = gunicorn("portal.launcher.bench.bare_form:application", port)
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: listens(port), 30, "the server")
        assert len(list(tmp_path.glob("portail-compteurs-*"))) == 1
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert not list(tmp_path.iterdir())
    assert sys.executable in command
