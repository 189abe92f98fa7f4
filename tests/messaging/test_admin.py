"""Support's list of messages: failures first, one action with a reason, no secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin import AdminSite
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.db import SessionStore
from django.db.models.functions import Now
from django.http import HttpRequest
from django.test import RequestFactory

from accounts.enums import CodePurpose
from portal.launcher.place import ROOT
from portal.messaging import purposes
from portal.messaging.admin import ERASED, OutgoingMessageAdmin, StateFilter
from portal.messaging.models import OutgoingMessage, Status
from portal.messaging.resending import Resend, resend
from tests.hub.people import make_agent, sign_in
from tests.messaging.steps import refresh

pytestmark = pytest.mark.django_db
Queue = Callable[..., OutgoingMessage]


@pytest.fixture
def desk() -> OutgoingMessageAdmin:
    return OutgoingMessageAdmin(OutgoingMessage, AdminSite())


def _fail(message: OutgoingMessage) -> OutgoingMessage:
    OutgoingMessage.objects.filter(pk=message.pk).update(
        status=Status.FAILED, finished_at=Now(), sealed_body=None, attempts=30, last_error="smtp-450"
    )
    return refresh(message)


def _request(person: Any, data: dict[str, str] | None = None) -> HttpRequest:
    request = RequestFactory().post("/administration/", data or {})
    request.user = person
    request.session = SessionStore()
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    return request


@pytest.mark.django_db(transaction=True)
def test_a_failed_message_leaves_again_with_a_new_schedule(mail: Queue, published: list[str]) -> None:
    message = _fail(mail())
    published.clear()

    assert resend(message.pk) is Resend.QUEUED
    assert (refresh(message).status, message.attempts, message.finished_at) == (Status.QUEUED, 0, None)
    assert published == [str(message.pk)]


@pytest.mark.django_db(transaction=True)
def test_asking_twice_sends_once(mail: Queue, published: list[str]) -> None:
    message = _fail(mail())
    published.clear()
    resend(message.pk)

    assert resend(message.pk) is Resend.NOT_FAILED
    assert len(published) == 1


def test_an_erased_secret_cannot_leave_again(mail: Queue) -> None:
    message = _fail(mail(sensitive=True))

    assert resend(message.pk) is Resend.ERASED
    assert refresh(message).status == Status.FAILED


def test_the_action_asks_for_a_reason_first(mail: Queue, desk: OutgoingMessageAdmin, admin_user: Any) -> None:
    message = _fail(mail())
    chosen = OutgoingMessage.objects.filter(pk=message.pk)
    for data in ({}, {"confirm": "1", "reason": "  "}):
        answer = desk.resend_chosen(_request(admin_user, data), chosen)
        assert answer is not None
        assert answer.status_code == 200

    assert refresh(message).status == Status.FAILED


def test_the_action_keeps_who_asked_and_why(mail: Queue, desk: OutgoingMessageAdmin, admin_user: Any) -> None:
    message = _fail(mail())
    request = _request(admin_user, {"confirm": "1", "reason": "Relais réparé"})
    desk.resend_chosen(request, OutgoingMessage.objects.filter(pk=message.pk))

    assert refresh(message).status == Status.QUEUED
    entry = LogEntry.objects.get(object_id=str(message.pk))
    assert (entry.user, entry.change_message) == (admin_user, "Renvoi demandé : Relais réparé")
    assert "remis dans la file" in str(next(iter(get_messages(request))))


@pytest.mark.security("ACL-5", "CODE-7")
def test_a_secret_is_never_shown(mail: Queue, desk: OutgoingMessageAdmin) -> None:
    message = mail(sensitive=True)

    assert desk.shown_text(message) == ERASED
    assert "sealed_body" not in desk.fields
    assert "body_text" not in desk.fields
    assert "body_html" not in desk.fields


def test_addresses_are_masked_in_the_list(mail: Queue, sms: Queue, desk: OutgoingMessageAdmin) -> None:
    assert desk.masked_recipient(mail()) == "c…@cabinet.example"
    assert desk.masked_recipient(sms()) == "06 •• •• •• 01"
    assert "recipient" not in desk.list_display


def test_nobody_adds_deletes_or_edits_a_message(desk: OutgoingMessageAdmin, admin_user: Any) -> None:
    request = _request(admin_user)

    assert not desk.has_add_permission(request)
    assert not desk.has_delete_permission(request)
    assert set(desk.fields) <= set(desk.get_readonly_fields(request))


@pytest.mark.parametrize(
    ("asked", "expected"), [(None, {"failed"}), ("sent", {"sent"}), ("tous", {"failed", "sent"})]
)
def test_the_list_shows_failures_unless_asked_otherwise(
    mail: Queue, desk: OutgoingMessageAdmin, admin_user: Any, asked: str | None, expected: set[str]
) -> None:
    _fail(mail())
    OutgoingMessage.objects.filter(pk=mail().pk).update(status=Status.SENT, finished_at=Now())
    parameters = {} if asked is None else {"etat": [asked]}
    chosen = StateFilter(_request(admin_user), parameters, OutgoingMessage, desk)

    found = chosen.queryset(_request(admin_user), OutgoingMessage.objects.all())
    assert set(found.values_list("status", flat=True)) == expected


def test_every_mail_has_words_for_its_purpose() -> None:
    """The support never reads the name of a template."""
    named = {
        path.name.removesuffix("_subject.txt") for path in ROOT.glob("templates/*/**/email/*_subject.txt")
    }
    sent_as = {f"code_{purpose}" for purpose in CodePurpose.values} | {"strong_alert", "verification"}
    assert named - {"code", "support_alert"} | sent_as == set(purposes.WORDS)


def test_a_message_is_read_and_nothing_of_it_is_saved(mail: Queue) -> None:
    message = mail(purpose="sign_up_validation")
    page = sign_in(make_agent(), level=2).get(
        f"/administration/messaging/outgoingmessage/{message.pk}/change/"
    )
    html = page.content.decode()
    assert "validation de l’adresse" in html and "sign_up_validation" not in html
    assert 'name="_save"' not in html and 'name="_continue"' not in html


def test_messages_are_found_by_what_they_are_for(mail: Queue) -> None:
    wanted, other = mail(purpose="sign_up_validation"), mail(purpose="strong_alert")
    desk = sign_in(make_agent(), level=2)
    html = desk.get(
        "/administration/messaging/outgoingmessage/?etat=tous&purpose=sign_up_validation"
    ).content.decode()
    assert str(wanted.pk) in html and str(other.pk) not in html


def test_the_page_that_asks_a_reason_names_each_message(mail: Queue) -> None:
    message = _fail(mail())
    answer = sign_in(make_agent(), level=2).post(
        "/administration/messaging/outgoingmessage/",
        {"action": "resend_chosen", "_selected_action": str(message.pk)},
    )
    html = answer.content.decode()
    assert "Votre code de connexion" in html and f'value="{message.pk}"' in html
    assert f"courriel {message.pk}" not in html
