"""A scriptable SMTP relay and SMS gateway, and short ways to queue a message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from portal.messaging import publishing
from portal.messaging.models import OutgoingMessage
from portal.messaging.outbox import queue_email, queue_sms
from tests.messaging.relay import Relay
from tests.messaging.sms_stub import SmsStub

TEMPLATES = Path(__file__).parent / "templates"
CONTEXT = {
    "name": "Claire Fontaine",
    "code": "004271",
    "link": "https://portail.example/connexion/?cle=abc",
}
PHONE = "+33639980001"
ADDRESS = "claire.fontaine@cabinet.example"


@pytest.fixture(autouse=True)
def _templates(settings: Any) -> None:
    """Adds the templates of these tests to the product's."""
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [*settings.TEMPLATES[0]["DIRS"], TEMPLATES]}]


@pytest.fixture(autouse=True)
def _broker_not_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "_paused_until", 0.0)


@pytest.fixture
def relay(settings: Any) -> Iterator[Relay]:
    """A relay on loopback that obeys `relay.script`; Django's mail settings point to it."""
    with Relay() as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.EMAIL_TIMEOUT = 20
        yield running


@pytest.fixture
def sms_stub(settings: Any) -> Iterator[SmsStub]:
    with SmsStub() as running:
        settings.SMS_URL = running.url
        yield running


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids handed to the broker, which is not used."""
    ids: list[str] = []
    monkeypatch.setattr(publishing, "_send", lambda message_id: ids.append(str(message_id)))
    return ids


@pytest.fixture
def mail(published: list[str]) -> Callable[..., OutgoingMessage]:
    """Queue a mail in a transaction of its own and return its row."""

    def queue(**options: Any) -> OutgoingMessage:
        arguments = {"to": ADDRESS, "template": "essai/code", "context": CONTEXT, **options}
        with transaction.atomic():
            return queue_email(**arguments)

    return queue


@pytest.fixture
def sms(published: list[str]) -> Callable[..., OutgoingMessage]:
    def queue(**options: Any) -> OutgoingMessage:
        arguments = {"to": PHONE, "template": "essai/code", "context": CONTEXT, **options}
        with transaction.atomic():
            return queue_sms(**arguments)

    return queue
