"""Requests against the running portal, and the CPU time that its processes took for them."""

from __future__ import annotations

import http.client
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from portal.launcher.bench.measures import percentile

SHORTEST_SECONDS = 0.4
TICKS = os.sysconf("SC_CLK_TCK")
IN_FLIGHT = 4


@dataclass
class Load:
    """What a round gave: seconds of each request, wall time, CPU seconds of the server's process tree."""

    seconds: list[float] = field(default_factory=list)
    wall: float = 0.0
    cpu: float = 0.0
    bytes: int = 0
    wrong: int = 0

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.wall

    @property
    def cpu_each_ms(self) -> float:
        return self.cpu / len(self.seconds) * 1000

    @property
    def p50_ms(self) -> float:
        return percentile(self.seconds, 0.50) * 1000

    @property
    def p95_ms(self) -> float:
        return percentile(self.seconds, 0.95) * 1000


_section_ends: float | None = None


def end_section_at(instant: float | None) -> None:
    """Rounds that begin late are shortened so that the section ends near `instant` (monotonic); None: no limit."""
    global _section_ends
    _section_ends = instant


def fitting(seconds: float) -> float:
    """`seconds`, or half of what the section has left: what comes after gets a round too."""
    if _section_ends is None:
        return seconds
    return min(seconds, max(SHORTEST_SECONDS, (_section_ends - time.monotonic()) / 2))


def pages(port: int, path: str, seconds: float, expected: int = 200) -> Load:
    """GET `path` with IN_FLIGHT clients for `seconds`, on kept connections."""

    def client() -> Callable[[], tuple[int, int]]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

        def get() -> tuple[int, int]:
            connection.request("GET", path, headers={"Host": f"localhost:{port}"})
            answer = connection.getresponse()
            return answer.status, len(answer.read())

        return get

    return drive(client, seconds, expected)


def drive(
    client: Callable[[], Callable[[], tuple[int, int]]],
    seconds: float,
    expected: int,
    in_flight: int = IN_FLIGHT,
) -> Load:
    """Run one client per thread until time is up. A client returns (status, bytes) per operation."""
    load, guard = Load(), threading.Lock()

    def work() -> None:
        ask = client()
        while time.monotonic() < deadline:
            before = time.perf_counter()
            status, size = ask()
            took = time.perf_counter() - before
            with guard:
                load.seconds.append(took)
                load.bytes = size
                load.wrong += status != expected

    threads = [threading.Thread(target=work) for _ in range(in_flight)]
    cpu, started = tree_cpu(), time.monotonic()
    deadline = started + fitting(seconds)  # counting the processes takes a moment of its own
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.wall, load.cpu = time.monotonic() - started, tree_cpu() - cpu
    return load


def tree_cpu(root: int | None = None) -> float:
    """CPU seconds of every descendant of `root` (ours by default), ended children of descendants included.

    The bench process itself, which makes the load, is left out.
    """
    root = os.getpid() if root is None else root
    times, parents = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        pid = int(stat.parent.name)
        parents[pid] = int(fields[1])
        times[pid] = sum(int(ticks) for ticks in fields[11:15]) / TICKS
    return sum(spent for pid, spent in times.items() if pid != root and _descends(pid, root, parents))


def _descends(pid: int, root: int, parents: dict[int, int]) -> bool:
    while pid > 1:
        if pid == root:
            return True
        pid = parents.get(pid, 0)
    return False
