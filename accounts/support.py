"""What the support may do to somebody's account. Each act asks a reason and leaves a line in the security journal.

Nothing here reads or writes a password (PWD-7): a reset sends the owner a link. Nobody acts on their own account
(ACL-4), an agent never on an administrator's (ACL-5). Refusals are raised as `WorkflowError`, whose `message`
may be shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts import codes, journal, links, notifications, security_changes, sessions, throttle
from accounts.enums import AccountStatus
from accounts.models import FactorRemoval, User
from accounts.strong import means
from accounts.workflows import account, credentials, email_change, lost_factor, profile, sign_up
from portal.common.workflow import WorkflowError

# Counters that may keep the owner out; a counter of the whole network is not lifted for one person.
LOCKS = (
    *throttle.DOORS,
    "current_password",
    "code_tries",
    "ephemeral_tries",
    "code_sends",
    "code_gap",
    "reset_ask",
    "identifier_ask",
    "reset_ask_day",
    "identifier_ask_day",
)


LIVE = (AccountStatus.ACTIVE, AccountStatus.SUSPENDED)
"""States of an account somebody has used, and may use again."""


class Refused(WorkflowError):
    """The act does not apply to this account; `message` says why."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


def check(user: User, actor: User, reason: str, *states: str) -> None:
    if not (actor.is_active and actor.is_staff):
        raise Refused("Cette action est réservée aux agents du support.")
    if actor.pk == user.pk:
        raise Refused("Vous ne pouvez pas agir sur votre propre compte : demandez à un collègue.")
    if user.is_superuser and not actor.is_superuser:
        # Detaching a card, then another address, then a reset would make an agent an administrator.
        raise Refused(
            "Ce compte est celui d’un administrateur : seul un autre administrateur peut y toucher."
        )
    if not reason.strip():
        raise Refused("Indiquez le motif de cette action.")
    if states and user.status not in states:
        label = AccountStatus(user.status).label
        raise Refused(f"Cette action n’est pas possible : le compte est « {label} ».")


@dataclass(frozen=True)
class _Act:
    """One act under way: `user` is the row locked for it."""

    user: User
    actor: User
    reason: str
    request: HttpRequest | None

    def note(self, action: journal.Action, **data: Any) -> None:
        journal.record(
            action, request=self.request, actor=self.actor, subject=self.user, reason=self.reason, **data
        )


@contextmanager
def _acting(
    user: User, actor: User, reason: str, request: HttpRequest | None, *states: str
) -> Iterator[_Act]:
    """One transaction in which the account is locked and the act checked; a refusal undoes it all."""
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        check(locked, actor, reason, *states)
        yield _Act(locked, actor, reason, request)


def resend_validation(user: User, *, actor: User, reason: str, request: HttpRequest | None = None) -> None:
    """A new validation link; earlier ones die."""
    with _acting(user, actor, reason, request, AccountStatus.PENDING) as act:
        sign_up.send_validation(act.user)
        act.note(journal.Action.VALIDATION_RESENT)


def unlock(user: User, *, actor: User, reason: str, request: HttpRequest | None = None) -> None:
    """Forget the failures counted on this account, so that its owner may try again now."""
    with _acting(user, actor, reason, request) as act:
        for kind in LOCKS:
            throttle.forget(kind, codes.account_key(act.user))
            throttle.forget(kind, str(act.user.public_id))
        act.note(journal.Action.UNLOCKED)


def trigger_reset(user: User, *, actor: User, reason: str, request: HttpRequest | None = None) -> None:
    """Send the owner a link to choose a password, and a reminder of the identifier (M94-060, M94-061)."""
    with _acting(user, actor, reason, request, AccountStatus.ACTIVE) as act:
        credentials.send_reset(act.user)
        notifications.tell_identifier(act.user)
        act.note(journal.Action.PASSWORD_RESET_ASKED, method="support")


def forbid_password(user: User, *, actor: User, reason: str, request: HttpRequest | None = None) -> None:
    """A password found in a leak: its owner must choose another one (PWD-4)."""
    check(user, actor, reason, AccountStatus.ACTIVE)
    if not credentials.forbid_password(user, actor=actor, reason=reason, request=request):
        raise Refused("Ce compte n’a pas de mot de passe utilisable.")


def tell_identifier(user: User, *, actor: User, reason: str, request: HttpRequest | None = None) -> None:
    """The identifier was read out on the phone after the identity was checked; its owner gets it by mail too."""
    with _acting(user, actor, reason, request, *LIVE) as act:
        notifications.tell_identifier(act.user)
        act.note(journal.Action.IDENTIFIER_REMINDED, method="support")


def end_sessions(user: User, *, actor: User, reason: str, request: HttpRequest | None = None) -> int:
    """Sign the person out everywhere; return how many sessions ended."""
    with _acting(user, actor, reason, request) as act:
        count = sessions.end_all(act.user, "support")
        act.note(journal.Action.SESSION_ENDED, count=count)
    return count


def remove_mobile(user: User, *, actor: User, reason: str, request: HttpRequest | None = None) -> None:
    """A lost or wrong mobile: codes go back to the mailbox. Only the owner can prove another number."""
    with _acting(user, actor, reason, request) as act:
        if not act.user.phone_mobile:
            raise Refused("Ce compte n’a pas de numéro de mobile.")
        credentials.remove_mobile(act.user, actor=actor, request=request)
        act.note(journal.Action.ACCOUNT_CORRECTED, fields=["phone_mobile"])


