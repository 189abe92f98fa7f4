"""Imports of a made-up national directory beside a bare COPY of the same file (portal.referentiels.bench)."""

from __future__ import annotations

from portal.launcher.bench.bench import Bench
from portal.launcher.bench.measures import Measure


def run(bench: Bench) -> list[Measure]:
    return bench.directory("import")
