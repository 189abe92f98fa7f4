"""« Ce n’était pas moi »: one decision of the owner puts the account out of anybody else’s reach."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import client, journal, links, notifications, places, security_changes, sessions
from accounts.enums import LinkPurpose
from accounts.models import User
from accounts.workflows import credentials, lost_factor

REASON = "not_me"


def raise_alarm(user: User, *, request: HttpRequest) -> bool:
    """End every session (and with it the accesses of partners, who are told), make the password useless, mail a link
    to choose another, warn the support. True when such a link left.

    An account that never had a password keeps none: its card or e-CPS is asked again.
    """
    now = timezone.now()
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        removal = lost_factor.pending(locked)
        if removal is not None:  # whoever asked for it may be the one who is put out
            lost_factor.cancel(removal, actor=locked, reason="ce n’était pas moi", request=request)
        count = sessions.end_all(locked, REASON)
        links.cancel(locked, LinkPurpose.RESET, LinkPurpose.EMAIL_CHANGE)
        has_link = locked.has_usable_password() or locked.must_change_password
        if has_link:
            locked.set_unusable_password()
            locked.must_change_password = True
            locked.save(update_fields=["password", "must_change_password", "updated_at"])
            credentials.send_reset(locked)
        security_changes.note(
            journal.Action.NOT_ME, locked, actor=locked, request=request, at=now, count=count
        )
        notifications.alert_support(
            locked,
            at=now,
            device=client.device(request),
            place=places.told(client.address(request)),
            sessions=count,
        )
    return has_link


def refuse_removal(token: str, *, request: HttpRequest) -> User | None:
    """« Ce n’était pas moi », from the mail or the SMS: nothing is removed, and the account is put out of reach of
    whoever asked (its password is known when the request came from its own page). The owner; None when the link is
    dead."""
    with transaction.atomic():
        link = links.find(token, LinkPurpose.FACTOR_REMOVAL)
        removal = lost_factor.pending(link.user) if link is not None else None
        if link is None or removal is None or not links.consume(link):
            return None
        raise_alarm(link.user, request=request)
    return link.user
