"""The alarms delivered for Prometheus: each names figures that the portal gives, and its page explains it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from django.test import Client

from portal.launcher.place import ROOT
from portal.observability import metrics

FILE = ROOT / "deploy" / "prometheus" / "alertes.yml"
RULES: list[dict[str, Any]] = yaml.safe_load(FILE.read_text())["groups"][0]["rules"]
OPERATION = (ROOT / "docs" / "exploitation.md").read_text()
WORDS_OF_PROMETHEUS = {"up", "job", "portail"}
SUFFIXES = ("_total", "_bucket", "")


def names_in(expression: str) -> set[str]:
    """The figures an expression reads: what stands before « { » or « [ », or in a function's parentheses."""
    return set(re.findall(r"\b((?:portal|django)_[a-z_]+)", expression))


@pytest.mark.django_db
@pytest.mark.urls("tests.observability.urls")
def test_each_alarm_reads_figures_that_exist() -> None:
    given = Client().get("/metriques", REMOTE_ADDR="127.0.0.1").content.decode()
    declared = set(re.findall(r"^# TYPE (\S+) ", given, re.MULTILINE))
    declared |= {gauge.name for gauge in metrics._gauges()}
    # Counters and gauges that nothing has moved yet in this process still have a name in the code.
    sources = "".join(
        file.read_text() for folder in ("portal", "accounts") for file in (ROOT / folder).rglob("*.py")
    )
    for rule in RULES:
        for name in names_in(rule["expr"]):
            bare = {name.removesuffix(suffix) for suffix in SUFFIXES}
            assert bare & declared or any(f'"{one}"' in sources for one in bare), name


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alarm_is_explained(rule: dict[str, Any]) -> None:
    assert f"`{rule['alert']}`" in OPERATION
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["labels"]["severity"] in {"critique", "attention"}


def test_no_alarm_is_explained_that_does_not_exist() -> None:
    told = set(re.findall(r"^\| `([A-Z]\w+)` \|", OPERATION, re.MULTILINE))
    assert told == {rule["alert"] for rule in RULES}
