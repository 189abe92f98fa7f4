"""One message, one relay: success, every kind of failure, and what is written down of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, transaction
from django.db.models.functions import Now

from portal.messaging import delivery, sweeping
from portal.messaging.delivery import EARLY_DELAYS, HOURLY_DELAY, MAX_ATTEMPTS, deliver, next_delay
from portal.messaging.models import OutgoingMessage, Status
from tests.messaging.conftest import ADDRESS, CONTEXT
from tests.messaging.relay import Relay
from tests.messaging.steps import make_due, refresh, wait_seconds

pytestmark = pytest.mark.django_db
Queue = Callable[..., OutgoingMessage]


def test_a_message_is_sent_once_however_often_it_is_delivered(mail: Queue, relay: Relay) -> None:
    message = mail()

    assert deliver(message.pk)
    assert not deliver(message.pk)

    assert refresh(message).status == Status.SENT
    assert message.provider_id == "TEST1234"
    assert message.attempts == 1
    assert len(relay.taken) == 1


def test_delivering_a_row_that_is_gone_does_nothing(relay: Relay) -> None:
    assert not deliver(uuid4())
    assert relay.conversations == 0


@pytest.mark.security("CODE-7")
def test_a_secret_is_erased_once_sent(mail: Queue, relay: Relay) -> None:
    message = mail(sensitive=True)
    deliver(message.pk)

    assert CONTEXT["code"] in relay.taken[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert refresh(message).sealed_body is None
    assert (message.body_text, message.body_html) == ("", "")


def test_an_ordinary_mail_keeps_its_text_until_the_purge(mail: Queue, relay: Relay) -> None:
    message = mail()
    deliver(message.pk)

    assert "Claire Fontaine" in refresh(message).body_text


def test_a_delivery_cannot_hide_in_a_transaction(mail: Queue, relay: Relay) -> None:
    message = mail()

    with pytest.raises(RuntimeError), transaction.atomic():
        deliver(message.pk)
    assert relay.conversations == 0


# --- failures ------------------------------------------------------------------------------------
@pytest.mark.security("REL-1")
@pytest.mark.parametrize(
    ("script", "error"),
    [
        ({"greeting": "421 busy"}, "smtp-421"),
        ({"greeting": "cut"}, "smtp-connect-cut"),
        ({"greeting": 3}, "smtp-connect-timeout"),
        ({"ehlo": "cut"}, "smtp-dialogue-cut"),
        ({"mail": "451 later"}, "smtp-451"),
        ({"rcpt": "450 greylisted"}, "smtp-450"),
        ({"rcpt": 3}, "smtp-dialogue-timeout"),
        ({"data": "452 full"}, "smtp-452"),
        ({"data": "cut"}, "smtp-dialogue-cut"),
        ({"end": "451 later"}, "smtp-451"),
    ],
)
def test_a_passing_failure_is_tried_again_ten_seconds_later(
    mail: Queue, relay: Relay, settings: Any, script: dict[str, str | float], error: str
) -> None:
    settings.EMAIL_TIMEOUT = 1
    relay.script, relay.times = script, 1
    message = mail(sensitive=True)
    deliver(message.pk)

    assert (refresh(message).status, message.last_error) == (Status.RETRY, error)
    assert message.ambiguous_attempts == 0
    assert 8 < wait_seconds(message) <= 10
    assert relay.taken == []

    deliver(make_due(message).pk)
    assert refresh(message).status == Status.SENT
    assert len(relay.taken) == 1


@pytest.mark.security("REL-1")
@pytest.mark.parametrize(
    ("script", "error"),
    [
        ({"greeting": "554 no"}, "smtp-554"),
        ({"mail": "550 no"}, "smtp-550"),
        ({"rcpt": "550 unknown claire.fontaine@cabinet.example"}, "smtp-550"),
        ({"data": "554 no"}, "smtp-554"),
        ({"end": "552 too big"}, "smtp-552"),
    ],
)
def test_a_refusal_fails_at_once_and_erases_the_secret(
    mail: Queue, relay: Relay, script: dict[str, str | float], error: str
) -> None:
    relay.script = script
    message = mail(sensitive=True)
    deliver(message.pk)

    assert (refresh(message).status, message.last_error, message.attempts) == (Status.FAILED, error, 1)
    assert message.sealed_body is None
    assert message.finished_at is not None
    assert not deliver(message.pk)


def test_a_relay_that_is_down_is_tried_again(mail: Queue, relay: Relay) -> None:
    relay.stop()
    message = mail()
    deliver(message.pk)

    assert (refresh(message).status, message.last_error) == (Status.RETRY, "smtp-connection-refused")


@pytest.mark.security("DAT-2")
def test_what_a_server_says_is_not_kept(mail: Queue, relay: Relay) -> None:
    relay.script = {"rcpt": f"550 {ADDRESS} unknown"}
    message = mail()
    deliver(message.pk)

    assert "claire" not in refresh(message).last_error


def test_a_relay_without_starttls_gets_nothing_when_tls_is_asked(
    mail: Queue, relay: Relay, settings: Any
) -> None:
    settings.EMAIL_USE_TLS = True
    message = mail()
    deliver(message.pk)

    assert (refresh(message).status, message.last_error) == (Status.RETRY, "smtp-dialogue-notsupportederror")
    assert relay.taken == []


def test_a_setting_nobody_serves_is_a_passing_failure(mail: Queue, sms: Queue, settings: Any) -> None:
    settings.SMS_URL = "pigeon://colombier"
    message = sms()
    deliver(message.pk)

    assert (refresh(message).status, message.last_error) == (Status.RETRY, "unexpected-improperlyconfigured")
    assert ImproperlyConfigured.__name__.lower() in message.last_error


def test_a_secret_no_key_opens_fails_instead_of_looping(mail: Queue, relay: Relay, settings: Any) -> None:
    message = mail(sensitive=True)
    settings.SECRET_KEY = "lost-key-" * 10  # type: ignore[attr-defined]
    deliver(message.pk)

    assert (refresh(message).status, message.last_error) == (Status.FAILED, "content-unreadable")
    assert relay.conversations == 0


# --- unknown outcome -----------------------------------------------------------------------------
@pytest.mark.security("REL-2")
def test_a_cut_after_the_mail_was_taken_sends_the_same_message_id_at_most_three_times(
    mail: Queue, relay: Relay
) -> None:
    relay.script = {"end": "cut"}
    message = mail(sensitive=True)
    for _ in range(6):
        deliver(make_due(message).pk)

    assert len(relay.taken) == 3
    assert set(relay.ids()) == {f"<{message.pk}@enrs-idf.example>"}
    assert len(set(relay.raw)) == 1
    assert (refresh(message).status, message.ambiguous_attempts, message.sealed_body) == (
        Status.FAILED,
        3,
        None,
    )


@pytest.mark.security("REL-2")
def test_a_slow_answer_after_the_mail_was_taken_is_an_unknown_outcome(
    mail: Queue, relay: Relay, settings: Any
) -> None:
    settings.EMAIL_TIMEOUT = 1
    relay.script, relay.times = {"end": 3}, 1
    message = mail()
    deliver(message.pk)

    assert (refresh(message).status, message.ambiguous_attempts) == (Status.RETRY, 1)
    deliver(make_due(message).pk)
    assert refresh(message).status == Status.SENT
    assert len(set(relay.ids())) == 1


@pytest.mark.security("REL-2")
def test_a_worker_that_lost_its_claim_stops_before_the_last_byte(
    mail: Queue, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim is taken back while the relay is slow: the late worker must not send, nor touch the row."""
    message = mail()
    original = delivery._Handover.__call__

    def stolen(handover: delivery._Handover) -> None:
        OutgoingMessage.objects.filter(pk=message.pk).update(claim=uuid4())
        original(handover)

    monkeypatch.setattr(delivery._Handover, "__call__", stolen)
    deliver(message.pk)

    assert relay.taken == []
    assert refresh(message).status == Status.SENDING


