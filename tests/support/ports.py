"""Ports that no other program of this machine holds, nor another test process a moment later.

Below the range from which the system draws the ports of outgoing connections: one of those may take a port between
the moment it was found free and the moment a server binds it. Each port is claimed by a lock kept for the life of
the process, so that two test processes never choose the same.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

FIRST, LAST = 12_000, 32_000
TRIES = 200
_locks: list[int] = []


def free_port() -> int:
    return free_ports((0,))


def free_ports(offsets: tuple[int, ...]) -> int:
    """A port P such that each P + offset is free and ours."""
    for _ in range(TRIES):
        base = random.randrange(FIRST, LAST - max(offsets))
        held = [_claim(base + offset) for offset in offsets]
        kept = [lock for lock in held if lock is not None]
        if len(kept) == len(offsets):
            _locks.extend(kept)
            return base
        for lock in kept:
            os.close(lock)
    raise AssertionError("no free port")


def _claim(port: int) -> int | None:
    """The lock of a port nobody listens on, None when somebody holds it."""
    folder = Path(tempfile.gettempdir()) / f"portail-test-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    lock = os.open(folder / str(port), os.O_RDWR | os.O_CREAT, 0o600)
    with contextlib.suppress(OSError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", port))
        return lock
    os.close(lock)
    return None
