"""The agent tells at once that the card has moved, to a page that says what it knows already."""

from __future__ import annotations

import threading
import time

import pytest

from portal.simulators.cps.desk import CardDesk
from tests.cps.agent import AgentProcess


def test_a_page_that_knows_nothing_is_answered_at_once(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    began = time.monotonic()
    found = agent.get("/etat?connu=").json
    assert time.monotonic() - began < 1
    assert len(found["empreinte"]) == 16 and found["cartes"][0]["etiquette"] == "CPS3v3-2900000013"


def test_the_answer_waits_for_the_card_to_leave(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    known = agent.state()["empreinte"]
    timer = threading.Timer(1.2, desk.remove)
    timer.start()
    began = time.monotonic()
    found = agent.get(f"/etat?connu={known}").json
    took = time.monotonic() - began
    timer.join()
    assert found["cartes"] == [] and found["empreinte"] != known
    assert 1.1 < took < 2.2


@pytest.mark.parametrize("origin", [None, "https://ailleurs.test"])
def test_only_the_portal_may_wait(agent: AgentProcess, origin: str | None) -> None:
    assert agent.get("/etat?connu=0123", origin=origin).status == 403
