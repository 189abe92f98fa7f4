"""Single sign-on by the partner of the demo: discovery, keys, whole entry, renewal, UserInfo; the sign-in page beside.

Each operation is measured in turn with the same one of the floor (portal.launcher.bench.floor), on the same machine, in
the same seconds: the goals are ratios to that floor, taken from the table of the reference.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from portal.launcher import demo_file
from portal.launcher.bench import login
from portal.launcher.bench.bench import Bench
from portal.launcher.bench.load import Load, drive, pages
from portal.launcher.bench.measures import Measure, median
from portal.launcher.bench.served import served
from portal.launcher.bench.sso_partner import Partner, Provider
from portal.launcher.errors import LaunchError

DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/openid/cles/"
WARM_SECONDS = 0.4


@dataclass(frozen=True)
class Reference:
    """One row of the reference table, CPU of one operation in milliseconds (lowest and highest figure measured):
    whom we compare with, what part of its cost we may take, and the bare floor measured beside it."""

    rival: tuple[float, float]
    share: float
    floor: tuple[float, float]

    @property
    def most_floors(self) -> float:
        """How many floors an operation may cost: the middle of the two runs of the table."""
        ratios = [rival / floor for rival, floor in zip(self.rival, self.floor, strict=True)]
        return round(self.share * sum(ratios) / len(ratios), 2)


REFERENCES = {
    "flow": Reference((7.7, 9.2), 1.0, (4.1, 5.3)),  # the best durable rival
    "refresh": Reference((3.3, 4.4), 1.0, (1.6, 1.7)),  # LemonLDAP::NG, as all that follow
    "userinfo": Reference((1.2, 1.2), 1.0, (0.8, 0.8)),
    "discovery": Reference((0.35, 0.35), 1.2, (0.38, 0.38)),
    "jwks": Reference((0.79, 0.79), 0.6, (0.34, 0.34)),
}
FLOW_RATE, FLOW_P95 = 0.52, 2.1
"""Entries per second and p95 beside the floor's: the best rival's 106–109 of 183–238, and 52–56 ms of 24–28."""
MOST_FORMS = 2
"""How many bare forms of Django the sign-in page may cost."""
QUERIES = {"flow": 8, "refresh": 4, "userinfo": 2}
STORED, GROWN, LEAST_GROWN, MOST_GROWTH = 1_000, 1_000_000, 100_000, 1.2
Run = Callable[[float], Load]
Rounds = dict[str, list[Load]]


def run(bench: Bench) -> list[Measure]:
    told = json.loads(bench.product("portal.launcher.bench.sso_product", "sessions"))
    bench.product("portal.launcher.bench.sso_product", "store", str(STORED))
    floor = json.loads(bench.product("portal.launcher.bench.floor", "prepare"))
    with ExitStack() as opened:
        floor_port = opened.enter_context(
            served("portal.launcher.bench.floor:application", bench.environment)
        )
        form_port = opened.enter_context(served("portal.launcher.bench.bare_form:application"))
        ours, theirs = _operations(bench, told), _floor_operations(floor_port, floor)
        theirs["login_page"] = lambda seconds: pages(form_port, "/", seconds)
        found = _compare(*_interleave(bench, ours, theirs, list(ours)))
        found += [_counted(name, count) for name, count in told["queries"].items()]
        found += [_renamed(one) for one in login.run(bench)]
        if not bench.quick:
            found += _growth(bench, ours, theirs, found)
    return found


# --- who is asked what ----------------------------------------------------------------------------------
def _operations(bench: Bench, told: dict[str, Any]) -> dict[str, Run]:
    clients = demo_file.read_clients(bench.place)
    if not clients:
        raise LaunchError("La démonstration ne déclare aucune application partenaire : rien à mesurer.")
    port, cookie = bench.port, f"{told['cookie']}={told['session']}"
    addresses = ("/openid/autorisation/", "/openid/jetons/", "/openid/identite/")
    return {
        "discovery": lambda seconds: pages(port, DISCOVERY, seconds),
        "jwks": lambda seconds: pages(port, JWKS, seconds),
        "login_page": lambda seconds: pages(port, login.PATH, seconds),
        **_exchanges(Provider(port, *addresses, clients[0], cookie)),
    }


def _floor_operations(port: int, told: dict[str, Any]) -> dict[str, Run]:
    provider = Provider(port, "/autorisation", "/jetons", "/identite", told["client"], told["cookie"])
    ready: Run = lambda seconds: pages(port, "/pret", seconds)  # noqa: E731
    return {"discovery": ready, "jwks": ready, **_exchanges(provider)}


def _exchanges(provider: Provider) -> dict[str, Run]:
    return {
        "flow": lambda seconds: drive(lambda: Partner(provider).enter, seconds, 200),
        "refresh": lambda seconds: drive(lambda: Partner(provider).renew, seconds, 200),
        "userinfo": lambda seconds: drive(lambda: Partner(provider).read, seconds, 200),
    }


def _interleave(
    bench: Bench, ours: dict[str, Run], theirs: dict[str, Run], names: list[str]
) -> tuple[Rounds, Rounds]:
    for name in names:
        theirs[name](WARM_SECONDS)
        ours[name](WARM_SECONDS)
    mine: Rounds = {name: [] for name in names}
    others: Rounds = {name: [] for name in names}
    for _ in range(bench.rounds):
        for name in names:
            others[name].append(theirs[name](bench.sso_seconds))
            mine[name].append(ours[name](bench.sso_seconds))
    return mine, others


# --- lines ----------------------------------------------------------------------------------------------
def _cpu(loads: list[Load]) -> float:
    return median([load.cpu_each_ms for load in loads])


def _compare(mine: Rounds, others: Rounds) -> list[Measure]:
    found = [line for name in mine for line in _measures(name, mine[name], others[name])]
    return found + _pace(mine["flow"], others["flow"])


def _measures(name: str, loads: list[Load], anchors: list[Load]) -> list[Measure]:
    cpu, anchor = _cpu(loads), _cpu(anchors)
    most = REFERENCES[name].most_floors if name in REFERENCES else MOST_FORMS
    anchor_name = "bare floor" if name in REFERENCES else "bare Django form"
    wrong = sum(load.wrong for load in [*loads, *anchors])
    return [
        Measure(
            f"sso.{name}.cpu_each", cpu, "ms", anchor_name, anchor, f"≤ {most:g} ×", cpu <= most * anchor
        ),
        Measure(f"sso.{name}.p50", median([x.p50_ms for x in loads]), "ms"),
        Measure(f"sso.{name}.wrong_answers", wrong, "answers", goal="0", passed=wrong == 0),
    ]


def _pace(loads: list[Load], anchors: list[Load]) -> list[Measure]:
    rate, floor_rate = (median([x.per_second for x in some]) for some in (loads, anchors))
    p95, floor_p95 = (median([x.p95_ms for x in some]) for some in (loads, anchors))
    return [
        Measure(
            "sso.flow.per_second",
            rate,
            "op/s",
            "bare floor",
            floor_rate,
            f"≥ {FLOW_RATE} ×",
            rate >= FLOW_RATE * floor_rate,
        ),
        Measure(
            "sso.flow.p95", p95, "ms", "bare floor", floor_p95, f"≤ {FLOW_P95} ×", p95 <= FLOW_P95 * floor_p95
        ),
    ]


def _counted(name: str, count: int) -> Measure:
    most = QUERIES[name]
    return Measure(f"sso.{name}.queries", count, "queries", goal=f"≤ {most}", passed=count <= most)


def _renamed(measure: Measure) -> Measure:
    name = measure.metric.removeprefix("login.")
    return Measure(
        f"sso.login_post.{name}",
        measure.ours,
        measure.unit,
        measure.anchor_name,
        measure.anchor,
        measure.goal,
        measure.passed,
    )


# --- growth ---------------------------------------------------------------------------------------------
def _growth(
    bench: Bench, ours: dict[str, Run], theirs: dict[str, Run], before: list[Measure]
) -> list[Measure]:
    """The same exchanges with GROWN tokens stored. The cost is taken in floors, which nothing makes grow: what else the
    machine does meanwhile counts for neither."""
    started = time.monotonic()
    stored = bench.sized(GROWN, LEAST_GROWN)
    bench.product("portal.launcher.bench.sso_product", "store", str(stored))
    found = [
        Measure("sso.growth.stored", stored, "tokens"),
        Measure("sso.growth.storing", time.monotonic() - started, "s"),
    ]
    mine, others = _interleave(bench, ours, theirs, list(QUERIES))
    small = {one.metric: one.ratio for one in before}
    for name in QUERIES:
        grown = _cpu(mine[name]) / _cpu(others[name])
        anchor = small[f"sso.{name}.cpu_each"] or 0.0
        found.append(
            Measure(
                f"sso.growth.{name}",
                grown,
                "floors",
                f"{STORED} stored",
                anchor,
                f"≤ {MOST_GROWTH} ×",
                grown <= MOST_GROWTH * anchor,
            )
        )
    return found
