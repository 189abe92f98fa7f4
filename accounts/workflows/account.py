"""Life of an account: the only writer of `User.status`.

Screens, the support's admin, commands and the clock call these functions; each one locks the row, checks the
state and the right, writes the log and queues the mails in one transaction, and gives the account back.
They raise `WrongState` or `NotAllowed` (portal.common.workflow), whose `message` may be shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from accounts import activity, journal, links, notifications, sessions
from accounts.enums import AccountStatus
from accounts.models import (
    AccountTransition,
    MailedLink,
    OneTimeCode,
    OtherWorkplace,
    ProofDevice,
    RecoveryCode,
    StrongClaim,
    User,
)
from accounts.workflows import credentials
from portal.common.workflow import Machine, Outcome, Transition, WorkflowError, clock_only
from portal.plateformes import current

OPEN_STATES = (
    AccountStatus.PENDING,
    AccountStatus.AWAITING_DECISION,
    AccountStatus.ACTIVE,
    AccountStatus.SUSPENDED,
)


class AddressTaken(WorkflowError):
    """The account cannot be opened again: somebody else holds its address or RPPS number now."""

    message = "Cette adresse ou ce numéro RPPS appartient maintenant à un autre compte."


def _holder(actor: User | None, user: User) -> bool:
    """The holder of the mailed link, who need not be signed in (actor None), or the owner."""
    return actor is None or actor.pk == user.pk


def _support(actor: User | None, user: User) -> bool:
    """An agent of the support, never about their own account (ACL-4)."""
    return actor is not None and actor.is_staff and actor.is_active and actor.pk != user.pk


def _owner_or_support(actor: User | None, user: User) -> bool:
    return actor is not None and (actor.pk == user.pk or _support(actor, user))


def inactive_end(user: User) -> datetime:
    """When the clock may close this account: after so many months without use, and a whole warning before."""
    kept = current().retention
    notice = activity.months(kept.inactive_close_months - kept.inactive_warning_months)
    told_at = user.inactive_warned_at or timezone.now()
    return max(activity.last_of(user) + activity.months(kept.inactive_close_months), told_at + notice)


def _asleep(actor: User | None, user: User) -> bool:
    """The clock, about an account unused since it was warned; asked again under the lock. Never an agent's."""
    warned = user.inactive_warned_at is not None and user.inactive_warned_at > activity.last_of(user)
    is_due = warned and inactive_end(user) <= timezone.now()
    return actor is None and is_due and not (user.is_staff or user.is_superuser)


on_erase: list[Callable[[User], None]] = []
"""What else goes when the person is taken out of an account; filled by what lies above (portal.hub.apps)."""


MACHINE = Machine(
    User,
    "status",
    (
        Transition(
            "validate_email", (AccountStatus.PENDING,), AccountStatus.ACTIVE, "Valider l’adresse", _holder
        ),
        Transition(
            "validate_email_and_wait",
            (AccountStatus.PENDING,),
            AccountStatus.AWAITING_DECISION,
            "Valider l’adresse et attendre la décision",
            _holder,
        ),
        Transition(
            "accept",
            (AccountStatus.AWAITING_DECISION,),
            AccountStatus.ACTIVE,
            "Accepter la demande",
            _support,
        ),
        Transition(
            "refuse", (AccountStatus.AWAITING_DECISION,), AccountStatus.CLOSED, "Refuser la demande", _support
        ),
        Transition(
            "suspend", (AccountStatus.ACTIVE,), AccountStatus.SUSPENDED, "Suspendre le compte", _support
        ),
        Transition(
            "reactivate", (AccountStatus.SUSPENDED,), AccountStatus.ACTIVE, "Réactiver le compte", _support
        ),
        Transition("close", OPEN_STATES, AccountStatus.CLOSED, "Fermer le compte", _owner_or_support),
        Transition(
            "expire", (AccountStatus.PENDING,), AccountStatus.CLOSED, "Inscription abandonnée", clock_only
        ),
        Transition(
            "close_inactive",
            (AccountStatus.ACTIVE,),
            AccountStatus.CLOSED,
            "Fermer faute d’activité",
            _asleep,
        ),
        Transition("reopen", (AccountStatus.CLOSED,), AccountStatus.ACTIVE, "Rouvrir le compte", _support),
    ),
    AccountTransition,
)


