"""The archiving of deploy/archives.yml and the way back of docs/sauvegarde.md, played on a real PostgreSQL."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from portal.launcher import binaries, children, unprivileged
from portal.launcher.place import ROOT
from portal.launcher.postgres import UNSAFE, Cluster
from tests.support.processes import wait_until

DOCUMENT = (ROOT / "docs" / "sauvegarde.md").read_text()
pytestmark = pytest.mark.security("REL-12")


def options(archives: Path) -> tuple[str, ...]:
    """What the file adds to the server's command line, with its folder moved to ours."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "archives.yml").read_text())
    words = content["services"]["db"]["command"]
    assert words[0] == "postgres"
    assert set(words[1::2]) == {"-c"}
    return tuple(option.replace("/archives/", f"{archives}/") for option in words[2::2])


@pytest.fixture
def archives(short_folder: Path) -> Path:
    folder = short_folder / "archives"
    folder.mkdir()
    return folder


@pytest.fixture
def cluster(short_folder: Path, archives: Path) -> Iterator[Cluster]:
    disguise = unprivileged.choose()
    short_folder.chmod(0o711)
    made = Cluster(
        short_folder / "un",
        short_folder / "s",
        short_folder / "un.log",
        disguise,
        (*UNSAFE[:1], *options(archives)),
    )
    made.make()
    disguise.give(archives)
    child = made.start()
    yield made
    children.stop(child)


def test_five_minutes_at_most_are_lost() -> None:
    assert "archive_timeout=300" in options(Path("/archives"))
    assert "**5 minutes**" in DOCUMENT


def test_a_committed_row_comes_back_and_a_later_mistake_does_not(
    cluster: Cluster, archives: Path, short_folder: Path
) -> None:
    cluster.ensure_database()
    with psycopg.connect(cluster.url(), autocommit=True) as link:
        link.execute("create table note (text text)")
        link.execute("insert into note values ('avant la copie')")
        start = base_backup(cluster, archives)
        link.execute("insert into note values ('après la copie')")
        (instant,) = link.execute("select clock_timestamp()::text").fetchone() or ("",)
        link.execute("select pg_sleep(0.05)")
        link.execute("truncate note")
        (last,) = link.execute("select pg_walfile_name(pg_switch_wal())").fetchone() or ("",)
    wait_until(lambda: (archives / last).exists(), 20, "the archive of the last log")
    assert not list(archives.glob(".0*"))
    again = recover(cluster, start, archives, instant, short_folder)
    child = again.start()
    try:
        with psycopg.connect(again.url()) as link:
            wait_until(
                lambda: link.execute("select not pg_is_in_recovery()").fetchone() == (True,),
                30,
                "the opening",
            )
            assert link.execute("select text from note order by 1").fetchall() == [
                ("après la copie",),
                ("avant la copie",),
            ]
    finally:
        children.stop(child)


def base_backup(cluster: Cluster, archives: Path) -> Path:
    """The command of the document, word for word but for where the server is."""
    command = re.search(r"pg_basebackup ((?:.|\\\n)*?)\n(?!  )", DOCUMENT)
    assert command is not None
    words = command.group(1).replace("\\\n", " ").split()
    target = archives / "depart"
    words[words.index("--pgdata") + 1 :] = [str(target)]
    program = binaries.postgres_bin() / "pg_basebackup"
    run = subprocess.run(
        [*cluster.disguise.prefix, str(program), "--host", str(cluster.sockets), *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return target


def recover(cluster: Cluster, start: Path, archives: Path, instant: str, folder: Path) -> Cluster:
    """The steps of the document, on another data folder."""
    data = folder / "deux"
    data.mkdir(mode=0o700)
    with tarfile.open(start / "base.tar.gz") as packed:
        packed.extractall(data, filter="data")
    shutil.rmtree(start)
    (data / "recovery.signal").touch()
    lines = re.findall(r"^(?:restore_command|recovery_\w+) = .*$", DOCUMENT, re.MULTILINE)
    assert len(lines) == 3
    text = "\n".join(lines).replace("/archives/", f"{archives}/")
    text = re.sub(r"(recovery_target_time = )'.*'", rf"\1'{instant}'", text)
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write(f"{text}\n")
    data.chmod(0o700)
    cluster.disguise.give(data)
    return Cluster(data, folder / "s2", folder / "deux.log", cluster.disguise, cluster.options)
