"""What a person corrects about themselves. Nothing proven (address, mobile, state) is written here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import documents, journal, notifications, throttle, workplaces
from accounts.enums import AccountStatus
from accounts.models import User
from accounts.strong import alerts
from portal.common.workflow import WorkflowError
from portal.plateformes.schema import Document

OTHER_PLACES = "other_workplaces"
"""Not a column: the places of work beside the first, all of them."""
CORRECTABLE = frozenset(
    {
        "civilite", "nom", "prenom", "communication_email", "phone_fixe", "profession", "profession_libre",
        "specialite", "rpps", "adeli", "matricule", "structure", "structure_finess", "fonction", "service", "adresse",
        "code_postal", "ville", "departement", OTHER_PLACES,
    }
)  # fmt: skip


class StaleProfile(WorkflowError):
    """The account changed since the page was shown; `current` is what it holds now."""

    message = "Votre compte a été modifié entre-temps (autre onglet ou support) : vérifiez puis enregistrez de nouveau."

    def __init__(self, current: User) -> None:
        self.current = current
        super().__init__(self.message)


CLAIMS_TOLD_PER_DAY = 3
_TRIES = 3


def correct(user: User, values: Mapping[str, Any], *, actor: User, seen_at: datetime) -> list[str]:
    """Write the corrected columns and return the names of those that changed.

    `seen_at` is `updated_at` as the form was shown: a later one raises StaleProfile (nothing is written). A new RPPS
    number waits for its check, and whether somebody else holds it shows nowhere (ABU-1).
    """
    unknown = set(values) - CORRECTABLE
    if unknown:
        raise ValueError(f"not correctable: {sorted(unknown)}")
    for attempt in range(_TRIES):
        try:
            with transaction.atomic():
                return _write(user, dict(values), actor=actor, seen_at=seen_at)
        except IntegrityError:
            # Somebody was given the same number since it was looked for: next time round, it is held.
            if attempt == _TRIES - 1:
                raise
    raise AssertionError("unreachable")


def _write(user: User, values: dict[str, Any], *, actor: User, seen_at: datetime) -> list[str]:
    locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    if locked.updated_at != seen_at:
        raise StaleProfile(locked)
    number, places = values.pop("rpps", None), values.pop(OTHER_PLACES, None)
    changed = [name for name, value in values.items() if getattr(locked, name) != value]
    for name in changed:
        setattr(locked, name, values[name])
    if number is not None and number != (locked.rpps_asked or locked.rpps):
        _ask_number(locked, number)
        changed.append("rpps")
    if places is not None and workplaces.keep_others(locked, places):
        changed.append(OTHER_PLACES)
    if changed:
        locked.save()
        journal.record(
            journal.Action.PREFERENCES_CHANGED, actor=actor, subject=locked, fields=sorted(changed)
        )
    return changed


# --- RPPS number typed in the preferences ------------------------------------------------------------------
def _ask_number(user: User, number: str) -> None:
    """Take the number in, to be checked: at once when nobody holds it, else only as asked for. The person sees the
    same either way; the holder and the support are told by mail."""
    holder = _holder(user, number) if number else None
    user.rpps, user.rpps_asked = "" if holder else number, number
    if holder is not None:
        _tell_number_claimed(holder, by=user)


def _holder(user: User, number: str) -> User | None:
    others = User.objects.filter(rpps=number).exclude(status=AccountStatus.CLOSED)
    return others.exclude(pk=user.pk).first()


def _tell_number_claimed(holder: User, *, by: User) -> None:
    journal.record(journal.Action.NUMBER_CLAIMED, subject=holder, asked_by=str(by.public_id))
    alerts.tell_support("number_asked", "", [holder, by])
    day = timedelta(days=1)
    if holder.is_active and throttle.spend("number_claimed", str(holder.public_id), CLAIMS_TOLD_PER_DAY, day):
        notifications.notify_security_change(holder, "number_claimed")


def confirm_number(user: User) -> bool:
    """The support has checked the number: it names the account from now on. False when another account holds it."""
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if not locked.rpps_asked or _holder(locked, locked.rpps_asked) is not None:
            return False
        locked.rpps, locked.rpps_asked = locked.rpps_asked, ""
        locked.save(update_fields=["rpps", "rpps_asked", "updated_at"])
    return True


def set_newsletter(user: User, *, wanted: bool) -> bool:
    """Give or withdraw consent; True when it changed."""
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if bool(locked.newsletter_consent_at) == wanted:
            return False
        locked.newsletter_consent_at = timezone.now() if wanted else None
        locked.save(update_fields=["newsletter_consent_at", "updated_at"])
        journal.record(
            journal.Action.PREFERENCES_CHANGED,
            actor=user,
            subject=locked,
            fields=["newsletter"],
            wanted=wanted,
        )
    return True


def accept_documents(user: User, accepted: list[Document]) -> None:
    with transaction.atomic():
        documents.accept(user, accepted)
