"""The broker away or mute at the moment of publishing: the page answers, the row waits, the sweep sends it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.db import transaction

from portal.launcher import children
from portal.launcher.valkey import Broker
from portal.messaging import publishing, sweeping
from portal.messaging.models import OutgoingMessage, Status
from portal.messaging.outbox import queue_email
from tests.messaging.conftest import ADDRESS, CONTEXT
from tests.messaging.steps import refresh

pytestmark = pytest.mark.django_db(transaction=True)


class OwnBroker:
    """A Valkey of this test alone, that may be stopped."""

    def __init__(self, folder: Path) -> None:
        self.broker = Broker(folder / "v", folder / "valkey.log")
        self.child: subprocess.Popen[bytes] = self.broker.start()

    def stop(self) -> None:
        children.stop(self.child, signal.SIGKILL)

    def start(self) -> None:
        self.child = self.broker.start()

    def freeze(self) -> None:
        os.kill(self.child.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.child.pid, signal.SIGCONT)

    def waiting(self) -> int:
        with current_app.connection_for_write() as link:
            return int(link.default_channel.client.llen(current_app.conf.task_default_queue))


@pytest.fixture
def broker(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnBroker]:
    own = OwnBroker(short_folder)
    url = f"redis+socket://{own.broker.socket}?virtual_host=0"
    monkeypatch.setenv("CELERY_BROKER_WRITE_URL", url)
    yield own
    own.thaw()
    own.stop()


def _queue() -> tuple[OutgoingMessage, float]:
    """Queue a mail; return it and the seconds its transaction and its publication took."""
    start = time.monotonic()
    with transaction.atomic():
        message = queue_email(to=ADDRESS, template="essai/code", context=CONTEXT)
    return message, time.monotonic() - start


def test_publishing_puts_the_id_and_nothing_else_on_the_broker(broker: OwnBroker) -> None:
    message, _ = _queue()

    with current_app.connection_for_write() as link:
        task = link.default_channel.client.lindex(current_app.conf.task_default_queue, 0).decode()
    assert str(message.pk) in task
    assert ADDRESS not in task


@pytest.mark.security("REL-1")
def test_a_broker_that_is_down_delays_no_request_and_loses_nothing(broker: OwnBroker) -> None:
    broker.stop()
    message, seconds = _queue()

    assert seconds < 2
    assert (refresh(message).status, message.enqueued_at) == (Status.QUEUED, None)
    broker.start()
    publishing._paused_until = 0.0
    assert sweeping.sweep().published == 1
    assert broker.waiting() == 1


@pytest.mark.security("REL-1")
def test_a_broker_that_is_mute_delays_a_request_by_less_than_two_seconds(broker: OwnBroker) -> None:
    broker.freeze()
    message, seconds = _queue()

    assert seconds < 2
    assert refresh(message).enqueued_at is None


@pytest.mark.security("REL-1")
def test_ten_mails_of_one_request_wait_for_a_mute_broker_only_once(broker: OwnBroker) -> None:
    broker.freeze()
    seconds = sum(_queue()[1] for _ in range(10))

    assert seconds < 2
    assert OutgoingMessage.objects.filter(enqueued_at__isnull=True).count() == 10


def test_publishing_starts_again_after_the_pause(broker: OwnBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    broker.stop()
    _queue()
    broker.start()
    monkeypatch.setattr(publishing, "_paused_until", time.monotonic() - 1)
    _queue()

    assert broker.waiting() == 1


def test_a_thread_keeps_its_connection(broker: OwnBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    connect = current_app.connection_for_write
    monkeypatch.setattr(
        current_app, "connection_for_write", lambda **options: opened.append("one") or connect(**options)
    )
    for _ in range(3):
        _queue()

    assert opened == ["one"]
    assert broker.waiting() == 3


@pytest.mark.security("REL-1", "REL-4")
def test_a_broker_restarted_between_two_mails_hears_of_both(broker: OwnBroker) -> None:
    _queue()
    broker.stop()
    broker.start()
    message, seconds = _queue()

    assert seconds < 2
    assert refresh(message).enqueued_at is not None
    assert broker.waiting() >= 1


@pytest.mark.security("REL-1")
def test_a_broker_that_falls_mute_after_a_mail_delays_the_next_by_less_than_two_seconds(
    broker: OwnBroker,
) -> None:
    _queue()
    broker.freeze()
    message, seconds = _queue()

    assert seconds < 2
    assert refresh(message).enqueued_at is None


def test_every_thread_publishes_through_our_application() -> None:
    """Web servers run views in threads, where Celery falls back on its default application."""
    seen: list[str] = []
    thread = threading.Thread(target=lambda: seen.append(current_app.main))
    thread.start()
    thread.join()

    assert seen == ["portal"]
