"""What a step cost: wall time, processor time of this process and of the database server that works for it, memory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Cout:
    """Seconds. `cpu` is 0 when the server is on another machine: only wall time can then be told."""

    wall: float = 0.0
    cpu: float = 0.0
    _wall_start: float = 0.0
    _cpu_start: float = 0.0

    def start(self) -> None:
        self._wall_start, self._cpu_start = time.perf_counter(), cpu_seconds()

    def so_far(self) -> Cout:
        cpu = cpu_seconds()
        return Cout(time.perf_counter() - self._wall_start, cpu - self._cpu_start if cpu else 0.0)


@contextmanager
def measured() -> Iterator[Cout]:
    """Filled in when the block ends with what it cost."""
    cost = Cout()
    cost.start()
    yield cost
    total = cost.so_far()
    cost.wall, cost.cpu = total.wall, total.cpu


def cpu_seconds() -> float:
    """Processor seconds so far: ours, and those of the whole server (our sessions, its helpers, its log writer), which
    works for nobody else during a measure.

    0 when they cannot be read.
    """
    connection.ensure_connection()
    try:
        postmaster = int(_fields(connection.connection.info.backend_pid)[1])
        # Those that ended are counted by their parent.
        ended = sum(int(ticks) for ticks in _fields(postmaster)[13:15]) / _TICKS
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        running = sum(_running(int(pid)) for pid in children)
    except (OSError, ValueError, IndexError):
        return 0.0
    return time.process_time() + ended + running


def _running(pid: int) -> float:
    try:
        return int(_process(pid, "schedstat").split()[0]) / 1e9
    except OSError:
        return 0.0  # it ended meanwhile: its parent tells of it


def _process(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text()


def _fields(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on; the name of the program may hold spaces."""
    name, _, rest = _process(pid, "stat").rpartition(")")
    if "postgres" not in name:
        raise ValueError(name)
    return rest.split()


def forget_peak() -> None:
    """The memory peak of this process starts again from what it holds now."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return  # the peak since the start of the process is told instead


def peak_mb() -> int:
    """Largest memory held since `forget_peak`."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def cost_of(function: Callable[[str], object], question: str) -> Cout:
    with measured() as cost:
        function(question)
    return cost
