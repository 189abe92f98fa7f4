"""What a person meets when something is in the way: one clear French sentence."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portal.launcher import cli, demo_file, instance, parts, place, ports, prepare
from portal.launcher.errors import LaunchError
from portal.launcher.lock import FolderLock, InstanceRunning
from portal.launcher.place import Place
from tests.support.processes import free_port, wait_until


def a_place(var: Path, **fields: Any) -> Place:
    return Place(**{"plateforme": "enrs-idf", "port": 8000, "var": var, "given": {}, **fields})


def test_everything_moves_with_port() -> None:
    found = place.read({"PORT": "9100"})
    assert [found.port_of(key) for key in ("web", "psc", "psc_wallet", "partner", "smtp", "sms")] == [
        *(9100, 9110, 9111, 9120, 9130, 9140)
    ]
    environment = found.environment("postgresql:///x", "unix:///y")
    assert environment["EMAIL_URL"] == "smtp://127.0.0.1:9130"
    assert environment["SMS_URL"] == "http://127.0.0.1:9140/sms"
    assert environment["SITE_URL"] == "http://localhost:9100"


@pytest.mark.security("REL-11")
def test_the_figures_of_the_web_processes_are_kept_in_memory(tmp_path: Path) -> None:
    """A process that writes to a mapped file on a full disk is killed: the data folder is where disks fill."""
    memory = tmp_path / "memoire"
    memory.mkdir()
    here, there = a_place(tmp_path / "a"), a_place(tmp_path / "b")
    folder = parts.counters_folder(here, memory)
    assert folder.parent == memory
    assert not folder.exists(), "told, not made"
    folder.mkdir()
    assert parts.counters_folder(here, memory) == folder
    assert parts.counters_folder(there, memory) != folder
    folder.rmdir()
    folder.symlink_to(tmp_path)
    assert parts.counters_folder(here, memory) == here.folder / "compteurs", "somebody else's trap"
    assert parts.counters_folder(here, tmp_path / "absent") == here.folder / "compteurs"


@pytest.mark.parametrize("value", ["0", "65500", "huit", "-1", "80.5"])
def test_a_port_that_cannot_be_is_refused(value: str) -> None:
    with pytest.raises(LaunchError, match="PORT vaut"):
        place.read({"PORT": value})


@pytest.mark.parametrize("name", ["inconnue", "../etc", "ENRS"])
def test_an_unknown_platform_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(LaunchError, match="enrs-idf"):
        place.read({"PLATEFORME": name})


def test_outside_servers_replace_the_embedded_ones() -> None:
    given = {"DATABASE_URL": "postgresql://u:secret@db/p", "EMAIL_URL": "smtp://relay:25", "SMS_URL": ""}
    found = place.read(given)
    assert set(found.given) == {"DATABASE_URL", "EMAIL_URL"}
    played = [part.key for part in parts.stand_ins(found)]
    assert "sms" in played and "psc" in played and "smtp" not in played
    real = place.read({**given, "PSC_ENVIRONMENT": "bas"})
    assert "psc" not in [part.key for part in parts.stand_ins(real)]
    assert found.environment("ignored", "unix:///y")["DATABASE_URL"] == given["DATABASE_URL"]
    assert instance.uses(found) == ["DATABASE_URL : postgresql://…@db/p", "EMAIL_URL : smtp://relay:25"]


@pytest.mark.security("DAT-6")
def test_no_secret_stands_in_a_process_list(tmp_path: Path) -> None:
    found = a_place(tmp_path, given={"DATABASE_URL": "postgresql://u:motdepasse@db/p"})
    words = [word for part in [*parts.product(found), *parts.stand_ins(found)] for word in part.command]
    assert not any("motdepasse" in word for word in words)


def test_a_taken_port_names_the_part_and_the_holder(tmp_path: Path) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        port = sock.getsockname()[1]
        with pytest.raises(LaunchError) as caught:
            ports.require_free(port, "le portail web")
        assert f"Le port {port} (le portail web) est déjà pris par" in str(caught.value)
        assert f"(processus {os.getpid()})" in str(caught.value)
    ports.require_free(port, "le portail web")


def test_each_part_that_listens_is_checked_before_anything_starts(tmp_path: Path) -> None:
    base = free_port()
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", base))
        sock.listen()
        candidate = instance.Instance(a_place(tmp_path, port=base - 30), print)
        with pytest.raises(LaunchError, match=r"serveur de courriels d'essai\) est déjà pris"):
            candidate.start()
        candidate.stop()
    assert not (tmp_path / "enrs-idf" / "postgresql").exists()


def test_a_second_start_on_the_same_data_is_refused_and_harmless(tmp_path: Path) -> None:
    found = a_place(tmp_path)
    first = FolderLock(found.folder)
    first.take("http://localhost:8000")
    found.demo_file.write_text("{}")
    second = instance.Instance(found, print)
    with pytest.raises(InstanceRunning, match="http://localhost:8000"):
        second.start()
    second.stop()
    assert found.demo_file.exists()
    os.close(first.fd)


def test_a_lock_file_left_by_a_dead_process_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "verrou").write_text('{"pid": 4000000, "address": "http://localhost:1"}')
    FolderLock(tmp_path).take("http://localhost:2")
    assert json.loads((tmp_path / "verrou").read_text())["pid"] == os.getpid()


def test_a_start_waits_for_the_guardian_of_a_killed_one(tmp_path: Path) -> None:
    """The lock is still held, its owner is dead: its children are being stopped."""
    holder = (
        "import fcntl, os, sys, time;"
        "fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT); fcntl.flock(fd, fcntl.LOCK_EX);"
        "os.write(fd, b'{\"pid\": 4000000}'); print('held', flush=True); time.sleep(1)"
    )
    command = [sys.executable, "-S", "-c", holder, str(tmp_path / "verrou")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        FolderLock(tmp_path).take("http://localhost:2")
        wait_until(lambda: process.poll() is not None, what="the holder gone")


def test_a_full_disk_is_told_before_anything_is_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = prepare.shutil.disk_usage(tmp_path)._replace(free=30_000_000)
    monkeypatch.setattr(prepare.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(LaunchError, match="Le disque est presque plein : il reste 30 Mo"):
        prepare.require_room(a_place(tmp_path))


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "fichier").write_text("")
    candidate = instance.Instance(a_place(tmp_path / "fichier"), print)
    with pytest.raises(
        LaunchError, match=r"Écriture impossible dans .* : un fichier est là où il faut un dossier"
    ):
        candidate.start()
    candidate.stop()


def people_of(found: Place, content: Any) -> None:
    found.folder.mkdir(parents=True)
    found.people_file.write_text(json.dumps(content))


@pytest.mark.security("DAT-6")
def test_demo_json_is_private_and_holds_addresses_people_and_clients(tmp_path: Path) -> None:
    found = a_place(tmp_path, port=9000)
    person = {
        "login": "c.martin",
        "password": "Essai!2026",
        "role": "libérale",
        "rpps": "99700000001",
        "card_pin": "1234",
    }
    people_of(found, {"people": [person], "openid_clients": []})
    demo_file.write(found)
    content = json.loads(found.demo_file.read_text())
    assert found.demo_file.stat().st_mode & 0o777 == 0o600
    assert content["people"] == [person]
    assert content["openid_clients"] == []
    assert content["addresses"]["portal"] == "http://localhost:9000"
    assert content["addresses"]["messages_json"] == "http://localhost:9000/demo/messages.json"


def test_people_may_also_be_a_bare_list(tmp_path: Path) -> None:
    found = a_place(tmp_path)
    people_of(found, [{"login": "a"}])
    assert demo_file.read_people(found) == [{"login": "a"}]
    assert demo_file.read_clients(found) == []


def test_the_command_explains_itself_and_refuses_unknown_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    assert "Ctrl-C arrête tout" in capsys.readouterr().out
    assert cli.main(["--chek"]) == 2
    assert "« --chek » n'est pas compris" in capsys.readouterr().err


def test_a_terminal_that_is_gone_does_not_keep_the_parts_from_being_stopped() -> None:
    script = "import sys; from portal.launcher.cli import say; say('un'); say('deux'); print('fin', file=sys.stderr)"
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", script]
    run = subprocess.run(
        command, stdout=writing, stderr=subprocess.PIPE, text=True, cwd=place.ROOT, check=False
    )
    os.close(writing)
    assert (run.returncode, run.stderr) == (0, "fin\n")


def test_a_command_that_does_not_end_is_told_and_not_a_crash() -> None:
    run = prepare.run_once({}, "-c", "import time; time.sleep(20)", seconds=0.2)
    assert run.returncode == 1
    assert "la machine est très chargée" in run.stderr


def test_a_checkout_that_cannot_be_written_is_told_in_french(short_folder: Path) -> None:
    """As an account that may read the folder only: nobody, when the tests are root's."""
    (short_folder / "bin").mkdir()
    for name in ("_environnement", "run"):
        shutil.copy(place.ROOT / "bin" / name, short_folder / "bin")
    for lock in ("requirements-demo.lock", "requirements-test.lock"):
        shutil.copy(place.ROOT / lock, short_folder)
    short_folder.chmod(0o555)
    disguise = ["setpriv", "--reuid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    command = [*disguise, str(short_folder / "bin" / "run")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    short_folder.chmod(0o755)
    assert run.returncode == 1
    assert f"ne peut pas écrire dans {short_folder}" in run.stderr
    assert "Permission denied" not in run.stderr
