"""The list of feature rows and what a run records about them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from portal.launcher.place import ROOT
from tests.support import features
from tests.support.house_rules import Record

SUITE = """
import pytest

@pytest.mark.feature("M94-001", "ROR-118")
def test_good():
    assert True

@pytest.mark.feature("ROR-118")
@pytest.mark.security("CODE-3")
def test_bad():
    assert False
"""


def test_the_list_has_every_row_of_the_checklist_once() -> None:
    rows = features.rows()
    assert len(rows) == 421
    assert all(kind in "SFRMLPEDHX" and what for kind, what in rows.values())


def test_the_report_counts_what_passed_then_names_the_rest(tmp_path: Path) -> None:
    last_run = tmp_path / "last.json"
    last_run.write_text(json.dumps({"feature": {"passed": ["M94-001", "C3"], "failed": []}}))
    lines = features.report(last_run)
    assert lines[0] == "1 / 421"
    assert len(lines) == 421
    assert not any(line.startswith("M94-001\t") for line in lines)


def test_without_any_run_nothing_is_proved(tmp_path: Path) -> None:
    assert features.report(tmp_path / "none.json")[0] == "0 / 421"


def run_suite(folder: Path, content: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_sample.py").write_text(content)
    command = [sys.executable, "-m", "pytest", "-p", "no:django", "-p", "no:cacheprovider", "-c", "/dev/null"]
    command += ["-p", "tests.support.house_rules", "--rootdir", str(folder), str(folder), *arguments]
    import os  # noqa: PLC0415

    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    environment |= {"PORTAIL_FEATURES_RECORD": str(folder / "record.json"), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False)


@pytest.mark.parametrize("arguments", [(), ("-n", "1")])
def test_a_row_with_a_failing_test_is_not_proved(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    run = run_suite(tmp_path, SUITE, *arguments)
    assert run.returncode == 1, run.stdout + run.stderr
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["feature"] == {"passed": ["M94-001"], "failed": ["ROR-118"]}
    assert record["security"] == {"passed": [], "failed": ["CODE-3"]}


def test_a_row_that_does_not_exist_stops_the_run(tmp_path: Path) -> None:
    run = run_suite(tmp_path, SUITE.replace("ROR-118", "ROR-999"))
    assert run.returncode != 0
    assert "no such row" in run.stdout + run.stderr


def test_two_runs_add_up(tmp_path: Path) -> None:
    target = tmp_path / "record.json"
    first, second = Record(), Record()
    first.passed["feature"] = {"M94-001", "M94-002"}
    second.passed["feature"], second.failed["feature"] = {"M94-003"}, {"M94-002"}
    first.write(target)
    second.write(target)
    assert json.loads(target.read_text())["feature"] == {
        "passed": ["M94-001", "M94-003"],
        "failed": ["M94-002"],
    }
