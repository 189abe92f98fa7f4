"""Life of an identity to verify: open → handled (with a conclusion and a reason), opened again when it was too soon.

The only writer of IdentityCase. A matter that comes back while its case is open is counted there; once handled, it
makes a new case.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts import keyed
from accounts.models import IdentityCase, IdentityCaseTransition, User
from accounts.models.identity_case import CaseResolution, CaseStatus
from portal.common.workflow import Machine, Outcome, Transition, WorkflowError


class CaseRefused(WorkflowError):
    """`message` says what is missing, or who may not."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


def _staff(actor: User | None, case: IdentityCase) -> bool:
    return actor is not None and actor.is_active and actor.is_staff


MACHINE = Machine(
    IdentityCase,
    "status",
    (
        Transition("handle", (CaseStatus.OPEN,), CaseStatus.HANDLED, "Clore le dossier", _staff),
        Transition("reopen", (CaseStatus.HANDLED,), CaseStatus.OPEN, "Rouvrir le dossier", _staff),
    ),
    IdentityCaseTransition,
)


def note(code: str, means: str, accounts: Sequence[User]) -> IdentityCase:
    """The open case of this matter, made or counted once more. Inside a transaction."""
    key = _key(code, accounts)
    seen = _count_again(key)
    if seen is not None:
        return seen
    try:
        with transaction.atomic():
            case = IdentityCase.objects.create(code=code, means=means, key=key)
            case.accounts.set(accounts)
            return case
    except IntegrityError:  # two requests at once: the other one made it
        return _count_again(key) or IdentityCase.objects.filter(key=key).latest("pk")


def _count_again(key: str) -> IdentityCase | None:
    live = IdentityCase.objects.filter(key=key, status=CaseStatus.OPEN)
    if not live.update(times=F("times") + 1, last_at=timezone.now()):
        return None
    return live.first()


def _key(code: str, accounts: Sequence[User]) -> str:
    return keyed.digest("identity_case", "|".join([code, *sorted(str(user.public_id) for user in accounts)]))


def handle(case: IdentityCase, resolution: str, *, actor: User, reason: str) -> Outcome:
    """Close it with what was found. Nobody closes a case about their own account (ACL-4)."""
    _check(case, actor, reason)
    if resolution not in CaseResolution.values:
        raise CaseRefused("Choisissez une conclusion.")
    return MACHINE.perform(case, "handle", actor=actor, reason=reason.strip(), resolution=resolution)


def reopen(case: IdentityCase, *, actor: User, reason: str) -> Outcome:
    """It was closed too soon. Refused when the same matter has an open case meanwhile."""
    _check(case, actor, reason)
    try:
        with transaction.atomic():
            return MACHINE.perform(case, "reopen", actor=actor, reason=reason.strip(), resolution="")
    except IntegrityError as error:
        raise CaseRefused("Un dossier plus récent est déjà ouvert pour le même sujet.") from error


def _check(case: IdentityCase, actor: User, reason: str) -> None:
    if not reason.strip():
        raise CaseRefused("Indiquez le motif de cette décision.")
    if case.accounts.filter(pk=actor.pk).exists():
        raise CaseRefused("Ce dossier concerne votre propre compte : demandez à un collègue.")
