"""What time decides about accounts: sign-ups never validated, changes never confirmed, sleep, old closures (DAT-4).

Safe to run twice and at the same time: every step re-reads its row under lock.
"""

from __future__ import annotations

from django.utils import timezone

from accounts import activity
from accounts.workflows import account, email_change, inactivity, lost_factor
from portal.plateformes import current


def apply_all() -> dict[str, int]:
    """Run every rule once; numbers of rows touched, by rule."""
    erase_before = timezone.now() - activity.months(current().retention.inactive_erase_months)
    return {
        "sign_ups_expired": account.expire_abandoned(),
        "email_changes_expired": email_change.expire_old(),
        "factors_removed": lost_factor.take_effect_due(),
        "accounts_warned": inactivity.warn(),
        "accounts_closed": inactivity.close(),
        "accounts_erased": inactivity.erase()
        + inactivity.erase_requests()
        + account.erase_closed(erase_before),
    }
