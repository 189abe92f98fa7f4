"""The figures of `bin/bench`: how they are computed and printed."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from portal.launcher import place as places
from portal.launcher.bench import SECTIONS, load, sso
from portal.launcher.bench import __main__ as bench_command
from portal.launcher.bench import budget as budgets
from portal.launcher.bench.__main__ import main
from portal.launcher.bench.bench import Bench
from portal.launcher.bench.load import Load, drive, tree_cpu
from portal.launcher.bench.login import password_form
from portal.launcher.bench.measures import HEADER, Measure, number, percentile
from portal.launcher.errors import LaunchError


def test_a_line_has_eight_columns_and_a_ratio() -> None:
    line = Measure("page.home.p95", 30.0, "ms", "bare view", 12.0, "≤ 3 ×", True).line()
    assert line == "page.home.p95\t30.0\tms\tbare view\t12.0\t2.50\t≤ 3 ×\tPASS"
    assert len(line.split("\t")) == len(HEADER)


def test_a_figure_without_goal_is_neither_passed_nor_failed() -> None:
    assert Measure("page.home.bytes", 8.6, "kB").line() == "page.home.bytes\t8.60\tkB\t–\t–\t–\t–\t–"
    assert Measure("x", 1, "y", goal="0", passed=False).verdict == "FAIL"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0"), (1041.4, "1041"), (0.0042, "0.00420"), (2, "2"), (None, "–"), (12.345, "12.3")],
)
def test_numbers_keep_three_digits(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_percentiles_are_nearest_rank() -> None:
    values = [float(n) for n in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.95), percentile([7.0], 0.95)) == (50.0, 95.0, 7.0)
    with pytest.raises(ValueError, match="no value"):
        percentile([], 0.5)


def test_wrong_answers_are_counted_not_hidden() -> None:
    answers = iter([500, 200] * 100_000)
    done = drive(lambda: lambda: (next(answers), 10), 0.05, 200, in_flight=1)
    assert 0 < done.wrong <= len(done.seconds) / 2 + 1
    assert done.per_second > 0


def test_cpu_time_is_that_of_the_children() -> None:
    before = tree_cpu()
    busy = (
        "import time; end = time.process_time() + 0.4\nwhile time.process_time() < end: pass\ntime.sleep(30)"
    )
    child = subprocess.Popen([sys.executable, "-S", "-c", busy])
    deadline = time.monotonic() + 20
    while tree_cpu() - before < 0.35 and time.monotonic() < deadline:
        time.sleep(0.05)
    spent = tree_cpu() - before
    child.kill()
    child.wait()
    assert spent >= 0.35


def test_the_goals_of_single_sign_on_are_ratios_to_the_floor_of_the_same_run() -> None:
    assert {name: one.most_floors for name, one in sso.REFERENCES.items()} == {
        "flow": 1.81,
        "refresh": 2.33,
        "userinfo": 1.5,
        "discovery": 1.11,
        "jwks": 1.39,
    }
    ours, floor = [Load([0.01] * 10, 1.0, 0.015)], [Load([0.01] * 10, 1.0, 0.01)]
    lines = {one.metric: one for one in sso._measures("userinfo", ours, floor)}
    assert lines["sso.userinfo.cpu_each"].line() == (
        "sso.userinfo.cpu_each\t1.50\tms\tbare floor\t1.00\t1.50\t≤ 1.5 ×\tPASS"
    )
    assert sso._measures("discovery", ours, floor)[0].verdict == "FAIL"


def test_an_answer_of_the_floor_that_is_wrong_counts_too() -> None:
    ours, floor = [Load([0.01], 1.0, 0.01)], [Load([0.01], 1.0, 0.01, wrong=1)]
    wrong = sso._measures("flow", ours, floor)[-1]
    assert (wrong.metric, wrong.verdict) == ("sso.flow.wrong_answers", "FAIL")


def test_the_password_form_is_found_and_filled_among_others() -> None:
    page = """<form><input type="hidden" name="a" value="b"></form>
    <form method="post"><input type="hidden" name="csrf" value="x&amp;y"><input type="text" name="identifiant">
    <input name="mot" type="password"><input type="checkbox" name="remember"></form>"""
    assert password_form(page, "c.martin", "secret") == {
        "csrf": "x&y",
        "identifiant": "c.martin",
        "mot": "secret",
    }
    with pytest.raises(ValueError, match="no password form"):
        password_form("<form></form>", "a", "b")


def test_every_section_can_be_run_and_an_unknown_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert all(callable(importlib.import_module(module).run) for module in SECTIONS.values())
    assert main(["recherche-inconnue"]) == 2
    assert "n'est pas compris" in capsys.readouterr().err
    assert main(["--help"]) == 0


def test_the_time_is_shared_out_by_weight_and_what_is_late_is_taken_from_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [1000.0]
    monkeypatch.setattr(budgets.time, "monotonic", lambda: now[0])
    budget = budgets.Budget(quick=False, began=1000.0)
    names = list(SECTIONS)
    shares = []
    for place, name in enumerate(names):
        shares.append(budget.share(name, names[place + 1 :]))
        now[0] += shares[-1] * (2 if name == "page" else 1)
    assert now[0] <= 1000 + budgets.FULL_SECONDS - budgets.STOP_SECONDS + 0.01
    assert shares[0] > 50
    assert all(share > 0 for share in shares)
    now[0] += 500
    assert budget.share("lookup", []) == 0


@pytest.mark.parametrize(
    ("share", "rounds", "seconds"),
    [(150.0, 3, 5.0), (60.0, 3, 60 * 0.8 / 18), (10.0, 1, 10 * 0.8 / 6), (0.0, 1, 0.4)],
)
def test_a_short_share_makes_shorter_rounds_then_fewer(share: float, rounds: int, seconds: float) -> None:
    assert budgets.rounds_of("page", share) == (rounds, pytest.approx(seconds))


def test_a_round_that_begins_late_is_shortened_never_left_out() -> None:
    load.end_section_at(time.monotonic() - 10)
    try:
        began = time.monotonic()
        late = drive(lambda: lambda: (200, 1), 30.0, 200, in_flight=1)
        assert time.monotonic() - began < 5
        assert late.seconds
    finally:
        load.end_section_at(None)
    assert load.fitting(7.0) == 7.0


def test_the_exit_status_says_held_missed_or_not_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held, missed = Measure("a", 1, "x", goal="1", passed=True), Measure("b", 2, "x", goal="1", passed=False)
    modules = {"one": [held], "two": [held, missed], "broken": []}

    def find(name: str) -> Any:
        def run(bench: Bench) -> list[Measure]:
            if name == "broken":
                raise LaunchError("La page ne répond pas.")
            assert bench.section == name
            return modules[name]

        return SimpleNamespace(run=run)

    monkeypatch.setattr(bench_command, "SECTIONS", {name: name for name in modules})
    monkeypatch.setattr(bench_command.importlib, "import_module", find)
    monkeypatch.setattr(bench_command, "cores", lambda: 2)

    def status(busy: float, *names: str) -> int:
        place = places.read({"VAR_DIR": str(tmp_path)})
        bench = Bench(place, {}, quick=True)
        return bench_command.report(bench, list(names), budgets.Budget(True), tmp_path / "f.jsonl", busy)

    assert status(0.5, "one") == 0
    assert "agitée" not in capsys.readouterr().out
    assert status(7.3, "one", "two") == 1
    told = capsys.readouterr().out
    assert "# machine agitée : charge 7.3 pour 2 cœurs" in told
    assert "# buts\t2 tenus sur 3\tb" in told
    assert "# temps two\tprévu" in told
    assert status(0.5, "broken", "one") == 3
    assert "# non mesurée : broken\tLa page ne répond pas." in capsys.readouterr().out
    last = json.loads((tmp_path / "f.jsonl").read_text().splitlines()[-1])
    assert (last["status"], last["failed"]) == (3, {"broken": "La page ne répond pas."})
    assert set(last["seconds"]) == {"broken", "one"}


def test_a_slow_start_makes_the_sizes_smaller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    now = [0.0]
    monkeypatch.setattr(budgets.time, "monotonic", lambda: now[0])
    budget = budgets.Budget(quick=False, began=0.0)
    now[0] = 4 * budgets.START_SECONDS
    budget.started()
    assert budget.pace == 0.25
    slow = Bench(places.read({"VAR_DIR": str(tmp_path)}), {}, quick=False, share=96.0, pace=budget.pace)
    assert slow.sized(1_000_000, 100_000) == 250_000
    assert slow.sized(200_000, 100_000) == 100_000
    assert slow.people == 60_000
    now[0] = budgets.START_SECONDS / 2
    budget.started()
    assert budget.pace == 1.0
