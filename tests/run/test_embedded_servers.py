"""PostgreSQL and Valkey from wheels: made once, started anywhere, stale files cleared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from portal.launcher import children, unprivileged
from portal.launcher.errors import LaunchError
from portal.launcher.place import ROOT
from portal.launcher.postgres import UNSAFE, Cluster
from portal.launcher.valkey import Broker
from tests.support.processes import wait_until


def a_cluster(folder: Path, disguise: unprivileged.Disguise | None = None) -> Cluster:
    return Cluster(folder / "pg", folder / "s", folder / "pg.log", disguise or unprivileged.choose(), UNSAFE)


def started_and_asked(cluster: Cluster) -> str:
    cluster.make()
    child = cluster.start()
    try:
        cluster.ensure_database()
        with psycopg.connect(cluster.url()) as connection:
            return str(connection.execute("select upper('é')").fetchone()[0])  # type: ignore[index]
    finally:
        children.stop(child, signal.SIGINT)


def test_a_cluster_is_made_once_and_serves_french_letters(short_folder: Path) -> None:
    cluster = a_cluster(short_folder)
    assert started_and_asked(cluster) == "É"
    assert cluster.make() is False


def test_a_cluster_below_a_very_long_closed_folder_starts(short_folder: Path) -> None:
    deep = short_folder / ("dossier-au-nom-interminable" * 3) / ("encore-plus-profond" * 4)
    deep.mkdir(parents=True, mode=0o700)
    short_folder.chmod(0o700)
    cluster = Cluster(deep / "pg", short_folder / "s", deep / "pg.log", unprivileged.choose(), UNSAFE)
    assert started_and_asked(cluster) == "É"


def test_a_half_made_cluster_is_thrown_away_and_made_again(short_folder: Path) -> None:
    cluster = a_cluster(short_folder)
    for remains in (cluster.data, cluster.data.with_name("pg.en-cours")):
        (remains / "base").mkdir(parents=True)
    assert cluster.make() is True
    assert started_and_asked(cluster) == "É"


@pytest.mark.parametrize(
    "content",
    ["", "not a number\n", f"{os.getpid()}\n/elsewhere\n"],
    ids=["empty", "words", "another process"],
)
def test_a_stale_pid_file_does_not_stop_the_next_start(short_folder: Path, content: str) -> None:
    cluster = a_cluster(short_folder)
    cluster.make()
    (cluster.data / "postmaster.pid").write_text(content)
    assert started_and_asked(cluster) == "É"


def test_a_server_left_behind_is_ended_before_the_next_start(short_folder: Path) -> None:
    cluster = a_cluster(short_folder)
    cluster.make()
    left = cluster.start()
    assert started_and_asked(cluster) == "É"
    assert left.wait(10) is not None


def test_without_user_namespaces_root_becomes_nobody(short_folder: Path) -> None:
    ways = (
        unprivileged.switched_user() if os.geteuid() == 0 else [unprivileged.choose(), unprivileged.choose()]
    )
    short_folder.chmod(0o711)
    for number, way in enumerate(ways[:2]):
        folder = short_folder / str(number)
        folder.mkdir()
        assert started_and_asked(a_cluster(folder, way)) == "É"


def test_an_ordinary_account_needs_no_disguise() -> None:
    assert unprivileged.choose(uid=65534) == unprivileged.Disguise("direct")


def test_a_machine_that_forbids_every_way_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unprivileged, "_works", lambda candidate: False)
    with pytest.raises(LaunchError, match="DATABASE_URL"):
        unprivileged.choose(uid=0)


def test_a_failing_initdb_is_told_with_its_reason(short_folder: Path) -> None:
    refused = unprivileged.Disguise("refus", ("sh", "-c", "echo 'No space left on device' >&2; exit 1"))
    cluster = a_cluster(short_folder, refused)
    with pytest.raises(LaunchError, match="No space left on device"):
        cluster.make()
    assert not cluster.data.exists()


def test_valkey_answers_on_its_socket_and_refuses_to_drop_keys(short_folder: Path) -> None:
    import redis  # noqa: PLC0415

    broker = Broker(short_folder / "v", short_folder / "log")
    child = broker.start()
    try:
        with redis.Redis.from_url(broker.url()) as client:
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    finally:
        children.stop(child)
    assert not broker.answers()


def test_servers_end_when_their_starter_is_killed(short_folder: Path) -> None:
    script = f"""
import time
from pathlib import Path
from portal.launcher import unprivileged
from portal.launcher.postgres import Cluster
from portal.launcher.valkey import Broker
folder = Path({str(short_folder)!r})
cluster = Cluster(folder / "pg", folder / "s", folder / "pg.log", unprivileged.choose(), ("fsync=off",))
cluster.make(); one = cluster.start(); two = Broker(folder / "v", folder / "v.log").start()
print(one.pid, two.pid, flush=True)
time.sleep(60)
"""
    starter = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert starter.stdout is not None
    pids = [int(word) for word in starter.stdout.readline().split()]
    assert len(pids) == 2
    starter.kill()
    starter.wait()
    starter.stdout.close()
    wait_until(lambda: not any(alive(pid) for pid in pids), what="both servers gone")


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
