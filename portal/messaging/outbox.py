"""The way in: write a message in the caller's transaction, hand its id to the workers after commit.

Both functions raise OutsideTransactionError when no transaction is open: a message is part of the fact it
tells, a rollback must take it away. Neither talks to a mail server or gateway. A broker out of reach at
commit raises nothing and loses nothing: `portal.messaging.sweeping` finds the row.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from django.db import connection, transaction

from portal.common import prepared
from portal.messaging import content as contents
from portal.messaging.models import Channel, OutgoingMessage
from portal.messaging.publishing import publish
from portal.plateformes import current


class OutsideTransactionError(RuntimeError):
    """A message was queued outside of `transaction.atomic`: a programming error."""


def queue_email(
    *,
    to: str,
    template: str,
    context: dict[str, Any],
    sensitive: bool = False,
    expires_at: datetime | None = None,
    dedup_key: str = "",
    subject_ref: str | None = None,
    purpose: str = "",
) -> OutgoingMessage:
    """Write a mail made of `<template>_subject.txt`, `_body.txt`, `_body.html` and have it sent after commit.

    sensitive: it holds a code or a link; the content is sealed, then erased once sent, failed or expired.
    expires_at: past this moment it is not sent any more (state « périmé »).
    dedup_key: a second call with the same key returns the first message and writes nothing.
    subject_ref: loose reference of what it is about (`accounts.signup:<uuid>`), for `selectors.state_for`.
    Raises ContentRefusedError for a bad address, a subject with a line break or a control character anywhere.
    """
    _require_transaction()
    senders = current().senders
    return _write(
        channel=Channel.EMAIL,
        recipient=contents.check_email(to),
        sender=contents.check_header(f"{senders.email_name} <{senders.email}>", "sender"),
        content=contents.render_email(template, context),
        is_sensitive=sensitive,
        expires_at=expires_at,
        dedup_key=dedup_key,
        subject_ref=subject_ref or "",
        purpose=purpose or template.rsplit("/", 1)[-1],
    )


def queue_sms(
    *,
    to: str,
    template: str = "",
    text: str = "",
    context: dict[str, Any] | None = None,
    sensitive: bool = False,
    expires_at: datetime | None = None,
    dedup_key: str = "",
    subject_ref: str | None = None,
    purpose: str = "",
) -> OutgoingMessage:
    """Write an SMS to an E.164 number, from `<template>.txt` or from a ready `text` (one of the two).

    The other arguments are those of `queue_email`.
    """
    _require_transaction()
    if bool(template) == bool(text):
        raise TypeError("queue_sms takes a template or a text, not both")
    content = contents.render_sms(template, context or {}) if template else contents.sms_content(text)
    return _write(
        channel=Channel.SMS,
        recipient=contents.check_phone(to),
        sender=contents.check_header(current().senders.sms_name, "sender"),
        content=content,
        is_sensitive=sensitive,
        expires_at=expires_at,
        dedup_key=dedup_key,
        subject_ref=subject_ref or "",
        purpose=purpose or template.rsplit("/", 1)[-1],
    )


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise OutsideTransactionError("queue the message inside transaction.atomic()")


def _write(
    *, content: contents.Content, is_sensitive: bool, dedup_key: str, **fields: Any
) -> OutgoingMessage:
    fields |= {"is_sensitive": is_sensitive, "correlation_id": _correlation_id(), "subject": content.subject}
    if is_sensitive:
        fields["sealed_body"] = contents.seal(content)
    else:
        fields |= {"body_text": content.text, "body_html": content.html}
    if not dedup_key:
        message, is_new = prepared.insert(OutgoingMessage(**fields)), True
    else:
        message, is_new = OutgoingMessage.objects.get_or_create(dedup_key=dedup_key, defaults=fields)
    if is_new:
        transaction.on_commit(lambda: publish(message.pk))
    return message


def _correlation_id() -> str:
    """Return the id of the request or task that speaks, so that a mail can be traced back to its page."""
    context = structlog.contextvars.get_contextvars()
    found = context.get("correlation_id") or context.get("request_id") or context.get("task_id") or ""
    return str(found)[:64]
