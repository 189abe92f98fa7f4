"""A new address is used only after its owner clicked (ROR-048); the old one is told at both moments."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import codes, journal, links, notifications, sessions, throttle
from accounts.enums import AccountStatus, EmailChangeStatus, LinkPurpose
from accounts.models import EmailChange, EmailChangeTransition, MailedLink, User
from accounts.workflows.account import AddressTaken
from portal.common.workflow import Machine, Outcome, Transition, clock_only
from portal.plateformes import current


def _owner(actor: User | None, change: EmailChange) -> bool:
    return actor is not None and actor.pk == change.user_id


def _link_holder(actor: User | None, change: EmailChange) -> bool:
    return actor is None or actor.pk == change.user_id


ASKS_PER_HOUR = 5
_ASKED = (EmailChangeStatus.REQUESTED,)

MACHINE = Machine(
    EmailChange,
    "status",
    (
        Transition(
            "confirm", _ASKED, EmailChangeStatus.CONFIRMED, "Valider la nouvelle adresse", _link_holder
        ),
        Transition("cancel", _ASKED, EmailChangeStatus.CANCELLED, "Annuler le changement", _owner),
        Transition("expire", _ASKED, EmailChangeStatus.EXPIRED, "Délai dépassé", clock_only),
    ),
    EmailChangeTransition,
)


def pending(user: User) -> EmailChange | None:
    """The change whose link is still alive, if any."""
    oldest = timezone.now() - _life()
    return user.email_changes.filter(status=EmailChangeStatus.REQUESTED, requested_at__gt=oldest).first()


def _life() -> timedelta:
    return timedelta(hours=current().links.email_change_life_hours)


def ask(user: User, new_email: str, *, actor: User) -> EmailChange | None:
    """Write the request and send the link; None when too many were asked in the last hour.

    An address that another account holds gets the same answer on screen: that mailbox is told, and nothing can be
    confirmed (ABU-1).
    """
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if not throttle.spend("email_change", str(user.public_id), ASKS_PER_HOUR, timedelta(hours=1)):
            return None
        for earlier in locked.email_changes.filter(status=EmailChangeStatus.REQUESTED):
            _move(earlier, "cancel", actor=user, reason="remplacé par une nouvelle demande")
        change = EmailChange.objects.create(user=locked, new_email=new_email)
        EmailChangeTransition.objects.create(
            subject=change, name="ask", source="", target=EmailChangeStatus.REQUESTED, actor=actor
        )
        journal.record(journal.Action.EMAIL_CHANGE_ASKED, actor=actor, subject=locked)
        notifications.tell_email_change_asked(locked, new_email=new_email)
        holder = _holder(new_email)
        if holder is None:
            token = links.issue(locked, LinkPurpose.EMAIL_CHANGE, life=_life(), email=new_email)
            notifications.send_email_change_link(
                locked, new_email=new_email, token=token, expires_at=timezone.now() + _life()
            )
        else:
            links.cancel(locked, LinkPurpose.EMAIL_CHANGE)
            notifications.tell_account_exists(holder)
    return change


def _holder(email: str) -> User | None:
    accounts = User.objects.exclude(status=AccountStatus.CLOSED)
    return accounts.filter(email_key=email.casefold()).first()


def _move(change: EmailChange, name: str, *, actor: User | None, reason: str = "") -> Outcome:
    return MACHINE.perform(change, name, actor=actor, reason=reason, status_at=timezone.now())


def cancel(change: EmailChange, *, actor: User) -> Outcome:
    with transaction.atomic():
        outcome = _move(change, "cancel", actor=actor)
        links.cancel(actor, LinkPurpose.EMAIL_CHANGE)
        if outcome.changed:
            journal.record(journal.Action.EMAIL_CHANGE_CANCELLED, actor=actor, subject=actor)
    return outcome


def confirm(link: MailedLink, *, request: HttpRequest | None = None) -> User | None:
    """Use the link and the new address. None when the link was used meanwhile or its request is gone. The person's
    sessions end, but that of `request` when it is one of theirs (SES-6).

    Raises AddressTaken when another account took the address since the request; the link stays unused.
    """
    try:
        with transaction.atomic():
            user = User.objects.select_for_update(of=("self",)).get(pk=link.user_id)
            change = user.email_changes.filter(status=EmailChangeStatus.REQUESTED).first()
            if change is None or change.new_email.casefold() != link.email_key or not links.consume(link):
                return None
            _move(change, "confirm", actor=None)
            _use(user, change.new_email, request)
            return user
    except IntegrityError as error:
        raise AddressTaken from error


def _use(user: User, new_email: str, request: HttpRequest | None) -> None:
    old_email, now = user.email, timezone.now()
    user.email, user.email_verified_at = new_email, now
    user.save()
    # A link or a code sent to the old mailbox must not open the account any more (CODE-9).
    links.cancel(user)
    codes.cancel_all(user)
    journal.record(journal.Action.EMAIL_CHANGED, request=request, subject=user)
    sessions.end_after_change(user, request)
    notifications.tell_email_changed(user, old_email=old_email, at=now)


def expire_old(*, limit: int = 500) -> int:
    """Close the requests nobody confirmed in time; number closed."""
    old = EmailChange.objects.filter(
        status=EmailChangeStatus.REQUESTED, requested_at__lt=timezone.now() - _life()
    ).order_by("pk")
    return sum(_move(change, "expire", actor=None).changed for change in old[:limit])