def _perform(
    user: User,
    name: str,
    *,
    actor: User | None,
    reason: str,
    action: str,
    then: Callable[[User], object] | None = None,
    **data: object,
) -> Outcome:
    """Make the move; journal and `then` belong to its transaction and run only when something changed."""

    def consequences(locked: User) -> None:
        journal.record(action, actor=actor, subject=locked, reason=reason)
        if then is not None:
            then(locked)

    return MACHINE.perform(
        user, name, actor=actor, reason=reason, consequences=consequences, status_at=timezone.now(), **data
    )


def validate_email(user: User, *, actor: User | None = None, reason: str = "") -> Outcome:
    """The click on the validation mail: the account opens, or waits for a decision where the profile asks one."""
    waits = "human_decision" in current().sign_up.gates
    needs_link = not waits and current().credentials.delivery == "link"
    return _perform(
        user,
        "validate_email_and_wait" if waits else "validate_email",
        actor=actor,
        reason=reason,
        action=journal.Action.EMAIL_VALIDATED,
        then=_deliver_credentials if needs_link else None,
        email_verified_at=timezone.now(),
    )


def accept(user: User, *, actor: User, reason: str = "") -> Outcome:
    """Open the account and send what it opens with: nothing more to choose, a link, or a temporary secret."""
    return _perform(
        user,
        "accept",
        actor=actor,
        reason=reason,
        action=journal.Action.ACCOUNT_ACCEPTED,
        then=_deliver_credentials,
    )


def _deliver_credentials(user: User) -> None:
    """As the profile says; the address is held as proven, for the credentials and their code leave only there."""
    if not user.email_verified_at:
        user.email_verified_at = timezone.now()
        user.save(update_fields=["email_verified_at", "updated_at"])
    delivery = current().credentials.delivery
    if delivery == "temporary_secret":
        credentials.give_temporary_secret(user, actor=None)
    elif delivery == "link":
        credentials.send_reset(user, mode="Activation")
    else:
        notifications.tell_account_accepted(user)


def refuse(user: User, *, actor: User, reason: str) -> Outcome:
    """The reason is told to the person."""

    def tell(locked: User) -> None:
        notifications.tell_account_refused(locked, reason)

    return _perform(
        user, "refuse", actor=actor, reason=reason, action=journal.Action.ACCOUNT_REFUSED, then=tell
    )


def suspend(user: User, *, actor: User, reason: str) -> Outcome:
    """Every open session, link and code of the account stops working at once (SES-5)."""

    def shut(locked: User) -> None:
        _shut_doors(locked, "suspended")
        notifications.tell_account_suspended(locked)

    return _perform(
        user, "suspend", actor=actor, reason=reason, action=journal.Action.ACCOUNT_SUSPENDED, then=shut
    )


def reactivate(user: User, *, actor: User, reason: str = "") -> Outcome:
    return _perform(
        user,
        "reactivate",
        actor=actor,
        reason=reason,
        action=journal.Action.ACCOUNT_REACTIVATED,
        then=notifications.tell_account_reactivated,
    )


def close(user: User, *, actor: User, reason: str = "") -> Outcome:
    """By its owner or the support. What the account held stays readable to the support until it is erased."""

    def shut(locked: User) -> None:
        _shut_doors(locked, "closed")
        notifications.tell_account_closed(locked)

    return _perform(
        user, "close", actor=actor, reason=reason, action=journal.Action.ACCOUNT_CLOSED, then=shut
    )


