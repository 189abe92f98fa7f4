"""Nights when clocks change, days that do not come every year: a code lives ten minutes, no more, no less (REL-9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import UserSession
from tests.accounts.signin.steps import post_password, post_proof, text_of
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person

pytestmark = [pytest.mark.django_db, pytest.mark.security("REL-9", "CODE-2")]

INSTANTS = {
    "spring forward": datetime(2026, 3, 29, 0, 58, tzinfo=UTC),
    "fall back, before": datetime(2026, 10, 25, 0, 58, tzinfo=UTC),
    "fall back, the hour that comes twice": datetime(2026, 10, 25, 1, 2, tzinfo=UTC),
    "29 February": datetime(2028, 2, 28, 23, 57, tzinfo=UTC),
    "31 December": datetime(2026, 12, 31, 22, 58, tzinfo=UTC),
    "31 December, UTC": datetime(2026, 12, 31, 23, 58, tzinfo=UTC),
}


@pytest.mark.parametrize("start", INSTANTS.values(), ids=INSTANTS)
def test_a_code_lives_ten_minutes_over_the_change(start: datetime, outbox: Outbox) -> None:
    person, late, quick = make_person(), Client(), Client()
    with time_machine.travel(start, tick=False):
        post_password(quick, person.identifiant)
        code = outbox.last(person.email).code
    with time_machine.travel(start + timedelta(minutes=9), tick=False):
        assert post_proof(quick, code).status_code == 302
        row = UserSession.objects.get(user=person)
        assert row.ends_at - row.started_at <= timedelta(hours=12)
        assert quick.get("/preferences/").status_code == 200
        post_password(late, person.identifiant)
        second = outbox.last(person.email).code
    with time_machine.travel(start + timedelta(minutes=20), tick=False):
        assert "n’est plus valable" in text_of(post_proof(late, second))
        assert quick.get("/preferences/sessions/").status_code == 200


@pytest.mark.parametrize("seconds", [-90, 90])
def test_ninety_seconds_between_two_machines_break_no_sign_in(seconds: int, outbox: Outbox) -> None:
    person, browser, start = make_person(), Client(), datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        post_password(browser, person.identifiant)
        code = outbox.last(person.email).code
    with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
        assert post_proof(browser, code).status_code == 302
        assert browser.get("/preferences/").status_code == 200
    with time_machine.travel(start, tick=False):
        assert browser.get("/preferences/").status_code == 200
