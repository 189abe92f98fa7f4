"""The last one out: ends every process group of a supervisor that died without stopping them.

Started by the supervisor in a session of its own, it reads « +pid » and « -pid » lines from a pipe. The pipe closes
when the supervisor ends, even by kill -9; then what is still listed is stopped, and the socket folder removed.
Direct children also carry a parent-death signal: this catches what they started themselves.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

GRACE_SECONDS = 12


class Guardian:
    """The supervisor's end of the pipe."""

    def __init__(self, sockets: Path, lock_fd: int) -> None:
        read_end, self._pipe = os.pipe()
        command = [sys.executable, "-S", str(Path(__file__)), str(read_end), str(sockets)]
        self._process = subprocess.Popen(
            command,
            pass_fds=(read_end, lock_fd),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(read_end)

    def add(self, pid: int) -> None:
        os.write(self._pipe, f"+{pid}\n".encode())

    def remove(self, pid: int) -> None:
        os.write(self._pipe, f"-{pid}\n".encode())

    def dismiss(self) -> None:
        """All is stopped: let it clean up and go."""
        os.close(self._pipe)
        self._process.wait(GRACE_SECONDS + 5)


def watch(pipe: int) -> set[int]:
    """Follow the list until the pipe closes; the groups still listed then."""
    alive: set[int] = set()
    with os.fdopen(pipe) as lines:
        for line in lines:
            pid = int(line[1:])
            alive.add(pid) if line[0] == "+" else alive.discard(pid)
    return alive


def end(groups: set[int], grace: float = GRACE_SECONDS) -> None:
    """Ask each group to stop, then kill what is left after `grace` seconds."""
    deadline = time.monotonic() + grace
    for group in groups:
        _signal(group, signal.SIGTERM)
    while any(_exists(group) for group in groups) and time.monotonic() < deadline:
        time.sleep(0.1)
    for group in groups:
        _signal(group, signal.SIGKILL)


def _signal(group: int, sig: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, sig)


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    pipe, sockets = int(sys.argv[1]), sys.argv[2]
    end(watch(pipe))
    shutil.rmtree(sockets, ignore_errors=True)


if __name__ == "__main__":
    main()
