"""Live and ready: what each says, to whom, and how fast."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.db.models.functions import Now
from django.test import Client

from portal.messaging import publishing
from portal.messaging.models import OutgoingMessage
from portal.messaging.outbox import queue_sms
from portal.observability import health

pytestmark = [pytest.mark.urls("tests.observability.urls"), pytest.mark.django_db]
OPERATOR = {"REMOTE_ADDR": "127.0.0.1"}
VISITOR = {"REMOTE_ADDR": "203.0.113.9"}


@pytest.fixture
def extra_check() -> Iterator[None]:
    yield
    health._checks.pop("essai", None)


def _ready(**extra: Any) -> Any:
    return Client().get("/sante/pret", **extra)


@pytest.mark.security("REL-11")
def test_a_healthy_portal_is_live_and_ready() -> None:
    assert Client().get("/sante/vivant").json() == {"etat": "vivant"}
    response = _ready(**OPERATOR)

    assert response.status_code == 200
    assert response.json() == {
        "etat": "pret",
        "controles": {"base": "ok", "migrations": "ok", "file": "ok", "cache": "ok", "messages": "ok"},
    }


@pytest.mark.security("REL-11")
def test_live_asks_nothing_of_the_database(django_assert_num_queries: Any, extra_check: None) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/sante/vivant").status_code == 200


@pytest.mark.security("WEB-7")
def test_the_public_is_not_told_which_part_is_down(extra_check: None) -> None:
    def down() -> None:
        raise ConnectionError("postgresql://portail:secret@10.0.0.4/portail")

    health.register("essai", down)
    response = _ready(**VISITOR)

    assert response.status_code == 503
    assert response.json() == {"etat": "indisponible"}
    assert _ready(**OPERATOR).json()["controles"]["essai"] == "panne"
    assert b"secret" not in _ready(**OPERATOR).content


def test_a_part_that_hangs_is_named_within_two_seconds(
    extra_check: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.4)
    health.register("essai", lambda: time.sleep(1))
    start = time.monotonic()
    checks = health.run_checks()

    assert time.monotonic() - start < 0.9
    assert checks["essai"] == "trop lent"
    assert checks["base"] == "ok"


def test_a_broker_that_does_not_answer_makes_it_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_WRITE_URL", "redis://127.0.0.1:1/0")
    response = _ready(**OPERATOR)

    assert response.status_code == 503
    assert response.json()["controles"]["file"] == "panne"


def test_a_cache_that_forgets_makes_it_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(cache._connections[cache._alias]), "get", lambda *_a, **_k: None)

    assert _ready(**OPERATOR).json()["controles"]["cache"] == "panne"


def test_an_unapplied_migration_makes_it_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", False)
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda *_a, **_k: [("une", False)])

    assert _ready(**OPERATOR).json()["controles"]["migrations"] == "panne"
    assert not health._migrated


@pytest.mark.django_db(transaction=True)
@pytest.mark.security("REL-11")
def test_messages_that_no_worker_takes_make_it_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_send", lambda _message_id: None)
    with transaction.atomic():
        message = queue_sms(to="+33639980001", text="Bonjour")
    assert _ready().status_code == 200

    OutgoingMessage.objects.filter(pk=message.pk).update(next_attempt_at=Now() - timedelta(seconds=301))
    assert _ready(**OPERATOR).json()["controles"]["messages"] == "panne"