def ask_factor_removal(user: User, *, actor: User, reason: str, request: HttpRequest | None = None) -> None:
    """A lost authenticator app or passkey: the owner is told, and a second agent or a delay decides (MFA-5)."""
    check(user, actor, reason, AccountStatus.ACTIVE)
    found = lost_factor.scopes(user)
    if not found:
        raise lost_factor.NothingToRemove
    lost_factor.ask(user, found[-1], actor=actor, reason=reason, request=request)


def approve_factor_removal(
    user: User, *, actor: User, reason: str, request: HttpRequest | None = None
) -> None:
    removal = _removal_to_decide(user, actor, reason)
    if removal.asked_by_id == actor.pk:
        raise Refused("Vous avez demandé ce retrait : un autre agent doit l’approuver, ou le délai passer.")
    lost_factor.approve(removal, actor=actor, reason=reason, request=request)


def cancel_factor_removal(
    user: User, *, actor: User, reason: str, request: HttpRequest | None = None
) -> None:
    lost_factor.cancel(_removal_to_decide(user, actor, reason), actor=actor, reason=reason, request=request)


def _removal_to_decide(user: User, actor: User, reason: str) -> FactorRemoval:
    check(user, actor, reason, AccountStatus.ACTIVE)
    removal = lost_factor.pending(user)
    if removal is None:
        raise Refused("Aucun retrait n’attend pour ce compte.")
    return removal


def detach_strong(user: User, *, actor: User, reason: str, request: HttpRequest | None = None) -> None:
    """Take away the cards and e-CPS of an account; the owner is told of each one."""
    check(user, actor, reason, *account.OPEN_STATES)
    means.detach_all(user, actor=actor, reason=reason, request=request)


def correct(
    user: User,
    values: Mapping[str, Any],
    *,
    actor: User,
    reason: str,
    seen_at: datetime,
    request: HttpRequest | None = None,
) -> list[str]:
    """Correct what needs no proof; return the columns changed. Raises profile.StaleProfile."""
    with _acting(user, actor, reason, request) as act:
        changed = profile.correct(user, values, actor=actor, seen_at=seen_at)
        if changed:
            act.note(journal.Action.ACCOUNT_CORRECTED, fields=sorted(changed))
    return changed


def correct_email(
    user: User, new_email: str, *, actor: User, reason: str, request: HttpRequest | None = None
) -> None:
    """A wrong address. On a pending account it is replaced and the validation mail leaves again; on an active one
    the new address is used only after the click on the mail sent to it (ROR-048)."""
    try:
        with _acting(user, actor, reason, request, AccountStatus.PENDING, AccountStatus.ACTIVE) as act:
            locked = act.user
            if new_email.casefold() == locked.email_key:
                raise Refused("C’est déjà l’adresse de ce compte.")
            if locked.status == AccountStatus.PENDING:
                links.cancel(locked)
                locked.email, locked.email_verified_at = new_email, None
                locked.save()
                sign_up.send_validation(locked)
            else:
                email_change.ask(locked, new_email, actor=actor)
            act.note(journal.Action.ACCOUNT_CORRECTED, fields=["email"])
    except IntegrityError as error:
        raise Refused("Un autre compte a déjà cette adresse.") from error


def confirm_number(user: User, *, actor: User, reason: str, request: HttpRequest | None = None) -> None:
    """The RPPS number typed in the preferences was checked with the person: it is theirs from now on."""
    with _acting(user, actor, reason, request) as act:
        if not profile.confirm_number(user):
            raise Refused(
                "Ce numéro est celui d’un autre compte : faites-le prouver par la carte ou l’e-CPS de la personne."
            )
        act.note(journal.Action.ACCOUNT_CORRECTED, fields=["rpps"])


def release_number(user: User, *, actor: User, reason: str, request: HttpRequest | None = None) -> None:
    """Take a number typed without proof out of an account; its rightful owner may then prove it."""
    with _acting(user, actor, reason, request, *LIVE) as act:
        if not has_unproven_number(act.user):
            raise Refused("Ce compte n’a pas de numéro sans preuve.")
        act.user.rpps = act.user.rpps_asked = ""
        act.user.save(update_fields=["rpps", "rpps_asked", "updated_at"])
        security_changes.note(
            journal.Action.NUMBER_RELEASED, act.user, actor=actor, request=request, reason=reason
        )


def has_unproven_number(user: User) -> bool:
    """An RPPS number that neither a card nor an e-CPS proved to be this person's."""
    if not user.rpps:
        return False
    proven = user.national_links.filter(ended_at=None, national_id=f"8{user.rpps}")
    return not proven.exists()


def set_roles(
    user: User,
    roles: list[Group],
    *,
    actor: User,
    reason: str,
    is_staff: bool | None = None,
    request: HttpRequest | None = None,
) -> list[str]:
    """Make these the roles of the account; return what was added or taken away. Rights change at once (ACL-6).

    Only a super-user makes or unmakes an agent of the support (`is_staff`, left as it is when None).
    """
    with _acting(user, actor, reason, request) as act:
        locked = act.user
        before, after = set(locked.groups.values_list("name", flat=True)), {role.name for role in roles}
        changed = before ^ after
        if is_staff is not None and is_staff != locked.is_staff:
            if not actor.is_superuser:
                raise Refused("Seul un administrateur nomme les agents du support.")
            locked.is_staff = is_staff
            locked.save(update_fields=["is_staff", "updated_at"])
            changed.add("support")
        if not changed:
            return []
        locked.groups.set(roles)
        act.note(
            journal.Action.ROLE_CHANGED,
            added=sorted(after - before),
            removed=sorted(before - after),
            is_staff=locked.is_staff,
        )
    return sorted(changed)
