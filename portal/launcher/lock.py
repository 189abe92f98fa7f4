"""One instance per data folder. The kernel frees the lock with its last holder: no stale file to clean.

The guardian shares the lock, so that after a killed supervisor the next start waits until all is stopped.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

from portal.launcher.errors import LaunchError

WAIT_SECONDS = 30


class InstanceRunning(LaunchError):
    """Another start owns the folder."""


class FolderLock:
    """Hold `folder/verrou` until the process (and its guardian) end."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "verrou"
        self.fd = -1

    def take(self, address: str) -> None:
        """Take it, or raise InstanceRunning. Waits when the recorded owner is dead: its children are stopping."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + WAIT_SECONDS
        while not self._try():
            owner = self._owner()
            if _alive(owner.get("pid", 0)) or time.monotonic() > deadline:
                os.close(self.fd)
                raise InstanceRunning(
                    f"Le portail tourne déjà sur ces données ({self.path.parent}) : processus {owner.get('pid', '?')}, "
                    f"{owner.get('address', '')}. Arrêtez-le par Ctrl-C dans son terminal, ou choisissez d'autres "
                    f"données : VAR_DIR=/un/autre/dossier PORT=8100 bin/run."
                )
            time.sleep(0.1)
        os.ftruncate(self.fd, 0)
        os.pwrite(self.fd, json.dumps({"pid": os.getpid(), "address": address}).encode(), 0)

    def _try(self) -> bool:
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _owner(self) -> dict[str, Any]:
        try:
            content = json.loads(os.pread(self.fd, 4096, 0) or b"{}")
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}


def _alive(pid: int) -> bool:
    """True for a running process; a number that was never written counts as a live owner's first instant."""
    return pid == 0 or Path(f"/proc/{pid}").exists()
