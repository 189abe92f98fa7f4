"""An embedded PostgreSQL: cluster made once, server started as a child on a private Unix socket."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from portal.launcher import binaries, children
from portal.launcher.errors import LaunchError
from portal.launcher.unprivileged import Disguise

USER = "portail"
# They own nothing; what they may do is given by the migrations (portal.common.database_rights).
APPLICATION, READER = f"{USER}_application", f"{USER}_lecture"
PORT = 5432
START_SECONDS = 60
_INITDB = (
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C.UTF-8",
    "--auth=trust",
)
_SERVER = (
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "timezone=UTC",
    "log_timezone=UTC",
    "max_connections=100",
    "shared_buffers=128MB",
    # A national file is written in one transaction, a gigabyte of log: with the 4 MB that go with these buffers the
    # import waits for the log at each page, and checkpoints fall in the middle of it.
    "wal_buffers=64MB",
    "max_wal_size=4GB",
    # Nobody copies this log: it holds what a recovery needs, and the first load of a table needs none of it.
    "wal_level=minimal",
    "max_wal_senders=0",
    # A refused row is quoted in DETAIL, and a statement holds what somebody typed: neither in a log (DAT-2).
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
)
# For clusters that die with the test run only: nothing there needs to survive a power cut.
UNSAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum_naptime=1h")


@dataclass(frozen=True)
class Cluster:
    """A data folder, the short folder of its socket, and how to run its programs."""

    data: Path
    sockets: Path
    log: Path
    disguise: Disguise
    options: tuple[str, ...] = ()

    def url(self, database: str = USER, *, user: str = USER) -> str:
        """libpq form with the socket folder in the query: works with a path of any characters."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.sockets))}"

    def make(self) -> bool:
        """Make the cluster if there is none; True when made. A half-made one is thrown away first."""
        unfinished = self.data.with_name(self.data.name + ".en-cours")
        shutil.rmtree(unfinished, ignore_errors=True)
        if (self.data / "PG_VERSION").is_file():
            return False
        shutil.rmtree(self.data, ignore_errors=True)
        unfinished.mkdir(parents=True, mode=0o700)
        self.disguise.give(unfinished)
        command = [str(binaries.postgres_bin() / "initdb"), "-D", str(unfinished), "-U", USER, *_INITDB]
        if self.options:
            command.append("--no-sync")
        run = subprocess.run(
            [*self.disguise.prefix, *command], capture_output=True, text=True, check=False, env=_environment()
        )
        if run.returncode:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise LaunchError(
                f"La base de données n'a pas pu être créée dans {self.data}.\n{run.stderr.strip()}"
            )
        unfinished.rename(self.data)
        return True

    def command(self) -> list[str]:
        """The server's command line, to be run by a supervisor."""
        words = [str(binaries.postgres_bin() / "postgres"), "-D", str(self.data), "-k", str(self.sockets)]
        for option in (*_SERVER, *self.options):
            words += ["-c", option]
        return [*self.disguise.prefix, *words]

    def clear_stale_pid(self) -> None:
        """Remove the pid file of a server that is no more; end one that a dead supervisor left behind.

        PostgreSQL refuses to start when the recorded number now belongs to any process of ours, and when
        the file was cut short. The caller holds the lock on the folder, so no live instance owns it.
        """
        file = self.data / "postmaster.pid"
        if not file.exists():
            return
        pid = _first_number(file)
        if pid and _is_server_of(pid, self.data):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            _wait_gone(pid)
        with contextlib.suppress(FileNotFoundError):
            file.unlink()

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the server and wait until it answers. For tests; `bin/run` lets its supervisor do it."""
        self.sockets.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.disguise.give(self.sockets)
        self.clear_stale_pid()
        child = children.spawn(
            self.command(), log=self.log, env=_environment(), death_signal=signal.SIGINT, cwd=self.sockets
        )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if child.poll() is not None or time.monotonic() > deadline:
                children.stop(child, signal.SIGINT)
                raise LaunchError(f"PostgreSQL n'a pas démarré.\n{children.tail(self.log)}")
            time.sleep(0.02)
        return child

    def answers(self) -> bool:
        """True when the server takes sessions (a bare connection is not enough while it recovers)."""
        path = self.sockets / f".s.PGSQL.{PORT}"
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(2)
                sock.connect(str(path))
                body = b"\0\x03\0\0user\0" + USER.encode() + b"\0database\0postgres\0\0"
                sock.sendall((len(body) + 4).to_bytes(4, "big") + body)
                return sock.recv(1) == b"R"
        except OSError:
            return False

    def ensure_database(self, name: str = USER) -> None:
        """Create the database and the roles that own nothing, when absent (portal.common.database_rights)."""
        import psycopg  # noqa: PLC0415  the only third-party import, absent from production start-up
        from psycopg import sql  # noqa: PLC0415

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
            if not found:
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            for role in (APPLICATION, READER):
                if not connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
                    connection.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))


def _environment() -> dict[str, str]:
    """Without PG* variables and library paths of the caller, which would change what the programs do."""
    drop = {"LD_LIBRARY_PATH", "LD_PRELOAD"}
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PG") and k not in drop}
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _first_number(file: Path) -> int:
    try:
        return abs(int(file.read_text().split("\n", 1)[0]))
    except (OSError, ValueError):
        return 0


def _is_server_of(pid: int, data: Path) -> bool:
    """True when `pid` is a postgres whose working folder is this cluster."""
    try:
        program = Path(f"/proc/{pid}/exe").readlink().name
        return program.startswith("postgres") and Path(f"/proc/{pid}/cwd").resolve() == data.resolve()
    except OSError:
        return False


def _wait_gone(pid: int, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
