"""The figures as lines of `bin/bench`: ours, the anchor of the same run, the goal, whether it is reached."""

from __future__ import annotations

import math
from typing import Any

from .horloge import Cout

Line = dict[str, Any]
MEMORY_MB = 150
# Look-up → how many times an empty round trip (`select 1` p95) its own p95 may cost.
GOALS = {
    "commune": 40, "structure": 60, "person_by_number": 20, "person_by_name": 60, "commune_typo": 120,
    "structure_typo": 160, "person_typo": 160,
}  # fmt: skip
# Processor milliseconds (ours and the server's) that one question in twenty may pass.
CPU_MS = {"commune_typo": 20, "structure_typo": 20, "person_typo": 20}
CPU_MS_OTHERS = 10
ANSWERED = {"commune": 1.0, "person_by_number": 1.0, "person_by_name": 1.0}
ANSWERED_OTHERS = 0.98


def import_lines(found: Line) -> list[Line]:
    """Keys of each line: metric, ours, unit, anchor_name, anchor, goal, passed.

    Goals are judged on processor time, ours and the server's, over the bare COPY's of the same run: on a shared
    machine it is what the others disturb least. Wall times follow, for information. The tables and keys of a first
    load, made by two sessions on purpose, are judged on wall time; processor time is the one for information.
    """
    copy, rows = _median(found["copy"]), found["rows"]

    def against(name: str, step: str, goal: float, *, shared: bool = False) -> list[Line]:
        ours = _median(found[step])
        lines = {"wall": (ours.wall, "s", copy.wall), "cpu": (ours.cpu, "s de processeur", copy.cpu)}
        judged = "wall" if shared or not (ours.cpu and copy.cpu) else "cpu"
        told = "cpu" if judged == "wall" else "wall"
        value, unit, anchor = lines[judged]
        return [
            _line(f"import.{name}", value, unit, "COPY nu", anchor, f"≤ {goal:g} ×", value <= goal * anchor),
            _line(f"import.{name}_{told}", lines[told][0], lines[told][1], "COPY nu", lines[told][2]),
        ]

    written, memory = found["written"], found["memory_mb"]
    return [
        _line("import.rows", rows, "lignes"),
        _line("import.copy", rows / copy.wall, "lignes/s"),
        *against("first_load_without_search", "first_without_search", 4, shared=True),
        *against("first_load", "first", 15),
        *against("same_file_again", "again", 4),
        *against("next_day", "next_day", 4),
        _line(
            "import.next_day_written", written, "lignes", "lignes", rows, "≤ 0.05 ×", written <= 0.05 * rows
        ),
        _line("import.memory", memory, "Mo", goal=f"≤ {MEMORY_MB}", passed=memory <= MEMORY_MB),
    ]


def _median(costs: list[Cout]) -> Cout:
    """Of each time on its own."""
    return Cout(percentile([cost.wall for cost in costs], 0.5), percentile([cost.cpu for cost in costs], 0.5))


def lookup_lines(found: dict[str, Any]) -> list[Line]:
    """p50, p95 and share answered of each look-up; medians against a naive question on the same rows."""
    empty = percentile(found["select_1"]["ms"], 0.95)
    lines: list[Line] = []
    for name, goal in GOALS.items():
        taken, share = found[name]["ms"], found[name]["answered"]
        p95, wanted = percentile(taken, 0.95), ANSWERED.get(name, ANSWERED_OTHERS)
        lines += [
            _line(f"lookup.{name}_p50", percentile(taken, 0.5), "ms"),
            _line(f"lookup.{name}_p95", p95, "ms", "select 1 p95", empty, f"≤ {goal} ×", p95 <= goal * empty),
            _cpu_line(name, found[name]["cpu_ms"]),
            _line(f"lookup.{name}_answered", share, "part", goal=f"≥ {wanted:g}", passed=share >= wanted),
        ]
    for name, naive in (("person_by_name", "naive_name"), ("structure", "naive_structure")):
        ours, theirs = percentile(found[name]["ms"], 0.5), percentile(found[naive]["ms"], 0.5)
        lines.append(_line(f"lookup.{name}_vs_scan", ours, "ms", "icontains p50", theirs))
    for name in ("agreement_names", "agreement_typos"):
        share = found[name]
        lines.append(_line(f"lookup.{name}", share, "part", goal="≥ 1", passed=share >= 1))
    return lines


def _cpu_line(name: str, taken: list[float]) -> Line:
    spent, allowed = percentile(taken, 0.95), CPU_MS.get(name, CPU_MS_OTHERS)
    # Nothing can be said of a server on another machine.
    passed = spent <= allowed if spent else None
    return _line(f"lookup.{name}_cpu_p95", spent, "ms de processeur", goal=f"≤ {allowed}", passed=passed)


def percentile(values: list[float], share: float) -> float:
    """Nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _line(
    metric: str,
    ours: float,
    unit: str,
    anchor_name: str = "",
    anchor: float | None = None,
    goal: str = "",
    passed: bool | None = None,
) -> Line:
    return {
        "metric": metric, "ours": ours, "unit": unit, "anchor_name": anchor_name, "anchor": anchor, "goal": goal,
        "passed": passed,
    }  # fmt: skip
