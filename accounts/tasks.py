"""Scheduled work of the accounts (portal/celery.py holds the schedule). Running it twice changes nothing more."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from accounts import journal_seal, purges, retention
from accounts.cps import anchors as card_anchors
from accounts.cps import revocation as card_revocation
from accounts.cps import tokens as card_tokens


@shared_task(ignore_result=True)
def seal_journal() -> None:
    """Seal what was written since the last run; several batches when there is much."""
    for _ in range(20):
        if journal_seal.seal_pending() < journal_seal.BATCH:
            return


@shared_task(ignore_result=True)
def purge() -> None:
    purges.purge_all()


@shared_task(ignore_result=True)
def apply_retention() -> None:
    retention.apply_all()


@shared_task(ignore_result=True)
def refresh_card_lists() -> None:
    """Fetch the revocation lists of the cards; drop the challenges that nobody answered."""
    card_tokens.purge()
    accepted = card_anchors.current()
    if accepted is not None:
        card_revocation.refresh(accepted, settings.CPS_CRL_URLS)
