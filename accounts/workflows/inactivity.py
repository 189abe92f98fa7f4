"""Accounts nobody uses: warned, closed, then erased by the clock, in batches (DAT-4).

Each step re-reads its row under lock, so that two runs at once, or a sign-in meanwhile, decide rightly. Cards and e-CPS
change nothing to the calendar: signing in with them counts as use, and the warning says so. The account of an agent of
the support is never closed by the clock, which could leave a region without anybody: the support is asked to decide.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from accounts import activity, journal, notifications
from accounts.enums import AccountStatus
from accounts.models import User
from accounts.workflows import account
from portal.common.workflow import WorkflowError
from portal.plateformes import current

BATCH = 200


def warn(*, limit: int = BATCH) -> int:
    """Tell people whose account will be closed, once for each sleep; the support for its agents. Number told."""
    asleep = activity.asleep(timezone.now() - activity.months(current().retention.inactive_warning_months))
    keys = asleep.filter(activity.not_warned()).values_list("pk", flat=True)[:limit]
    return sum(_warn(pk) for pk in list(keys))


def _warn(pk: int) -> bool:
    kept, now = current().retention, timezone.now()
    with transaction.atomic():
        user = User.objects.select_for_update(of=("self",)).get(pk=pk)
        used_at = activity.last_of(user)
        is_asleep = used_at < now - activity.months(kept.inactive_warning_months)
        was_told = user.inactive_warned_at is not None and user.inactive_warned_at > used_at
        if user.status != AccountStatus.ACTIVE or not is_asleep or was_told:
            return False
        user.inactive_warned_at = now
        user.save(update_fields=["inactive_warned_at"])
        journal.record(journal.Action.INACTIVITY_WARNED, subject=user)
        if user.is_staff or user.is_superuser:
            notifications.alert_dormant_agent(user, since=used_at)
        else:
            notifications.tell_will_be_closed(user, since=used_at, closes_at=account.inactive_end(user))
    return True


def close(*, limit: int = BATCH) -> int:
    """Close what still sleeps when the time of the warning is over. Number closed."""
    asleep = activity.asleep(timezone.now() - activity.months(current().retention.inactive_close_months))
    due = asleep.exclude(activity.is_agent()).exclude(activity.not_warned())
    closed = 0
    for user in due[:limit]:
        try:
            closed += account.close_inactive(user).changed
        except WorkflowError:
            continue  # used, or warned too lately: next time
    return closed


def erase(*, limit: int = BATCH) -> int:
    """Erase the accounts the clock closed, so many months after their last use. Number erased."""
    kept = current().retention
    before = timezone.now() - activity.months(kept.inactive_erase_months - kept.inactive_close_months)
    return account.erase_closed(before, limit=limit, closed_by=("close_inactive",))


def erase_requests(*, limit: int = BATCH) -> int:
    """Erase the requests of accounts that were refused or abandoned: nobody ever used them. Number erased."""
    before = timezone.now() - activity.months(current().retention.refused_requests_months)
    return account.erase_closed(before, limit=limit, closed_by=("refuse", "expire"))
