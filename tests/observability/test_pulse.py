"""The alarm for a worker or a clock that is gone, and the machines that ask by address."""

from __future__ import annotations

import time

import pytest
from django.core.cache import cache
from django.test import Client

from portal.celery import app
from portal.observability import pulse, tasks

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.observability.urls")]
NAME = "portal_worker_pulse_age_seconds"


def told() -> float:
    lines = Client().get("/metriques", REMOTE_ADDR="127.0.0.1").content.decode().splitlines()
    return float(next(line for line in lines if line.startswith(NAME)).split()[1])


def test_without_a_worker_the_age_is_infinite_then_starts_from_zero() -> None:
    assert told() == float("inf")
    tasks.beat_pulse()
    assert 0 <= told() < 30


def test_the_age_grows_and_never_goes_below_zero() -> None:
    cache.set(pulse.KEY, time.time() - 500, timeout=None)
    assert 500 <= told() < 530
    cache.set(pulse.KEY, time.time() + 500, timeout=None)
    assert told() == 0


def test_a_pulse_comes_often_enough_for_its_alarm() -> None:
    assert app.conf.beat_schedule["pulse"]["schedule"] <= 20


@pytest.mark.security("WEB-7")
@pytest.mark.parametrize("path", ["/sante/vivant", "/sante/pret", "/metriques"])
def test_a_probe_asks_by_address(path: str) -> None:
    assert Client().get(path, HTTP_HOST="10.1.2.3:8000", REMOTE_ADDR="127.0.0.1").status_code == 200


@pytest.mark.security("WEB-8")
@pytest.mark.parametrize("path", ["/", "/sante/vivant/", "/sante", "/metriques/x"])
def test_every_other_page_keeps_to_its_own_name(path: str) -> None:
    assert Client(raise_request_exception=False).get(path, HTTP_HOST="10.1.2.3:8000").status_code in {
        400,
        404,
    }