def close_inactive(user: User) -> Outcome:
    """By the clock, a warning after. The support may open the account again until it is erased."""

    def shut(locked: User) -> None:
        _shut_doors(locked, "closed")
        notifications.tell_closed_for_inactivity(locked)

    return _perform(
        user,
        "close_inactive",
        actor=None,
        reason="compte inutilisé",
        action=journal.Action.ACCOUNT_CLOSED,
        then=shut,
    )


def reopen(user: User, *, actor: User, reason: str) -> Outcome:
    """Undo a closure. Raises AddressTaken when the address or RPPS number was used again since."""
    try:
        return _perform(
            user,
            "reopen",
            actor=actor,
            reason=reason,
            action=journal.Action.ACCOUNT_REOPENED,
            then=notifications.tell_account_reactivated,
        )
    except IntegrityError as error:
        raise AddressTaken from error


def expire(user: User) -> Outcome:
    """A sign-up whose mail was never validated frees its address, RPPS number and links."""

    def shut(locked: User) -> None:
        _shut_doors(locked, "expired")

    return _perform(
        user,
        "expire",
        actor=None,
        reason="adresse jamais validée",
        action=journal.Action.SIGN_UP_EXPIRED,
        then=shut,
    )


def expire_abandoned(*, limit: int = 500) -> int:
    """Close the sign-ups older than the profile's `sign_up.expiry_days`; safe to run twice at once. Number closed."""
    oldest = timezone.now() - timedelta(days=current().sign_up.expiry_days)
    abandoned = User.objects.filter(status=AccountStatus.PENDING, status_at__lt=oldest).order_by("pk")[:limit]
    closed = 0
    for user in abandoned:
        try:
            closed += expire(user).changed
        except WorkflowError:
            continue  # validated or closed since the list was read
    return closed


def erase_closed(before: datetime, *, limit: int = 500, closed_by: Collection[str] = ()) -> int:
    """Take the person out of accounts closed before `before` (DAT-4), whose last move is one of `closed_by` when it is
    given; the row stays for the journal. Number erased."""
    erased = 0
    old = User.objects.filter(status=AccountStatus.CLOSED, status_at__lt=before).exclude(email="")
    if closed_by:
        moves = AccountTransition.objects.filter(subject=OuterRef("pk")).order_by("-at", "-pk")
        old = old.annotate(last_move=Subquery(moves.values("name")[:1])).filter(last_move__in=closed_by)
    for pk in old.order_by("pk").values_list("pk", flat=True)[:limit]:
        with transaction.atomic():
            user = User.objects.select_for_update(of=("self",)).get(pk=pk)
            if user.status == AccountStatus.CLOSED and user.status_at < before and user.email:
                _erase(user)
                erased += 1
    return erased


def _erase(user: User) -> None:
    user.identifiant = f"efface.{user.public_id}"
    user.nom, user.prenom = "Compte", "effacé"
    for name in (
        "civilite", "email", "communication_email", "phone_mobile", "phone_fixe", "profession_libre", "specialite",
        "rpps", "rpps_asked", "adeli", "matricule", "structure", "structure_finess", "fonction", "service", "adresse",
        "code_postal", "ville", "departement", "comment",
    ):  # fmt: skip
        setattr(user, name, "")
    user.profession = None
    user.phone_mobile_verified_at = user.newsletter_consent_at = user.inactive_warned_at = None
    user.set_unusable_password()
    user.save()
    user.email_changes.update(new_email="")
    user.national_links.all().delete()
    StrongClaim.objects.filter(user=user).delete()
    for model in (OtherWorkplace, Authenticator, ProofDevice, RecoveryCode, MailedLink, OneTimeCode):
        model.objects.filter(user=user).delete()
    for forget in on_erase:
        forget(user)
    journal.record(journal.Action.ACCOUNT_ERASED, subject=user)


def _shut_doors(user: User, reason: str) -> None:
    sessions.end_all(user, reason)
    links.cancel(user)
