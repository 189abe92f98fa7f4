"""The real command, from nothing to nothing: everything answers, then no process is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from portal.launcher import parts, ports, postgres
from portal.launcher.checks import CHECK_EMAIL
from portal.launcher.place import OFFSETS, ROOT, Place
from tests.support.processes import wait_until

READY = "Ctrl-C pour arrêter."
COMMAND = [sys.executable, "-m", "portal.launcher"]


class Run:
    """One `bin/run` with everything embedded, on free ports and data of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = ports.free_base(list(OFFSETS.values()))
        self.log = folder / "sortie.log"
        self.started: list[subprocess.Popen[bytes]] = []

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
        return {**kept, "VAR_DIR": str(self.folder / "var"), "PORT": str(self.port), **more}

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as output:
            process = subprocess.Popen(
                COMMAND, cwd=ROOT, env=self.environment(), stdout=output, stderr=output
            )

        self.started.append(process)

        def ready() -> bool:
            assert process.poll() is None, self.log.read_text()
            return READY in self.log.read_text()

        wait_until(ready, 300, "the portal's start")
        return process

    def running(self) -> subprocess.Popen[bytes]:
        """The portal of this file, started when it is not: several tests look at the same one."""
        last = self.started[-1] if self.started else None
        return last if last is not None and last.poll() is None else self.start()

    def once(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *words],
            cwd=ROOT,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )

    def processes(self) -> list[str]:
        """Command lines of everything that belongs to this instance, found by its environment or its words."""
        mark = str(self.folder)
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ")
                around = (process / "environ").read_bytes().decode("utf-8", "replace")
            except OSError:
                continue
            if words and (mark in words or mark in around):
                found.append(words)
        return found


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    run = Run(tmp_path_factory.mktemp("depart"))
    yield run
    for process in run.started:
        if process.poll() is None:
            process.terminate()
            process.wait(40)
    assert run.processes() == []


@pytest.mark.security("REL-11")
def test_everything_starts_answers_and_is_checked_beside(run: Run) -> None:
    run.running()
    assert httpx.get(f"http://127.0.0.1:{run.port}/sante/pret", timeout=30).status_code == 200
    assert received(run) == []
    names = " ".join(run.processes())
    for part in ("postgres", "valkey-server", "gunicorn", "celery", "smtp_catcher", "sms_gateway"):
        assert part in names
    second = run.once()
    assert second.returncode == 1
    assert "tourne déjà sur ces données" in second.stderr
    checked_beside(run)


def checked_beside(run: Run) -> None:
    """The self-check leaves the running portal alone: ports and data of its own, and every part says OK."""
    checked = run.once("--check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "données temporaires" in checked.stdout
    lines = [line for line in checked.stdout.splitlines() if line.startswith(("OK", "ÉCHEC"))]
    assert len(lines) >= 10
    assert all(line.startswith("OK") for line in lines)
    for word in ("Courriel", "SMS", "connexion", "PostgreSQL", "Valkey"):
        assert word in checked.stdout
    assert received(run) == []


def received(run: Run) -> list[str]:
    """What the self-check's own addressee was sent by this portal."""
    listed = httpx.get(f"http://127.0.0.1:{run.port}/demo/messages.json", params={"to": CHECK_EMAIL}).json()
    return [message["text"] for message in listed]


@pytest.mark.security("DAT-6")
def test_what_serves_and_works_owns_no_table(run: Run) -> None:
    run.running()
    servers = json.loads((run.folder / "var" / "enrs-idf" / "serveurs.json").read_text())
    httpx.get(f"http://127.0.0.1:{run.port}/connexion/", timeout=30)
    with psycopg.connect(servers["DATABASE_URL"]) as connection:
        found = connection.execute(
            "SELECT DISTINCT usename FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
        assert found == [(postgres.APPLICATION,)]
        owned = "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = %s"
        assert connection.execute(owned, [postgres.APPLICATION]).fetchone() == (0,)


@pytest.mark.security("REL-12")
def test_the_demo_is_saved_while_it_runs_and_restored_in_another_folder(run: Run) -> None:
    run.running()
    key, other = run.folder / "cle", run.folder / "autre-cle"
    key.write_text("0123456789abcdefghijklmnopqrstuvwxyz-cle-de-sauvegarde\n")
    other.write_text("une-autre-cle-tout-aussi-longue-que-la-premiere-0123\n")
    saved = subprocess.run(
        [sys.executable, "manage.py", "sauvegarder", str(run.folder / "f"), "--cle", str(key)],
        **{"cwd": ROOT, "env": run.environment(), "capture_output": True, "text": True, "timeout": 120},
        check=False,
    )
    assert saved.returncode == 0, saved.stderr
    # Beside the one that runs: on ports of its own.
    apart = {"VAR_DIR": str(run.folder / "restaure"), "PORT": str(ports.free_base(list(OFFSETS.values())))}
    place = run.folder / "restaure"
    refused = run.once("--restaurer", str(run.folder / "f"), "--cle", str(other), **apart)
    assert refused.returncode == 1
    assert "n'est pas celle de cette sauvegarde" in refused.stderr
    done = run.once("--restaurer", str(run.folder / "f"), "--cle", str(key), **apart)
    assert done.returncode == 0, done.stderr
    assert "empreintes identiques" in done.stdout
    kept = json.loads((run.folder / "var" / "enrs-idf" / "secrets.json").read_text())
    assert json.loads((place / "enrs-idf" / "secrets.json").read_text()) == kept
    again = run.once("--restaurer", str(run.folder / "f"), "--cle", str(key), **apart)
    assert again.returncode == 1
    assert "contient déjà des données" in again.stderr


@pytest.mark.security("REL-11")
def test_a_killed_supervisor_leaves_nobody_and_the_next_start_works_then_stops_without_orphan(
    run: Run,
) -> None:
    process, described = run.running(), run.folder / "var" / "enrs-idf" / "demo.json"
    people = json.loads(described.read_text())["people"]
    assert people
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: run.processes() == [], 60, "nobody left")
    again = run.start()
    assert json.loads(described.read_text())["people"] == people
    again.send_signal(signal.SIGINT)
    assert again.wait(60) == 0
    assert run.processes() == []
    assert "Tout est arrêté." in run.log.read_text()
    assert not described.with_name("serveurs.json").exists()
    place = Place(plateforme="enrs-idf", port=run.port, var=run.folder / "var", given={})
    assert not parts.counters_folder(place).exists()


def test_outside_servers_are_used_and_one_that_does_not_answer_fails_the_check(run: Run) -> None:
    servers = {
        "DATABASE_URL": os.environ["DATABASE_URL"],
        "REDIS_URL": os.environ["REDIS_URL"].split("?")[0] + "?db=28",
        "EMAIL_URL": f"smtp://127.0.0.1:{run.port + 31}",
        "VAR_DIR": str(run.folder / "autre"),
    }
    checked = run.once("--check", **servers)
    assert checked.returncode == 1
    assert "ÉCHEC  Courriel" in checked.stdout
    assert "OK     SMS" in checked.stdout
    assert not (run.folder / "autre" / "enrs-idf" / "postgresql").exists()
