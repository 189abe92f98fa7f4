"""Figures: for the supervision alone, with our gauges, and never a person in a label."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts import journal
from portal.messaging import publishing
from portal.messaging.outbox import queue_sms
from portal.observability import metrics
from portal.referentiels.models import ImportRun

pytestmark = [pytest.mark.urls("tests.observability.urls"), pytest.mark.django_db]


@pytest.fixture
def providers() -> Iterator[list[Any]]:
    kept = list(metrics._providers)
    yield metrics._providers
    metrics._providers[:] = kept


def _get(**meta: str) -> Any:
    return Client().get("/metriques", **meta)


@pytest.mark.security("WEB-7")
@pytest.mark.parametrize(
    ("meta", "proxies", "allowed"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, 0, True),
        ({"REMOTE_ADDR": "::1"}, 0, True),
        ({"REMOTE_ADDR": "10.1.2.3"}, 0, True),
        ({"REMOTE_ADDR": "203.0.113.9"}, 0, False),
        ({"REMOTE_ADDR": ""}, 0, False),
        # A proxy on this machine: everybody's socket is 127.0.0.1.
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, 0, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 0, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=127.0.0.1"}, 0, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_REAL_IP": "127.0.0.1"}, 1, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}, 1, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1, 203.0.113.9"}, 1, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9, 10.1.2.3"}, 1, True),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "n'importe quoi"}, 1, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "10.1.2.3"}, 2, False),
    ],
)
def test_only_declared_addresses_read_the_figures(
    settings: Any, meta: dict[str, str], proxies: int, allowed: bool
) -> None:
    settings.METRICS_ALLOWED_ADDRESSES = ["127.0.0.1", "::1", "10.1.0.0/16"]
    settings.TRUSTED_PROXY_COUNT = proxies

    assert _get(**meta).status_code == (200 if allowed else 404)


@pytest.mark.security("REL-13")
def test_the_outbox_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_send", lambda _message_id: None)
    with transaction.atomic():
        queue_sms(to="+33639980001", text="Bonjour")
    text = _get().content.decode()

    assert 'portal_outbox_messages{state="queued"} 1.0' in text
    assert 'portal_outbox_messages{state="retry"} 0.0' in text
    assert "# TYPE portal_outbox_oldest_due_seconds gauge" in text
    assert "django_http_requests_before_middlewares_total" in text


@pytest.mark.security("DAT-2")
def test_no_figure_names_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_send", lambda _message_id: None)
    with transaction.atomic():
        queue_sms(to="+33639980001", text="Claire 004271")
    Client().get("/introuvable/claire.fontaine@cabinet.example/")
    text = _get().content.decode()

    for secret in ("39980001", "Claire", "claire", "004271"):
        assert secret not in text


def test_another_part_adds_its_own_figures(providers: list[Any]) -> None:
    def failures() -> list[metrics.Gauge]:
        return [
            metrics.Gauge("portal_sign_in_failures", "Failures by door", 3, {"door": "password"}),
            metrics.Gauge("portal_sign_in_failures", "Failures by door", 1, {"door": "card"}),
        ]

    metrics.register(failures)
    text = metrics.our_figures().decode()

    assert 'portal_sign_in_failures{door="password"} 3.0' in text
    assert 'portal_sign_in_failures{door="card"} 1.0' in text
    assert text.count("# TYPE portal_sign_in_failures") == 1


def test_a_figure_that_fails_does_not_hide_the_others(providers: list[Any]) -> None:
    def broken() -> list[metrics.Gauge]:
        raise RuntimeError

    metrics.register(broken)
    text = metrics.our_figures().decode()

    assert "portal_outbox_oldest_due_seconds" in text
    assert 'test_metrics.broken"} 0.0' in text


def _value(line: str) -> float:
    """Figure of the line that begins by `line`, 0 when there is none."""
    lines = [found for found in _get().content.decode().splitlines() if found.startswith(f"{line} ")]
    return float(lines[0].rsplit(" ", 1)[1]) if lines else 0.0


@pytest.mark.security("REL-13")
@pytest.mark.parametrize(
    ("action", "method", "line"),
    [
        ("sign_in_refused", "password", 'portal_sign_in_failures_total{door="password"}'),
        ("code_refused", "sms", 'portal_sign_in_failures_total{door="sms"}'),
        ("proof_refused", "totp", 'portal_sign_in_failures_total{door="totp"}'),
        ("strong_refused", "card", 'portal_sign_in_failures_total{door="card"}'),
        ("locked", "password", 'portal_lockouts_total{door="password"}'),
    ],
)
def test_failures_and_lock_outs_are_counted_by_door(action: str, method: str, line: str) -> None:
    before = _value(line)
    journal.record(action, method=method)
    journal.record("sign_in", method=method)
    assert _value(line) == before + 1


@pytest.mark.security("REL-13")
@pytest.mark.parametrize(
    "line",
    [
        'portal_psc_refusals_total{reason="unavailable"}',
        'portal_lockouts_total{door="password"}',
        'portal_sign_in_failures_total{door="ecps"}',
        'portal_outbox_messages{state="retry"}',
        "portal_outbox_oldest_due_seconds",
    ],
)
def test_what_an_alarm_watches_is_there_before_anything_happens(line: str) -> None:
    assert any(found.startswith(f"{line} ") for found in _get().content.decode().splitlines())


@pytest.mark.security("REL-13")
def test_the_age_of_each_national_file_is_told() -> None:
    now = timezone.now()
    for days in (9, 2):
        ImportRun.objects.create(
            source="rpps", statut=ImportRun.Statut.ECRIT, termine_le=now - timedelta(days=days)
        )
    ImportRun.objects.create(source="rpps", statut=ImportRun.Statut.REFUSE, termine_le=now)
    assert _value('portal_import_age_seconds{source="rpps"}') == pytest.approx(2 * 86_400, abs=60)
    assert 'source="finess"' not in _get().content.decode()
