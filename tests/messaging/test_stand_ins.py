"""The transports against the servers that the demo runs: the protocol both sides wrote down is the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.messaging.delivery import deliver
from portal.messaging.models import OutgoingMessage, Status
from tests.messaging.conftest import ADDRESS, PHONE
from tests.messaging.steps import make_due, refresh
from tests.support.processes import SmsGateway, SmtpCatcher

pytestmark = pytest.mark.django_db
Queue = Callable[..., OutgoingMessage]


def test_a_mail_arrives_with_its_subject_and_both_bodies(mail: Queue, smtp_catcher: SmtpCatcher) -> None:
    message = mail(sensitive=True)
    deliver(message.pk)
    (arrived,) = smtp_catcher.wait(ADDRESS)

    assert refresh(message).status == Status.SENT
    assert arrived.subject == "[Portail ENRS] Votre code de connexion"
    assert "Votre code est : 004271" in arrived.text


@pytest.mark.parametrize(
    ("mode", "status"),
    [
        ("refuse", Status.FAILED),
        ("permanent", Status.FAILED),
        ("temporary", Status.RETRY),
        ("down", Status.RETRY),
    ],
)
def test_each_way_the_relay_fails_is_understood(
    mail: Queue, smtp_catcher: SmtpCatcher, mode: str, status: Status
) -> None:
    smtp_catcher.fail(mode)  # type: ignore[arg-type]
    message = mail()
    deliver(message.pk)

    assert refresh(message).status == status
    assert smtp_catcher.messages() == []


@pytest.mark.security("REL-2")
def test_a_line_cut_after_the_mail_was_taken_leaves_two_copies_of_one_id(
    mail: Queue, smtp_catcher: SmtpCatcher
) -> None:
    smtp_catcher.fail("cut", times=1)
    message = mail()
    deliver(message.pk)
    deliver(make_due(message).pk)

    assert refresh(message).status == Status.SENT
    assert len(smtp_catcher.messages(ADDRESS)) == 2


@pytest.mark.security("REL-2")
def test_a_gateway_that_knows_the_reference_sends_once_despite_a_cut(
    sms: Queue, sms_gateway: SmsGateway
) -> None:
    sms_gateway.fail("cut", times=1)
    message = sms()
    deliver(message.pk)
    assert refresh(message).status == Status.RETRY
    deliver(make_due(message).pk)

    assert refresh(message).status == Status.SENT
    assert len(sms_gateway.messages(PHONE)) == 1


@pytest.mark.parametrize(
    ("mode", "status"),
    [
        ("refuse", Status.FAILED),
        ("permanent", Status.FAILED),
        ("temporary", Status.RETRY),
        ("down", Status.RETRY),
    ],
)
def test_each_way_the_gateway_fails_is_understood(
    sms: Queue, sms_gateway: SmsGateway, mode: str, status: Status
) -> None:
    sms_gateway.fail(mode)  # type: ignore[arg-type]
    message = sms()
    deliver(message.pk)

    assert refresh(message).status == status
    assert sms_gateway.messages() == []
