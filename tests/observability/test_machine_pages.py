"""Reports of browsers and the well-known addresses."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from portal.observability import csp_reports
from tests.observability.conftest import Log

pytestmark = [pytest.mark.urls("tests.observability.urls"), pytest.mark.django_db]
REPORT = {
    "csp-report": {
        "document-uri": "https://portail.example/mot-de-passe/choisir/secret-token/",
        "blocked-uri": "https://evil.example/x.js?claire=1",
        "effective-directive": "script-src",
    }
}


@pytest.fixture(autouse=True)
def _no_report_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csp_reports, "_seen", 0)


def _post(body: Any, **extra: Any) -> int:
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    return (
        Client(enforce_csrf_checks=True)
        .post("/csp-rapport/", data, content_type="application/csp-report", **extra)
        .status_code
    )


@pytest.mark.security("WEB-1")
def test_a_report_is_logged_by_directive_and_origin_only(log: Log) -> None:
    assert _post(REPORT) == 204
    line = log.named("csp_violation")

    assert (line["directive"], line["blocked_origin"]) == ("script-src", "evil.example")
    for secret in ("secret-token", "claire", "x.js"):
        assert secret not in log.text


def test_the_reporting_api_s_shape_is_read_too(log: Log) -> None:
    body = [
        {"type": "csp-violation", "body": {"effectiveDirective": "style-src-elem", "blockedURL": "inline"}}
    ]

    assert _post(body) == 204
    assert log.named("csp_violation")["blocked_origin"] == "inline"


@pytest.mark.security("WEB-8")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"12",
        b'"x"',
        b'{"csp-report": 3}',
        b"\xff\xfe",
        b"[" * 15_000,
        b"[null, 1]",
    ],
)
def test_what_is_not_a_report_is_refused_without_a_crash(body: bytes) -> None:
    assert _post(body) == 400


@pytest.mark.security("WEB-8")
def test_a_huge_report_is_refused() -> None:
    assert _post(b" " * (csp_reports.MAX_BYTES + 1)) == 413


@pytest.mark.parametrize("uri", ["http://[", "javascript:alert(1)", "x" * 5000, 12, None, {"a": 1}])
def test_an_odd_blocked_address_is_cut_down(log: Log, uri: object) -> None:
    assert _post({"csp-report": {"blocked-uri": uri, "effective-directive": "script src\n"}}) == 204

    line = log.named("csp_violation")
    assert len(line["blocked_origin"]) <= 80
    assert line["directive"] == "other"


def test_many_reports_in_one_body_are_cut_down(log: Log) -> None:
    body = [{"body": {"blockedURL": "inline", "effectiveDirective": "img-src"}}] * 100

    assert _post(body) == 204
    assert sum(line["event"] == "csp_violation" for line in log.lines) == csp_reports.MAX_REPORTS


def test_a_flood_of_reports_is_told_to_wait() -> None:
    statuses = [_post(REPORT) for _ in range(csp_reports.PER_MINUTE + 1)]

    assert statuses[:-1] == [204] * csp_reports.PER_MINUTE
    assert statuses[-1] == 429


def test_reports_are_only_posted() -> None:
    assert Client().get("/csp-rapport/").status_code == 405


@pytest.mark.security("WEB-7")
@pytest.mark.parametrize("profile", ["enrs-idf", "esante-cvl", "entractes"])
def test_security_txt_says_where_to_write_and_until_when(
    plateforme: Callable[[str], Any], profile: str, settings: Any
) -> None:
    region = plateforme(profile)
    response = Client().get("/.well-known/security.txt")
    fields = dict(line.split(": ", 1) for line in response.content.decode().splitlines())

    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert fields["Contact"] == f"mailto:{region.support.email}"
    assert fields["Canonical"] == f"{settings.SITE_URL}/.well-known/security.txt"
    expires = datetime.strptime(fields["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(days=170) < expires - datetime.now(UTC) < timedelta(days=365)


@pytest.mark.security("WEB-7")
def test_password_managers_are_led_to_the_page_that_changes_a_password(settings: Any) -> None:
    settings.CHANGE_PASSWORD_PATH = "/preferences/mot-de-passe/"
    response = Client().get("/.well-known/change-password")

    assert (response.status_code, response.headers["Location"]) == (302, "/preferences/mot-de-passe/")
