"""From the commit of the fact to the mail in the SMTP server's hands."""

from __future__ import annotations

import json
import time
import urllib.request
from datetime import datetime

from portal.launcher.bench.bench import Bench
from portal.launcher.bench.measures import Measure, percentile

WAIT_SECONDS = 60
GOAL_P95_MS = 1000


def run(bench: Bench) -> list[Measure]:
    count = 20 if bench.quick else 100
    committed: dict[str, float] = json.loads(
        bench.product("portal.launcher.bench.product", "mails", str(count))
    )
    delays = _delays(bench, committed)
    lost = count - len(delays)
    values = list(delays.values()) or [float(WAIT_SECONDS * 1000)]
    p95 = percentile(values, 0.95)
    return [
        Measure("delivery.p50", percentile(values, 0.50), "ms"),
        Measure("delivery.p95", p95, "ms", goal=f"≤ {GOAL_P95_MS} ms", passed=p95 <= GOAL_P95_MS),
        Measure("delivery.lost", lost, "mails", goal="0", passed=lost == 0),
    ]


def _delays(bench: Bench, committed: dict[str, float]) -> dict[str, float]:
    """Milliseconds by mark, for the mails that arrived in time."""
    address = f"http://127.0.0.1:{bench.port}/demo/messages.json?channel=email"
    deadline = time.monotonic() + WAIT_SECONDS
    found: dict[str, float] = {}
    while len(found) < len(committed) and time.monotonic() < deadline:
        time.sleep(0.2)
        with urllib.request.urlopen(address, timeout=15) as answer:
            arrived = json.load(answer)
        for message in arrived:
            mark = message["to"].split("@")[0]
            if mark in committed:
                instant = datetime.fromisoformat(message["at"]).timestamp()
                found[mark] = max(0.0, instant - committed[mark]) * 1000
    return found
