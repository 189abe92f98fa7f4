"""Passwords and the proven mobile: the only writers of these columns after sign-up.

A reset never signs in and never drops a second proof (PWD-5); it ends the other sessions and is told by mail.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import (
    codes,
    identify,
    journal,
    links,
    notifications,
    passwords,
    security_changes,
    sessions,
    throttle,
)
from accounts.enums import AccountStatus, CodeChannel, LinkPurpose
from accounts.models import MailedLink, User
from accounts.workflows import sign_up
from portal.plateformes import current

ASKS_PER_WINDOW = 3
ASK_WINDOW = timedelta(minutes=10)
DEFAULT_SECRET_HOURS = 24
"""Where the profile mails none: a forced change asked by the support still has an end."""


# --- forgotten password and identifier -------------------------------------------------------------------
def ask_reset(typed: str) -> None:
    """Same work visible from outside for known and unknown identifiers; mails at most three times in ten minutes,
    ten times a day."""
    user = identify.find_account(typed)
    with transaction.atomic():
        if not _may_ask("reset", user, typed) or user is None:
            return
        journal.record(journal.Action.PASSWORD_RESET_ASKED, subject=user)
        if user.status == AccountStatus.PENDING:
            sign_up.send_validation(user)
        elif user.status != AccountStatus.ACTIVE:
            notifications.tell_reset_is_refused(user)
        else:
            send_reset(user, mode="Simple")


def send_reset(user: User, *, mode: str = "Simple") -> None:
    """Send a choose-password link (forgotten password, first activation, or the support's request)."""
    life = timedelta(minutes=current().links.reset_life_minutes)
    token = links.issue(user, LinkPurpose.RESET, life=life, email=user.email)
    notifications.send_reset_link(user, token=token, expires_at=timezone.now() + life, mode=mode)


def ask_identifier(typed_email: str) -> None:
    """« Je ne connais pas mon identifiant »: it leaves by mail, only to a verified address of the account."""
    user = User.objects.filter(email_key=typed_email.casefold()).exclude(status=AccountStatus.CLOSED).first()
    with transaction.atomic():
        if not _may_ask("identifier", user, typed_email) or user is None:
            return
        journal.record(journal.Action.IDENTIFIER_REMINDED, subject=user)
        if user.status == AccountStatus.PENDING:
            sign_up.send_validation(user)
        else:
            notifications.tell_identifier(user)


def _may_ask(what: str, user: User | None, typed: str) -> bool:
    key = str(user.public_id) if user else f"typed:{typed.casefold()}"
    return throttle.spend(f"{what}_ask", key, ASKS_PER_WINDOW, ASK_WINDOW) and throttle.spend(
        f"{what}_ask_day", key, sign_up.MAILS_PER_DAY, sign_up.DAY
    )


# --- choosing a password -----------------------------------------------------------------------------------
def choose_by_link(link: MailedLink, raw: str) -> bool:
    """Use the link and set the password. False when the link was used, replaced or too old meanwhile."""
    encoded = make_password(raw)
    with transaction.atomic():
        user = User.objects.select_for_update(of=("self",)).get(pk=link.user_id)
        if user.status != AccountStatus.ACTIVE or not links.consume(link):
            return False
        now = _set(user, encoded)
        journal.record(journal.Action.PASSWORD_RESET, subject=user)
        sessions.end_all(user, "password_reset")
        notifications.tell_password_changed(user, at=now, by_reset=True)
    return True


def change(user: User, raw: str, *, request: HttpRequest | None) -> None:
    """The owner's change: every session but that of `request` ends; the view gives this one a new id."""
    encoded = make_password(raw)
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        now = _set(locked, encoded)
        journal.record(journal.Action.PASSWORD_CHANGED, request=request, actor=user, subject=locked)
        sessions.end_others(locked, request, "password_changed")
        notifications.tell_password_changed(locked, at=now)
    user.password, user.must_change_password = locked.password, False


def forbid_password(user: User, *, actor: User, reason: str, request: HttpRequest | None = None) -> bool:
    """A password known to be in somebody else's hands (PWD-4): useless at once, sessions ended, a link mailed to choose
    another. False when the account has none."""
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if not locked.has_usable_password():
            return False
        locked.set_unusable_password()
        locked.must_change_password = True
        locked.save(update_fields=["password", "must_change_password", "updated_at"])
        sessions.end_all(locked, "password_changed")
        links.cancel(locked, LinkPurpose.RESET, LinkPurpose.EMAIL_CHANGE)
        security_changes.note(
            journal.Action.PASSWORD_FORBIDDEN, locked, actor=actor, request=request, reason=reason
        )
        send_reset(locked)
    return True


def _set(user: User, encoded: str) -> datetime:
    now = timezone.now()
    user.password, user.password_changed_at, user.must_change_password = encoded, now, False
    user.save(update_fields=["password", "password_changed_at", "must_change_password", "updated_at"])
    links.cancel(user, LinkPurpose.RESET, LinkPurpose.EMAIL_CHANGE)
    return now


# --- temporary secret (PWD-7) ------------------------------------------------------------------------------
def give_temporary_secret(user: User, *, actor: User | None) -> None:
    """Make an initial secret and mail it. It opens nothing but the choice of a password, once, for a time."""
    raw = _new_secret()
    encoded = make_password(raw)
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        locked.password, locked.must_change_password = encoded, True
        locked.password_changed_at = timezone.now()
        locked.save(update_fields=["password", "must_change_password", "password_changed_at", "updated_at"])
        journal.record(journal.Action.TEMPORARY_SECRET_SENT, actor=actor, subject=locked)
        expires_at = temporary_secret_end(locked)
        notifications.send_temporary_secret(locked, raw=raw, expires_at=expires_at or timezone.now())
    user.password, user.must_change_password = locked.password, True


def _new_secret() -> str:
    """Figures only where the profile says so (it then bears little, and is good for one forced choice)."""
    digits = current().credentials.password_digits
    return f"{secrets.randbelow(10**digits):0{digits}d}" if digits else passwords.generate()


def temporary_secret_end(user: User) -> datetime | None:
    """When the secret of an account that must change it stops working; None for a chosen password."""
    if not user.must_change_password or user.password_changed_at is None:
        return None
    hours = current().credentials.temporary_secret_hours or DEFAULT_SECRET_HOURS
    return user.password_changed_at + timedelta(hours=hours)


def temporary_secret_is_over(user: User) -> bool:
    """The sign-in refuses such a password as if it were wrong; a reset is the way out."""
    end = temporary_secret_end(user)
    return end is not None and timezone.now() >= end


def spend_temporary_secret(user: User) -> bool:
    """Make the secret useless for a second sign-in; call once the second proof passed. True for the first caller."""
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if not locked.must_change_password or not locked.has_usable_password():
            return False
        locked.set_unusable_password()
        locked.save(update_fields=["password", "updated_at"])
    user.password = locked.password
    return True


# --- mobile phone ---------------------------------------------------------------------------------------------
def use_mobile(user: User, number: str, *, actor: User, request: HttpRequest | None = None) -> None:
    """The number was proved by a code sent to it: codes may go there from now on. Other sessions than that of
    `request` end (SES-6)."""
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        now = timezone.now()
        locked.phone_mobile, locked.phone_mobile_verified_at = number, now
        locked.save(update_fields=["phone_mobile", "phone_mobile_verified_at", "updated_at"])
        journal.record(journal.Action.PHONE_PROVED, request=request, actor=actor, subject=locked)
        codes.cancel_all(locked)
        sessions.end_after_change(locked, request)
        notifications.tell_phone_changed(locked, at=now, number=number)


def remove_mobile(user: User, *, actor: User, request: HttpRequest | None = None) -> None:
    """Codes go back to the mailbox; other sessions than the owner's of `request` end (SES-6)."""
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if not locked.phone_mobile:
            return
        locked.phone_mobile, locked.phone_mobile_verified_at = "", None
        locked.preferred_channel = CodeChannel.MAIL
        fields = ["phone_mobile", "phone_mobile_verified_at", "preferred_channel", "updated_at"]
        locked.save(update_fields=fields)
        journal.record(journal.Action.PHONE_REMOVED, request=request, actor=actor, subject=locked)
        codes.cancel_all(locked)
        sessions.end_after_change(locked, request)
        notifications.tell_phone_changed(locked, at=timezone.now(), number="")


def choose_channel(user: User, channel: str, *, actor: User) -> None:
    """Where codes go first. SMS needs a proved mobile: without one the mailbox keeps receiving them."""
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        locked.preferred_channel = channel
        locked.save(update_fields=["preferred_channel", "updated_at"])
        journal.record(journal.Action.PREFERENCES_CHANGED, actor=actor, subject=locked, channel=channel)
