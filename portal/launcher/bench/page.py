"""Pages as a visitor gets them, beside a bare answer of the same server and a bare form of Django."""

from __future__ import annotations

import json

from portal.launcher.bench.bench import Bench
from portal.launcher.bench.load import Load, pages
from portal.launcher.bench.measures import Measure, median
from portal.launcher.bench.served import served

PAGES = {"home": "/", "sign_in": "/connexion/", "sign_up": "/inscription/"}
BARE = "/sante/vivant"
MAX_QUERIES = 8
WARM_SECONDS = 0.5
FORMS_PER_KB = 0.23
"""Cost of one kilobyte of HTML (1 000 bytes, not compressed: no client here accepts another coding), in bare forms of
Django measured in the same run: 0.32 ms and 1.4 ms for the reference page and the form, measured side by side."""
MOST_FORMS = 2
"""How many bare forms of Django the sign-in page may cost."""


def run(bench: Bench) -> list[Measure]:
    rounds: dict[str, list[Load]] = {name: [] for name in (*PAGES, "bare", "form")}
    queries = _queries(bench)
    with served("portal.launcher.bench.bare_form:application") as form_port:
        asked = {name: (bench.port, path) for name, path in {**PAGES, "bare": BARE}.items()}
        asked["form"] = (form_port, "/")
        for port, path in asked.values():
            pages(port, path, WARM_SECONDS)
        for _ in range(bench.rounds):
            for name, (port, path) in asked.items():
                rounds[name].append(pages(port, path, bench.seconds))
    bare, form = rounds.pop("bare"), rounds.pop("form")
    found: list[Measure] = []
    for name, loads in rounds.items():
        found += _measures(name, loads, bare, form, queries[PAGES[name]])
    return found + _against_forms(rounds["sign_in"], form)


def _against_forms(loads: list[Load], form: list[Load]) -> list[Measure]:
    cpu, form_cpu = median([x.cpu_each_ms for x in loads]), median([x.cpu_each_ms for x in form])
    wrong = sum(x.wrong for x in form)
    return [
        Measure(
            "page.sign_in.cpu_vs_form",
            cpu,
            "ms",
            "bare Django form",
            form_cpu,
            f"≤ {MOST_FORMS} ×",
            cpu <= MOST_FORMS * form_cpu,
        ),
        Measure("page.form.wrong_answers", wrong, "answers", goal="0", passed=wrong == 0),
    ]


def _measures(
    name: str, loads: list[Load], bare: list[Load], form: list[Load], queries: int
) -> list[Measure]:
    cpu, bare_cpu, form_cpu = (median([x.cpu_each_ms for x in some]) for some in (loads, bare, form))
    most_per_kb = FORMS_PER_KB * form_cpu
    size = loads[-1].bytes / 1000
    p50, p95 = median([x.p50_ms for x in loads]), median([x.p95_ms for x in loads])
    wrong = sum(x.wrong for x in loads)
    rate = median([x.per_second for x in loads])
    return [
        Measure(f"page.{name}.per_second", rate, "req/s", "bare view", median([x.per_second for x in bare])),
        Measure(f"page.{name}.cpu_each", cpu, "ms", "bare view", bare_cpu),
        Measure(
            f"page.{name}.cpu_per_kb",
            max(0.0, cpu - bare_cpu) / size,
            "ms/kB",
            "bare Django form",
            form_cpu,
            f"≤ {FORMS_PER_KB} ×",
            max(0.0, cpu - bare_cpu) / size <= most_per_kb,
        ),
        Measure(f"page.{name}.p50", p50, "ms", "bare view", median([x.p50_ms for x in bare])),
        Measure(f"page.{name}.p95", p95, "ms", "own p50", p50, "≤ 2 × (1 worker)"),
        Measure(
            f"page.{name}.queries", queries, "queries", goal=f"≤ {MAX_QUERIES}", passed=queries <= MAX_QUERIES
        ),
        Measure(f"page.{name}.bytes", size, "kB"),
        Measure(f"page.{name}.wrong_answers", wrong, "answers", goal="0", passed=wrong == 0),
    ]


def _queries(bench: Bench) -> dict[str, int]:
    output = bench.product("portal.launcher.bench.product", "queries", *PAGES.values())
    counted: dict[str, int] = json.loads(output)
    return counted
