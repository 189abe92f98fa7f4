"""Real Celery workers, killed at the worst moments: nothing is lost, nothing goes twice knowingly."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
import structlog
from celery import current_app
from django.db import connection, transaction

from portal.launcher import children
from portal.messaging import sweeping
from portal.messaging.models import OutgoingMessage, Status
from portal.messaging.outbox import queue_email
from tests.messaging.conftest import ADDRESS, CONTEXT
from tests.messaging.relay import Relay
from tests.messaging.steps import make_stuck, refresh
from tests.support.processes import ROOT, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
Worker = subprocess.Popen[bytes]


def _database_url() -> str:
    """The address of the test database, which the environment's is not."""
    data = connection.settings_dict
    user = quote(data["USER"]) + (f":{quote(data['PASSWORD'])}" if data["PASSWORD"] else "")
    return (
        f"postgresql://{user}@/{data['NAME']}?host={quote(data['HOST'], safe='')}&port={data['PORT'] or 5432}"
    )


@pytest.fixture
def start_worker(relay: Relay, tmp_path: Path) -> Iterator[Callable[[], Worker]]:
    _empty_broker()
    started: list[Worker] = []
    environment = {
        **os.environ,
        "DATABASE_URL": _database_url(),
        "TEST_BASE_SETTINGS": os.environ["DJANGO_SETTINGS_MODULE"],
        "DJANGO_SETTINGS_MODULE": "tests.messaging.worker_settings",
        "TEST_RELAY_PORT": str(relay.port),
    }
    command = [sys.executable, "-m", "celery", "-A", "portal", "worker", "--concurrency", "1"]
    command += ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]

    def start() -> Worker:
        log = tmp_path / f"worker-{len(started)}.log"
        started.append(
            children.spawn(command, cwd=ROOT, env=environment, log=log, death_signal=signal.SIGKILL)
        )
        return started[-1]

    yield start
    for worker in started:
        _kill(worker)
    _empty_broker()


def _empty_broker() -> None:
    with current_app.connection_for_write() as link:
        link.default_channel.client.flushdb()


def _kill(worker: Worker) -> None:
    """kill -9 of the worker and of its children, as a machine that loses power."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def _queue(**options: Any) -> OutgoingMessage:
    with transaction.atomic():
        return queue_email(to=ADDRESS, template="essai/code", context=CONTEXT, **options)


def _wait_status(message: OutgoingMessage, status: Status) -> None:
    wait_until(lambda: refresh(message).status == status, 30, f"status {status}")


@pytest.mark.security("REL-1")
def test_a_committed_mail_reaches_the_relay_through_a_worker(relay: Relay, start_worker: Any) -> None:
    start_worker()
    message = _queue(sensitive=True)

    _wait_status(message, Status.SENT)
    assert relay.ids() == [f"<{message.pk}@enrs-idf.example>"]


@pytest.mark.security("REL-13", "DAT-2")
def test_the_worker_s_log_names_the_request_that_asked_and_no_person(
    relay: Relay, start_worker: Any, tmp_path: Path
) -> None:
    relay.script, relay.times = {"rcpt": f"450 {ADDRESS} later"}, 1
    start_worker()
    with structlog.contextvars.bound_contextvars(request_id="0b7a3c0e-1111-4222-8333-944445555666"):
        message = _queue(sensitive=True)
    _wait_status(message, Status.RETRY)
    log = tmp_path / "worker-0.log"
    wait_until(lambda: "message_delayed" in log.read_text())

    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    delayed = next(line for line in lines if line["event"] == "message_delayed")
    assert delayed["correlation_id"] == "0b7a3c0e-1111-4222-8333-944445555666"
    assert (delayed["message_id"], delayed["error"]) == (str(message.pk), "smtp-450")
    for secret in (ADDRESS, "claire", CONTEXT["code"]):
        assert str(secret) not in log.read_text()


@pytest.mark.security("REL-2")
def test_a_worker_killed_before_the_mail_was_handed_over_loses_and_doubles_nothing(
    relay: Relay, start_worker: Any
) -> None:
    relay.script, relay.times = {"data": 30}, 1
    worker = start_worker()
    message = _queue(sensitive=True)
    _wait_status(message, Status.SENDING)
    wait_until(relay.reached.is_set)
    _kill(worker)

    assert (refresh(message).status, message.handed_over_at, relay.taken) == (Status.SENDING, None, [])
    make_stuck(message)
    assert sweeping.sweep().published == 1
    start_worker()
    _wait_status(message, Status.SENT)
    assert len(relay.taken) == 1
    assert message.ambiguous_attempts == 0


@pytest.mark.security("REL-2")
def test_a_worker_killed_after_the_mail_was_taken_sends_one_copy_with_the_same_id(
    relay: Relay, start_worker: Any
) -> None:
    relay.script, relay.times = {"end": 30}, 1
    worker = start_worker()
    message = _queue()
    wait_until(lambda: relay.taken, 30, "the relay taking the mail")
    wait_until(lambda: refresh(message).handed_over_at)
    _kill(worker)

    make_stuck(message, handed_over=True)
    sweeping.sweep()
    assert refresh(message).ambiguous_attempts == 1
    start_worker()
    _wait_status(message, Status.SENT)
    assert relay.ids() == [f"<{message.pk}@enrs-idf.example>"] * 2


@pytest.mark.security("REL-3")
def test_a_task_delivered_again_at_once_leaves_the_message_to_its_claim(
    relay: Relay, start_worker: Any
) -> None:
    """Only the pool's child dies: Celery gives the task to a new child while the row is still in flight."""
    relay.script, relay.times = {"data": 30}, 1
    worker = start_worker()
    message = _queue()
    _wait_status(message, Status.SENDING)
    wait_until(relay.reached.is_set)
    for child in psutil.Process(worker.pid).children():
        child.kill()
    wait_until(lambda: _queue_length() == 0, what="the task coming back and being done with")

    assert (refresh(message).status, message.attempts, relay.conversations) == (Status.SENDING, 1, 1)
    make_stuck(message)
    sweeping.sweep()
    _wait_status(message, Status.SENT)
    assert len(relay.taken) == 1


@pytest.mark.security("REL-3")
def test_flushing_the_broker_loses_nothing(relay: Relay, start_worker: Any) -> None:
    message = _queue()
    _empty_broker()
    start_worker()
    OutgoingMessage.objects.filter(pk=message.pk).update(enqueued_at=None)

    sweeping.sweep()
    _wait_status(message, Status.SENT)
    assert len(relay.taken) == 1


@pytest.mark.security("REL-11")
def test_a_worker_asked_to_stop_finishes_the_mail_it_is_sending(relay: Relay, start_worker: Any) -> None:
    relay.script = {"end": 2}
    worker = start_worker()
    message = _queue()
    wait_until(lambda: relay.taken, 30, "the relay taking the mail")
    worker.send_signal(signal.SIGTERM)
    worker.wait(30)

    assert refresh(message).status == Status.SENT
    assert len(relay.taken) == 1


def _queue_length() -> int:
    """Tasks waiting or being worked on."""
    with current_app.connection_for_write() as link:
        client = link.default_channel.client
        return int(client.llen(current_app.conf.task_default_queue)) + int(client.hlen("unacked"))
