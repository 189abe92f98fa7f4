"""SMS by the HTTP gateway: what it gets, and what each of its answers means."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.messaging.delivery import deliver
from portal.messaging.models import OutgoingMessage, Status
from portal.messaging.transports.sms_http import HttpSmsTransport
from tests.messaging.conftest import PHONE
from tests.messaging.sms_stub import SmsStub
from tests.messaging.steps import make_due, refresh, wait_seconds

pytestmark = pytest.mark.django_db
Queue = Callable[..., OutgoingMessage]


def test_an_sms_reaches_the_gateway_with_its_reference(
    sms: Queue, sms_stub: SmsStub, settings: object
) -> None:
    settings.SMS_TOKEN = "a-token"  # type: ignore[attr-defined]
    message = sms()
    deliver(message.pk)

    assert sms_stub.received == [
        {
            "to": PHONE,
            "text": "Portail ENRS : votre code est 004271.",
            "sender": "ENRSIDF",
            "reference": str(message.pk),
        }
    ]
    assert sms_stub.headers_received[0]["Idempotency-Key"] == str(message.pk)
    assert sms_stub.headers_received[0]["Authorization"] == "Bearer a-token"
    assert (refresh(message).status, message.provider_id) == (Status.SENT, "sms-1")


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_refused_sms_fails_at_once(sms: Queue, sms_stub: SmsStub, status: int) -> None:
    sms_stub.status = status
    message = sms(sensitive=True)
    deliver(message.pk)

    assert (refresh(message).status, message.last_error) == (Status.FAILED, f"sms-{status}")
    assert message.sealed_body is None


@pytest.mark.parametrize(
    ("status", "ambiguous"), [(401, 0), (408, 0), (429, 0), (500, 0), (502, 1), (503, 0), (504, 1)]
)
def test_a_gateway_in_trouble_is_tried_again(
    sms: Queue, sms_stub: SmsStub, status: int, ambiguous: int
) -> None:
    sms_stub.status = status
    message = sms()
    deliver(message.pk)

    assert (refresh(message).status, message.last_error) == (Status.RETRY, f"sms-{status}")
    assert message.ambiguous_attempts == ambiguous


@pytest.mark.parametrize(
    ("header", "expected"), [("120", 120), ("5", 10), ("99999", 3600), ("demain", 10), ("-4", 10), ("²", 10)]
)
def test_retry_after_is_honoured_up_to_an_hour(
    sms: Queue, sms_stub: SmsStub, header: str, expected: int
) -> None:
    sms_stub.status = 503
    sms_stub.headers = {"Retry-After": header.encode().decode("latin-1")}
    message = sms()
    deliver(message.pk)

    assert expected - 3 < wait_seconds(message) <= expected


@pytest.mark.parametrize("trouble", ["slow", "cut"])
def test_a_gateway_that_does_not_answer_may_have_sent_at_most_three_times(
    sms: Queue, sms_stub: SmsStub, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HttpSmsTransport.__init__, "__defaults__", ("", 0.2))
    sms_stub.cut = trouble == "cut"
    sms_stub.delay = 0.6 if trouble == "slow" else 0
    message = sms()
    for _ in range(5):
        deliver(make_due(message).pk)

    assert (refresh(message).status, message.ambiguous_attempts) == (Status.FAILED, 3)
    assert [sent["reference"] for sent in sms_stub.received] == [str(message.pk)] * 3


def test_a_gateway_that_refuses_connections_certainly_sent_nothing(sms: Queue, settings: object) -> None:
    settings.SMS_URL = "http://127.0.0.1:1/sms"  # type: ignore[attr-defined]
    message = sms()
    deliver(message.pk)

    assert (refresh(message).status, message.last_error) == (Status.RETRY, "sms-connecterror")
    assert message.ambiguous_attempts == 0


@pytest.mark.parametrize(
    "body", [b"", b"ok", b"[]", b'{"id": null}', b"[" * 60_000, b"x" * 70_000, b'{"id": {"a": 1}}']
)
def test_an_odd_answer_to_a_taken_sms_is_still_a_success(sms: Queue, sms_stub: SmsStub, body: bytes) -> None:
    sms_stub.body = body
    message = sms()
    deliver(message.pk)

    assert refresh(message).status == Status.SENT


def test_a_redirect_is_not_followed(sms: Queue, sms_stub: SmsStub) -> None:
    sms_stub.status, sms_stub.headers = 302, {"Location": "http://127.0.0.1:1/ailleurs"}
    message = sms()
    deliver(message.pk)

    assert (refresh(message).status, message.last_error) == (Status.FAILED, "sms-302")
