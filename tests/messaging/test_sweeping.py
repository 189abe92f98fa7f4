"""The sweep: what is stuck goes on, what is too old ends, nothing goes twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models.functions import Now

from portal.messaging import delivery, publishing, sweeping
from portal.messaging.models import OutgoingMessage, Status
from portal.messaging.tasks import deliver_message, purge_messages, sweep_outbox
from tests.messaging.relay import Relay
from tests.messaging.steps import make_stuck, refresh

pytestmark = pytest.mark.django_db
Queue = Callable[..., OutgoingMessage]


def _age(message: OutgoingMessage, **fields: int) -> None:
    """Set date fields to that many seconds ago."""
    moments = {name: Now() - timedelta(seconds=seconds) for name, seconds in fields.items()}
    OutgoingMessage.objects.filter(pk=message.pk).update(**moments)


@pytest.mark.security("REL-2")
def test_a_message_of_a_dead_worker_is_taken_back_after_two_minutes(
    mail: Queue, published: list[str]
) -> None:
    young, old = mail(), mail()
    make_stuck(young, seconds=115)
    make_stuck(old, seconds=121)
    published.clear()

    assert sweeping.sweep() == sweeping.Sweep(taken_back=1, given_up=0, expired=0, published=1)
    assert (refresh(young).status, refresh(old).status) == (Status.SENDING, Status.RETRY)
    assert (old.ambiguous_attempts, old.last_error) == (0, "worker-lost")
    assert published == [str(old.pk)]


@pytest.mark.security("REL-2")
def test_a_worker_that_died_after_handing_over_counts_an_unknown_outcome(mail: Queue, relay: Relay) -> None:
    message = mail()
    make_stuck(message, handed_over=True)
    sweeping.sweep()

    assert (refresh(message).status, message.ambiguous_attempts) == (Status.RETRY, 1)
    delivery.deliver(message.pk)
    assert relay.ids() == [f"<{message.pk}@enrs-idf.example>"]


@pytest.mark.security("REL-2")
def test_the_third_unknown_outcome_ends_the_message(mail: Queue) -> None:
    message = mail(sensitive=True)
    make_stuck(message, handed_over=True, ambiguous_attempts=2)

    assert sweeping.sweep().given_up == 1
    assert (refresh(message).status, message.sealed_body) == (Status.FAILED, None)


def test_a_message_that_kills_every_worker_ends(mail: Queue) -> None:
    message = mail()
    make_stuck(message, attempts=delivery.MAX_ATTEMPTS)

    assert sweeping.sweep().given_up == 1
    assert refresh(message).status == Status.FAILED


@pytest.mark.security("REL-1", "CODE-2")
def test_waiting_codes_past_their_life_are_marked_expired(mail: Queue, published: list[str]) -> None:
    message = mail(sensitive=True)
    OutgoingMessage.objects.filter(pk=message.pk).update(
        expires_at=Now() - timedelta(seconds=1), status=Status.RETRY, enqueued_at=None
    )
    published.clear()

    assert sweeping.sweep() == sweeping.Sweep(taken_back=0, given_up=0, expired=1, published=0)
    assert (refresh(message).status, message.sealed_body, published) == (Status.EXPIRED, None, [])


@pytest.mark.django_db(transaction=True)
def test_a_fresh_message_is_not_published_twice(mail: Queue, published: list[str]) -> None:
    message = mail()
    sweeping.sweep()
    sweeping.sweep()

    assert published == [str(message.pk)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.security("REL-3")
def test_a_task_lost_by_the_broker_is_published_again_after_a_minute(
    mail: Queue, published: list[str]
) -> None:
    message = mail()
    _age(message, enqueued_at=61, next_attempt_at=61)

    assert sweeping.sweep().published == 1
    assert sweeping.sweep().published == 0
    assert published == [str(message.pk)] * 2


def test_a_retry_is_published_when_its_time_comes(mail: Queue, published: list[str]) -> None:
    message = mail()
    OutgoingMessage.objects.filter(pk=message.pk).update(
        status=Status.RETRY, next_attempt_at=Now() + timedelta(seconds=5)
    )
    assert sweeping.sweep().published == 0

    _age(message, enqueued_at=10, next_attempt_at=1)
    assert sweeping.sweep().published == 1


@pytest.mark.security("REL-1")
def test_a_sweep_without_broker_leaves_everything_for_the_next_one(
    mail: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        _age(mail(), enqueued_at=61, next_attempt_at=61)
    tried: list[str] = []

    def broken(message_id: object) -> None:
        tried.append(str(message_id))
        raise ConnectionError

    monkeypatch.setattr(publishing, "_send", broken)
    assert sweeping.sweep().published == 0
    assert len(tried) == 1
    assert OutgoingMessage.objects.filter(enqueued_at__isnull=True).count() == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.security("REL-2")
def test_ten_sweepers_at_once_send_each_mail_once(mail: Queue, relay: Relay) -> None:
    """Every sweeper takes back, then sends by hand all it finds: the claims alone keep them apart."""
    messages = [mail() for _ in range(30)]
    for message in messages[:10]:
        make_stuck(message)
    start = threading.Barrier(10)

    def work() -> None:
        try:
            start.wait()
            sweeping.sweep()
            delivery.drain(100)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Counter(relay.ids()) == {f"<{message.pk}@enrs-idf.example>": 1 for message in messages}
    assert OutgoingMessage.objects.filter(status=Status.SENT).count() == 30


@pytest.mark.django_db(transaction=True)
@pytest.mark.security("REL-2")
def test_ten_tasks_of_one_message_at_once_send_it_once(mail: Queue, relay: Relay) -> None:
    message = mail()
    start = threading.Barrier(10)

    def work() -> None:
        try:
            start.wait()
            deliver_message(str(message.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(relay.taken) == 1
    assert refresh(message).attempts == 1


def test_the_command_sends_what_waits_and_says_how_much(mail: Queue, relay: Relay) -> None:
    mail(), mail()
    make_stuck(mail())
    output = StringIO()
    call_command("envoyer_messages", stdout=output)

    assert len(relay.taken) == 3
    assert "3 envoi(s) tenté(s), 1 message(s) repris" in output.getvalue()


@pytest.mark.security("DAT-3")
def test_the_purge_deletes_finished_messages_after_the_time_of_the_profile(
    mail: Queue, plateforme: Callable[[str], object]
) -> None:
    days = plateforme("enrs-idf").retention.messages_days  # type: ignore[attr-defined]
    old, recent, waiting = mail(), mail(), mail()
    for message, age in ((old, days + 1), (recent, days - 1)):
        OutgoingMessage.objects.filter(pk=message.pk).update(
            status=Status.SENT, finished_at=Now() - timedelta(days=age)
        )
    _age(waiting, created_at=86_400 * (days + 1))
    purge_messages()

    assert set(OutgoingMessage.objects.values_list("pk", flat=True)) == {recent.pk, waiting.pk}


@pytest.mark.django_db(transaction=True)
def test_the_sweep_is_a_task_that_may_run_twice(mail: Queue, published: list[str]) -> None:
    _age(mail(), enqueued_at=61, next_attempt_at=61)
    sweep_outbox()
    sweep_outbox()

    assert len(published) == 2
