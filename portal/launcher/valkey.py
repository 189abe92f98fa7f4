"""An embedded Valkey on a private Unix socket: broker in database 0, cache in database 1.

Nothing is written to disk: messages to send and sessions are rows in PostgreSQL, the broker only hints.
"""

import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from portal.launcher import binaries, children
from portal.launcher.errors import LaunchError

START_SECONDS = 20


@dataclass(frozen=True)
class Broker:
    """A socket folder, a working folder and a log."""

    sockets: Path
    log: Path
    databases: int = 16

    @property
    def socket(self) -> Path:
        return self.sockets / "valkey.sock"

    def url(self) -> str:
        return f"unix://{self.socket}"

    def command(self) -> list[str]:
        """The server's command line. Keys are refused rather than dropped when the memory is full."""
        return [
            str(binaries.valkey_server()),
            *("--port", "0"),
            *("--unixsocket", str(self.socket)),
            *("--unixsocketperm", "700"),
            *("--dir", str(self.sockets)),
            *("--databases", str(self.databases)),
            *("--save", ""),
            *("--appendonly", "no"),
            *("--maxmemory", "256mb"),
            *("--maxmemory-policy", "noeviction"),
            *("--daemonize", "no"),
            *("--set-proc-title", "no"),  # a process list then shows whose it is
        ]

    def start(self) -> "subprocess.Popen[bytes]":
        """Start and wait until it answers. For tests; `bin/run` lets its supervisor do it."""
        self.sockets.mkdir(parents=True, exist_ok=True, mode=0o700)
        child = children.spawn(self.command(), log=self.log, cwd=self.sockets)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if child.poll() is not None or time.monotonic() > deadline:
                children.stop(child)
                raise LaunchError(f"Valkey n'a pas démarré.\n{children.tail(self.log)}")
            time.sleep(0.02)
        return child

    def answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(2)
                sock.connect(str(self.socket))
                sock.sendall(b"PING\r\n")
                return sock.recv(5) == b"+PONG"
        except OSError:
            return False
