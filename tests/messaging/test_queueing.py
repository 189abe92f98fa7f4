"""The way in: a row in the caller's transaction, an id to the broker after commit, nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from portal.messaging.content import ContentRefusedError, unseal
from portal.messaging.models import OutgoingMessage, Status
from portal.messaging.outbox import OutsideTransactionError, queue_email, queue_sms
from tests.messaging.conftest import ADDRESS, CONTEXT, PHONE

pytestmark = pytest.mark.django_db
Queue = Callable[..., OutgoingMessage]


class _Undo(Exception):
    pass


@pytest.mark.django_db(transaction=True)
@pytest.mark.security("REL-1")
def test_a_rollback_sends_nothing(published: list[str]) -> None:
    with pytest.raises(_Undo), transaction.atomic():
        queue_email(to=ADDRESS, template="essai/code", context=CONTEXT)
        raise _Undo

    assert published == []
    assert not OutgoingMessage.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_savepoint_rolled_back_takes_only_its_own_message(published: list[str]) -> None:
    with transaction.atomic():
        kept = queue_email(to=ADDRESS, template="essai/code", context=CONTEXT)
        with pytest.raises(_Undo), transaction.atomic():
            queue_sms(to=PHONE, text="Bonjour")
            raise _Undo

    assert published == [str(kept.pk)]


@pytest.mark.django_db(transaction=True)
def test_the_broker_hears_of_a_message_only_after_commit(published: list[str]) -> None:
    with transaction.atomic():
        message = queue_email(to=ADDRESS, template="essai/code", context=CONTEXT)
        assert published == []

    assert published == [str(message.pk)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.security("REL-1")
def test_queueing_outside_a_transaction_is_refused() -> None:
    with pytest.raises(OutsideTransactionError):
        queue_email(to=ADDRESS, template="essai/code", context=CONTEXT)
    with pytest.raises(OutsideTransactionError):
        queue_sms(to=PHONE, text="Bonjour")

    assert not OutgoingMessage.objects.exists()


@pytest.mark.security("WEB-6")
@pytest.mark.parametrize(
    "to",
    [
        "claire@cabinet.example\r\nBcc: tous@cabinet.example",
        "claire@cabinet.example\nSubject: autre",
        "claire@cabinet.example, paul@cabinet.example",
        "Claire <claire@cabinet.example>",
        "claire@cabinet.example\x00",
        "claire@cabinet.example\u2028x",
        "pas une adresse",
        "",
    ],
)
def test_a_recipient_that_is_not_exactly_one_address_is_refused(mail: Queue, to: str) -> None:
    with pytest.raises(ContentRefusedError):
        mail(to=to)

    assert not OutgoingMessage.objects.exists()


@pytest.mark.security("WEB-6")
@pytest.mark.parametrize(
    "name", ["Claire\r\nBcc: tous@cabinet.example", "Claire\nX", "Claire\x0bX", "Claire\u2029X"]
)
def test_a_line_break_smuggled_into_the_subject_is_refused(
    mail: Queue, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with pytest.raises(ContentRefusedError):
        mail(template="essai/personal", context={**CONTEXT, "name": name})


@pytest.mark.parametrize("to", ["0639980001", "+33 6 39 98 00 01", "+0639980001", "", "+33639980001\n"])
def test_an_sms_needs_a_number_in_international_form(sms: Queue, to: str) -> None:
    with pytest.raises(ContentRefusedError):
        sms(to=to)


@pytest.mark.parametrize("text", ["x" * 460, "Bonjour\x00", "   "])
def test_an_sms_too_long_empty_or_with_controls_is_refused(text: str) -> None:
    with pytest.raises(ContentRefusedError), transaction.atomic():
        queue_sms(to=PHONE, text=text)


def test_an_sms_takes_a_template_or_a_text_but_not_both() -> None:
    with pytest.raises(TypeError), transaction.atomic():
        queue_sms(to=PHONE, text="Bonjour", template="essai/code")
    with pytest.raises(TypeError), transaction.atomic():
        queue_sms(to=PHONE)


def test_an_accented_domain_becomes_ascii(mail: Queue) -> None:
    assert mail(to="claire@hôpital.example").recipient == "claire@xn--hpital-ixa.example"


@pytest.mark.security("CODE-7", "PWD-6")
def test_a_waiting_secret_is_unreadable_in_the_database(mail: Queue) -> None:
    message = mail(sensitive=True)

    with connection.cursor() as cursor:
        cursor.execute("SELECT m::text, encode(sealed_body, 'escape') FROM messaging_outgoingmessage m")
        stored = " ".join(str(cell) for cell in cursor.fetchone())
    assert CONTEXT["code"] not in stored
    assert str(CONTEXT["link"]) not in stored
    opened = unseal(OutgoingMessage.objects.get(pk=message.pk).sealed_body)
    assert opened is not None
    assert CONTEXT["code"] in opened.text


def test_a_sealed_message_survives_the_rotation_of_the_secret_key(mail: Queue, settings: object) -> None:
    message = mail(sensitive=True)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]  # type: ignore[attr-defined]
    settings.SECRET_KEY = "another-" * 10  # type: ignore[attr-defined]

    assert unseal(message.sealed_body) is not None
    settings.SECRET_KEY_FALLBACKS = []  # type: ignore[attr-defined]
    assert unseal(message.sealed_body) is None


@pytest.mark.parametrize("leak", [{"body_text": "004271"}, {"body_html": "<p>004271</p>"}])
def test_the_database_refuses_a_secret_in_clear(mail: Queue, leak: dict[str, str]) -> None:
    message = mail(sensitive=True)

    with pytest.raises(IntegrityError, match="messaging_secrets_are_sealed"):
        OutgoingMessage.objects.filter(pk=message.pk).update(**leak)


def test_the_database_refuses_a_finished_message_that_still_holds_its_secret(mail: Queue) -> None:
    message = mail(sensitive=True)

    with pytest.raises(IntegrityError, match="messaging_secrets_are_erased"):
        OutgoingMessage.objects.filter(pk=message.pk).update(status=Status.SENT, finished_at=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_the_same_key_twice_queues_one_message(mail: Queue, published: list[str]) -> None:
    first = mail(dedup_key="accueil:12")
    second = mail(dedup_key="accueil:12")

    assert first.pk == second.pk
    assert published == [str(first.pk)]
    assert mail().pk != mail().pk


@pytest.mark.django_db(transaction=True)
def test_the_same_key_from_eight_threads_queues_one_message(mail: Queue, published: list[str]) -> None:
    start = threading.Barrier(8)

    def race() -> None:
        try:
            start.wait()
            mail(dedup_key="course")
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert OutgoingMessage.objects.count() == 1
    assert len(published) == 1


def test_a_message_remembers_what_it_is_for(mail: Queue) -> None:
    until = timezone.now() + timedelta(minutes=10)
    message = mail(subject_ref="accounts.signup:12", purpose="sign_in", expires_at=until)

    assert (message.subject_ref, message.purpose, message.expires_at) == (
        "accounts.signup:12",
        "sign_in",
        until,
    )
    assert message.sender == "Portail ENRS Île-de-France <ne-pas-repondre@enrs-idf.example>"
    assert message.status == Status.QUEUED
