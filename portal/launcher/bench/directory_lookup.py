"""Look-ups on what the import of a made-up directory loaded, beside an empty round trip (portal.referentiels.bench)."""

from __future__ import annotations

from portal.launcher.bench.bench import Bench
from portal.launcher.bench.measures import Measure


def run(bench: Bench) -> list[Measure]:
    return bench.directory("lookup")
