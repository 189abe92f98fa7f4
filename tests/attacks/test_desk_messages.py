"""The list of messages is for every agent of the desk, secrets erased, and for nobody else (REL-1, ACL-5)."""

from __future__ import annotations

import pytest
from django.utils import timezone

from portal.messaging import outbox as messages
from portal.messaging.models import OutgoingMessage, Status
from tests.hub.people import make_agent, make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("REL-1", "ACL-5")]
LIST = "/administration/messaging/outgoingmessage/"


def failed_message() -> OutgoingMessage:
    message = messages.queue_email(
        to="temoin@exemple.fr",
        template="accounts/email/code",
        context={
            "code": "483920",
            "life_seconds": 600,
            "what_for": "x",
            "device": "x",
            "asked_at": timezone.now(),
        },
        sensitive=True,
        purpose="code_sign_in",
    )
    OutgoingMessage.objects.filter(pk=message.pk).update(
        status=Status.FAILED, finished_at=timezone.now(), sealed_body=None
    )
    return message


def test_an_agent_sees_what_could_not_leave_and_no_code() -> None:
    message, desk = failed_message(), sign_in(make_agent(), level=2)
    listed = desk.get(LIST)
    assert listed.status_code == 200 and str(message.pk) in listed.content.decode()
    shown = desk.get(f"{LIST}{message.pk}/change/").content.decode()
    assert "483920" not in shown and "Contenu secret" in shown


def test_an_agent_neither_writes_nor_deletes_a_message() -> None:
    message, desk = failed_message(), sign_in(make_agent(), level=2)
    desk.post(
        f"{LIST}{message.pk}/change/", {"recipient": "ailleurs@exemple.fr", "status": "sent", "_save": "1"}
    )
    for path in ("add/", f"{message.pk}/delete/"):
        assert desk.post(LIST + path, {"post": "yes"}).status_code == 403
    message.refresh_from_db()
    assert (message.recipient, message.status) == ("temoin@exemple.fr", Status.FAILED)


def test_nobody_else_opens_it() -> None:
    for browser in (sign_in(make_agent(), level=1), sign_in(make_person("un.autre"), level=2)):
        assert browser.get(LIST).status_code in {302, 403}
