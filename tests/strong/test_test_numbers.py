"""A number of the test range in production is worth a line of the logs, and refuses nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from accounts.cps import certificate as reading
from accounts.cps import proof
from accounts.psc import identity
from tests.cps.support import card

SAID = {"sub": "f:x:899700000013", "SubjectNameID": "899700000013"}
CLAIMS = {"sub": "f:x:899700000013", "iss": "https://auth.psc.example"}


@pytest.mark.parametrize(("environment", "lines"), [("production", 1), ("bas", 0), ("test", 0)])
def test_a_test_number_is_noted_in_production_only(
    settings: Any, caplog: pytest.LogCaptureFixture, environment: str, lines: int
) -> None:
    settings.PSC = replace(settings.PSC, environment=environment)
    settings.CPS_ENVIRONMENT = environment
    by_ecps = identity.read(SAID, CLAIMS)
    by_card = proof.identity(reading.describe(card()))
    logged = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    assert by_ecps.national_id == by_card.national_id == "899700000013"
    assert [line["event"] for line in logged] == ["test_number_in_production"] * 2 * lines
    assert "899700000013" not in str(logged)


def test_another_number_is_not_noted(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.PSC = replace(settings.PSC, environment="production")
    identity.read({**SAID, "SubjectNameID": "810002813839"}, CLAIMS)
    assert "test_number_in_production" not in caplog.text
