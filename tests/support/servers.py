"""One embedded PostgreSQL and one Valkey per pytest run, given to the settings by the environment.

Loaded by `-p tests.support.servers` (pyproject), so before pytest-django reads the settings.
The process that starts pytest starts the servers; pytest-xdist workers inherit their addresses and take
a pair of Valkey databases each. A DATABASE_URL or REDIS_URL given by the caller is used as it is.
The servers carry a parent-death signal: even a killed run leaves none behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from portal.launcher import children, postgres, unprivileged, valkey

PREFIX = "portail-test-"
DATABASES_PER_WORKER = 2
WORKERS = 16


class Servers:
    """What this process started, to be stopped at the end of the run."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self._lock: int | None = None
        self._children: list[tuple[subprocess.Popen[bytes], signal.Signals]] = []

    def start(self) -> None:
        """Start what the environment does not name, and name it there."""
        if "DATABASE_URL" not in os.environ:
            os.environ["DATABASE_URL"] = self._start_postgres()
        if "REDIS_URL" not in os.environ:
            os.environ["REDIS_URL"] = self._start_valkey()

    def stop(self) -> None:
        for child, sig in reversed(self._children):
            children.stop(child, sig, seconds=5)
        self._children.clear()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _make_folder(self) -> Path:
        if self.folder is None:
            _sweep()
            self.folder = Path(
                tempfile.mkdtemp(prefix=PREFIX, dir="/tmp")
            )  # short: socket paths hold 107 bytes
            self._lock = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            os.set_inheritable(self._lock, False)
        return self.folder

    def _start_postgres(self) -> str:
        folder = self._make_folder()
        disguise = unprivileged.choose()
        if disguise.owner is not None:
            folder.chmod(0o711)
        cluster = postgres.Cluster(folder / "pg", folder / "s", folder / "pg.log", disguise, postgres.UNSAFE)
        cluster.make()
        self._children.append((cluster.start(), signal.SIGINT))
        cluster.ensure_database()
        return cluster.url()

    def _start_valkey(self) -> str:
        folder = self._make_folder()
        broker = valkey.Broker(folder / "v", folder / "valkey.log", databases=DATABASES_PER_WORKER * WORKERS)
        self._children.append((broker.start(), signal.SIGTERM))
        return broker.url()


def take_database_pair(worker: str) -> None:
    """Move this xdist worker ("gw3") to its own pair of Valkey databases."""
    number = int(worker.removeprefix("gw")) + 1
    base = os.environ["REDIS_URL"].split("?", 1)[0]
    os.environ["REDIS_URL"] = f"{base}?db={number * DATABASES_PER_WORKER}"


def _sweep() -> None:
    """Remove the folders of runs that were killed: nobody holds their lock any more."""
    for folder in Path("/tmp").glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            lock = os.open(folder / "lock", os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


_servers = Servers()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    """Runs around pytest-django's own hook, which reads the settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.test")
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        take_database_pair(worker)
    else:
        _servers.start()
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    _servers.stop()
