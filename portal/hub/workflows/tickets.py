"""Life of a question to the support; the only writer of `SupportTicket.status`.

open → forwarded (« métier » experts) → answered → closed; a reply of the person opens it again. Every function locks
the row and writes state, message and mails in one transaction; WrongState and NotAllowed may be shown.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from portal.common.workflow import Machine, NotAllowed, Outcome, Transition, WorkflowError, WrongState
from portal.hub import notifications
from portal.hub.enums import MessageAuthor, TicketStatus, TicketTopic
from portal.hub.models import ExpertMailbox, SupportTicket, TicketMessage, TicketTransition

LIVE_STATES = (TicketStatus.OPEN, TicketStatus.FORWARDED, TicketStatus.ANSWERED)


class NotBusiness(WorkflowError):
    """Only « métier » questions go to the experts (ROR-014)."""

    message = "Seules les questions « métier » sont transmises aux experts : changez d’abord le sujet."


def _staff(actor: User | None, ticket: SupportTicket) -> bool:
    return actor is not None and actor.is_active and actor.is_staff


def _requester(actor: User | None, ticket: SupportTicket) -> bool:
    return actor is not None and actor.is_active and ticket.user_id == actor.pk


def _either(actor: User | None, ticket: SupportTicket) -> bool:
    return _staff(actor, ticket) or _requester(actor, ticket)


MACHINE = Machine(
    SupportTicket,
    "status",
    (
        Transition(
            "forward", (TicketStatus.OPEN,), TicketStatus.FORWARDED, "Transmettre aux experts", _staff
        ),
        Transition(
            "answer", (TicketStatus.OPEN, TicketStatus.FORWARDED), TicketStatus.ANSWERED, "Répondre", _staff
        ),
        Transition("reply", (TicketStatus.ANSWERED,), TicketStatus.OPEN, "Compléter ma demande", _requester),
        Transition("close", LIVE_STATES, TicketStatus.CLOSED, "Clore la demande", _either),
    ),
    TicketTransition,
)


@dataclass(frozen=True)
class Question:
    """What a person asks. `submission` comes from the form: the same one twice makes one ticket."""

    submission: uuid.UUID
    name: str
    email: str
    phone: str
    topic: TicketTopic
    title: str
    body: str


def ask(question: Question, *, user: User | None) -> SupportTicket:
    """Keep the question and acknowledge it by mail. A double click gives back the first ticket."""
    with transaction.atomic():
        ticket, is_new = SupportTicket.objects.get_or_create(
            public_id=question.submission,
            defaults={
                "user": user,
                "name": question.name,
                "email": question.email,
                "phone": question.phone,
                "topic": question.topic,
                "title": question.title,
            },
        )
        if not is_new and _is_same(ticket, question, user):
            return ticket
        if not is_new:
            # Somebody reused the number of another form: theirs is a question of its own.
            return ask(_renumbered(question), user=user)
        _say(ticket, MessageAuthor.REQUESTER, user, question.body)
        notifications.acknowledge(ticket)
        return ticket


def _is_same(ticket: SupportTicket, question: Question, user: User | None) -> bool:
    return (ticket.user_id, ticket.email, ticket.title) == (
        user.pk if user else None,
        question.email,
        question.title,
    )


def _renumbered(question: Question) -> Question:
    return Question(**{**question.__dict__, "submission": uuid.uuid4()})


def forward(ticket: SupportTicket, expert: ExpertMailbox, *, actor: User, reason: str = "") -> Outcome:
    """Send a « métier » question to the experts and tell the person so."""
    if not ticket.is_business:
        raise NotBusiness

    def tell(locked: SupportTicket) -> None:
        notifications.ask_experts(locked, expert)
        notifications.tell_forwarded(locked)

    return MACHINE.perform(ticket, "forward", actor=actor, reason=reason, consequences=tell, expert=expert)


def answer(ticket: SupportTicket, body: str, *, actor: User, from_expert: bool = False) -> Outcome:
    """Send the answer to the person. A further answer keeps the state; the same text twice is one answer."""
    kind = MessageAuthor.EXPERT if from_expert else MessageAuthor.SUPPORT
    with transaction.atomic():
        locked = _lock(ticket)
        if not _staff(actor, locked):
            raise NotAllowed(MACHINE, "answer")
        last = locked.messages.filter(is_internal=False).order_by("created_at", "pk").last()
        if last is not None and last.kind == kind and last.body == body:
            return Outcome(locked, changed=False)
        if locked.status != TicketStatus.ANSWERED:
            locked = MACHINE.perform(locked, "answer", actor=actor).obj
        _say(locked, kind, actor, body)
        notifications.send_answer(locked, body)
    return Outcome(locked, changed=True)


def note(ticket: SupportTicket, body: str, *, actor: User) -> TicketMessage:
    """Internal note of the staff; never shown nor sent to the person."""
    with transaction.atomic():
        locked = _lock(ticket)
        if not _staff(actor, locked):
            raise NotAllowed(MACHINE, "answer")
        return _say(locked, MessageAuthor.SUPPORT, actor, body, is_internal=True)


def reply(ticket: SupportTicket, body: str, *, actor: User) -> Outcome:
    """The person adds to the question; an answered one is open again. A closed one is over."""
    with transaction.atomic():
        locked = _lock(ticket)
        if not _requester(actor, locked):
            raise NotAllowed(MACHINE, "reply")
        if locked.status == TicketStatus.CLOSED:
            raise WrongState(MACHINE, locked.status, "reply")
        last = locked.messages.filter(is_internal=False).order_by("created_at", "pk").last()
        if last is not None and last.kind == MessageAuthor.REQUESTER and last.body == body:
            return Outcome(locked, changed=False)
        if locked.status == TicketStatus.ANSWERED:
            locked = MACHINE.perform(locked, "reply", actor=actor).obj
        _say(locked, MessageAuthor.REQUESTER, actor, body)
    return Outcome(locked, changed=True)


def close(ticket: SupportTicket, *, actor: User, reason: str = "") -> Outcome:
    """By the person (it is settled) or by the staff, who tell the person by mail."""

    def tell(locked: SupportTicket) -> None:
        if not _requester(actor, locked):
            notifications.tell_closed(locked)

    return MACHINE.perform(ticket, "close", actor=actor, reason=reason, consequences=tell)


def forget_old(before: datetime, *, limit: int = 500) -> int:
    """Take the words and the person out of questions closed before `before` (DAT-4); counts stay. Number erased."""
    old = SupportTicket.objects.filter(status=TicketStatus.CLOSED, status_at__lt=before).exclude(email="")
    with transaction.atomic():
        keys = list(
            old.order_by("pk")
            .select_for_update(of=("self",), skip_locked=True)
            .values_list("pk", flat=True)[:limit]
        )
        TicketMessage.objects.filter(ticket_id__in=keys).update(body="")
        return SupportTicket.objects.filter(pk__in=keys).update(
            name="Demande effacée", email="", phone="", title="Demande effacée"
        )


def _lock(ticket: SupportTicket) -> SupportTicket:
    return SupportTicket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)


def _say(
    ticket: SupportTicket, kind: MessageAuthor, author: User | None, body: str, *, is_internal: bool = False
) -> TicketMessage:
    return TicketMessage.objects.create(
        ticket=ticket, kind=kind, author=author, body=body, is_internal=is_internal
    )
