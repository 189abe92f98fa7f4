"""What pages and alarms read of the outbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models.functions import Now

from portal.messaging import selectors
from portal.messaging.models import OutgoingMessage, Status
from tests.messaging.steps import make_stuck

pytestmark = pytest.mark.django_db
Queue = Callable[..., OutgoingMessage]


def _finish(message: OutgoingMessage, status: Status, days: float = 0) -> None:
    moment = Now() - timedelta(days=days)
    OutgoingMessage.objects.filter(pk=message.pk).update(status=status, finished_at=moment)


def test_a_page_is_told_where_its_message_stands(mail: Queue) -> None:
    message = mail()
    state = selectors.delivery_state(message.pk)

    assert state is not None
    assert (state.is_sent, state.is_late, state.is_final, state.has_failed) == (False, False, False, False)
    assert state.sentence == "Le message va partir dans un instant."


@pytest.mark.parametrize(
    ("status", "sent", "final", "failed"),
    [
        (Status.SENT, True, True, False),
        (Status.FAILED, False, True, True),
        (Status.EXPIRED, False, True, True),
    ],
)
def test_a_finished_message_says_how_it_ended(
    mail: Queue, status: Status, sent: bool, final: bool, failed: bool
) -> None:
    message = mail()
    _finish(message, status)
    state = selectors.delivery_state(str(message.pk))

    assert state is not None
    assert (state.is_sent, state.is_final, state.has_failed) == (sent, final, failed)


def test_a_late_message_says_that_it_will_be_tried_again(mail: Queue) -> None:
    message = mail()
    OutgoingMessage.objects.filter(pk=message.pk).update(status=Status.RETRY)
    state = selectors.delivery_state(message.pk)

    assert state is not None
    assert state.is_late
    assert "réessayons" in state.sentence


@pytest.mark.parametrize("unknown", ["", "pas-un-identifiant", "12", uuid4()])
def test_an_unknown_message_has_no_state(unknown: object) -> None:
    assert selectors.delivery_state(unknown) is None  # type: ignore[arg-type]


def test_the_messages_of_one_file_come_newest_first(mail: Queue) -> None:
    first, second, _other = mail(subject_ref="a:1"), mail(subject_ref="a:1"), mail(subject_ref="a:2")

    assert [state.message_id for state in selectors.state_for("a:1")] == [second.pk, first.pk]


def test_an_empty_outbox_has_no_age() -> None:
    figures = selectors.outbox_figures()

    assert (figures.waiting, figures.oldest_due_seconds, figures.oldest_waiting_seconds) == (0, 0, 0)


@pytest.mark.security("REL-13")
def test_the_figures_tell_what_waits_what_fails_and_for_how_long(mail: Queue) -> None:
    _finish(mail(), Status.FAILED)
    _finish(mail(), Status.FAILED, days=2)
    _finish(mail(), Status.EXPIRED)
    _finish(mail(), Status.SENT)
    make_stuck(mail(), seconds=30)
    late, coming = mail(), mail()
    OutgoingMessage.objects.filter(pk=late.pk).update(
        status=Status.RETRY,
        next_attempt_at=Now() - timedelta(seconds=90),
        created_at=Now() - timedelta(seconds=600),
    )
    OutgoingMessage.objects.filter(pk=coming.pk).update(next_attempt_at=Now() + timedelta(seconds=60))
    figures = selectors.outbox_figures()

    assert (figures.waiting, figures.in_flight, figures.retrying) == (1, 1, 1)
    assert (figures.failed_last_day, figures.expired_last_day) == (1, 1)
    assert 89 < figures.oldest_due_seconds < 100
    assert 599 < figures.oldest_waiting_seconds < 610
