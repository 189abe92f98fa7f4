"""Mails of the support, one function each. Called inside the transaction of the fact they tell."""

from __future__ import annotations

from typing import Any

from portal.hub.models import ExpertMailbox, SupportTicket
from portal.messaging.outbox import queue_email


def subject_ref(ticket: SupportTicket) -> str:
    return f"hub.ticket:{ticket.public_id}"


def _queue(ticket: SupportTicket, template: str, *, to: str = "", **context: Any) -> None:
    queue_email(
        to=to or ticket.email,
        template=f"hub/email/{template}",
        context={
            "ticket": ticket,
            "follow_path": f"/assistance/demandes/{ticket.public_id}/" if ticket.user_id else "",
            **context,
        },
        subject_ref=subject_ref(ticket),
        purpose=template,
    )


def acknowledge(ticket: SupportTicket) -> None:
    """A visitor's words are not repeated: the address they typed may be somebody else's."""
    _queue(ticket, "ticket_received")


def ask_experts(ticket: SupportTicket, expert: ExpertMailbox) -> None:
    """The question itself, without who asks: the experts answer to the support."""
    question = ticket.messages.filter(is_internal=False).order_by("created_at", "pk").first()
    _queue(
        ticket,
        "ticket_for_experts",
        to=expert.email,
        question=question.body if question else "",
        expert=expert,
    )


def tell_forwarded(ticket: SupportTicket) -> None:
    _queue(ticket, "ticket_forwarded")


def send_answer(ticket: SupportTicket, body: str) -> None:
    _queue(ticket, "ticket_answered", answer=body)


def tell_closed(ticket: SupportTicket) -> None:
    _queue(ticket, "ticket_closed")