@pytest.mark.security("CODE-2")
def test_a_code_that_expires_while_the_relay_is_slow_does_not_leave(
    mail: Queue, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = mail(sensitive=True)
    original = delivery._Handover.__call__

    def too_late(handover: delivery._Handover) -> None:
        OutgoingMessage.objects.filter(pk=message.pk).update(expires_at=Now() - timedelta(seconds=1))
        original(handover)

    monkeypatch.setattr(delivery._Handover, "__call__", too_late)
    deliver(message.pk)

    assert relay.taken == []
    assert (refresh(message).status, message.sealed_body) == (Status.EXPIRED, None)


# --- time ----------------------------------------------------------------------------------------
@pytest.mark.security("REL-1")
def test_retries_follow_the_schedule_then_every_hour_for_a_day_then_fail(mail: Queue, relay: Relay) -> None:
    relay.script = {"rcpt": "450 later"}
    message = mail()
    waits = []
    while refresh(message).status != Status.FAILED:
        deliver(make_due(message).pk)
        if refresh(message).status == Status.RETRY:
            waits.append(round(wait_seconds(message) + 0.4))
        assert len(waits) < 40

    assert waits == [10, 30, 60, 300, 900, *[3600] * 24]
    assert message.last_error == "smtp-450"


def test_the_schedule_has_an_end() -> None:
    delays = [next_delay(attempts) for attempts in range(1, MAX_ATTEMPTS)]

    assert delays == [*EARLY_DELAYS, *[HOURLY_DELAY] * 24]
    assert next_delay(MAX_ATTEMPTS) is None


@pytest.mark.security("REL-1", "CODE-2")
def test_a_code_past_its_life_is_marked_expired_and_not_sent(mail: Queue, relay: Relay) -> None:
    message = mail(sensitive=True)
    OutgoingMessage.objects.filter(pk=message.pk).update(expires_at=Now() - timedelta(seconds=1))

    assert not deliver(message.pk)
    assert (refresh(message).status, message.sealed_body, relay.conversations) == (Status.EXPIRED, None, 0)


def test_a_message_is_not_sent_before_its_time(mail: Queue, relay: Relay) -> None:
    message = mail()
    OutgoingMessage.objects.filter(pk=message.pk).update(next_attempt_at=Now() + timedelta(seconds=60))

    assert not deliver(message.pk)
    assert relay.conversations == 0


def test_a_message_in_flight_is_left_to_its_worker(mail: Queue, relay: Relay) -> None:
    message = mail()
    assert delivery._claim(delivery.due()) is not None

    assert not deliver(message.pk)
    assert sweeping.take_back() == (0, 0)
    assert relay.conversations == 0


@pytest.mark.django_db(transaction=True)
def test_the_outcome_is_written_once_the_database_is_back(
    mail: Queue, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail left, then the database went away for a moment: it must not look unsent."""
    message = mail()
    original, failures = delivery._owned, iter([True, True])

    def flaky(row: OutgoingMessage) -> object:
        if relay.taken and next(failures, False):
            raise OperationalError("server closed the connection unexpectedly")
        return original(row)

    monkeypatch.setattr(delivery, "_owned", flaky)
    monkeypatch.setattr(delivery, "RECORD_PAUSES", (0.01, 0.01, 0.01))
    deliver(message.pk)

    assert refresh(message).status == Status.SENT
    assert len(relay.taken) == 1
