"""Signing up with a proven identity: the account is made as usual, and linked once its mail is validated.

Until then the identity waits beside the account (StrongClaim), tied to the credentials typed with it: somebody else who
signs up again with the same address replaces them, and gets nothing of the identity.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest

from accounts import keyed
from accounts.enums import AccountStatus
from accounts.models import StrongClaim, User
from accounts.strong import linking, numbers, pending, refusals
from accounts.strong.identity import StrongIdentity
from accounts.workflows import sign_up as workflow
from accounts.workflows.sign_up import Application


def sign_up(
    request: HttpRequest,
    application: Application,
    identity: StrongIdentity,
    *,
    submission: str = "",
    then: Callable[[User], object] | None = None,
) -> None:
    """Same answer whatever the address (ABU-1). Raises StrongRefusal for what concerns the proven number alone.
    `then` is called with the account, in its transaction, when one was written.
    """

    def settle_account(user: User) -> None:
        _claim(request, user, identity)
        if then is not None:
            then(user)

    with transaction.atomic():
        held = linking.live_links(identity.national_id).first()
        if held is not None:
            raise refusals.held_elsewhere(held.user)
        _free_number(request, application, identity)
        workflow.sign_up(application, submission=submission, then=settle_account)


def _free_number(request: HttpRequest, application: Application, identity: StrongIdentity) -> None:
    """A number typed in a sign-up never validated gives way; in an open account, its owner is asked first: it is most
    often the same person, who has forgotten that account."""
    holder = linking.typed_elsewhere(identity)
    if holder is None or holder.email_key == application.email.casefold():
        return
    if holder.status != AccountStatus.PENDING:
        raise refusals.number_typed_elsewhere(holder)
    linking.release_typed(request, numbers.rpps_of(identity.national_id))


def _claim(request: HttpRequest, user: User, identity: StrongIdentity) -> None:
    """Where no mail is to be validated nobody can replace what was typed: the account is linked at once."""
    if user.status != AccountStatus.PENDING:
        linking.link(request, user, identity)
        return
    StrongClaim.objects.update_or_create(
        user=user, defaults={"sealed_identity": pending.seal(identity), "mark": _mark(user)}
    )


def settle(user: User) -> None:
    """Called in the transaction that validates the mail. A claim that cannot be honoured is journalled: the account
    opens all the same, without the card or e-CPS."""
    claim = StrongClaim.objects.select_for_update(of=("self",)).filter(user=user).first()
    if claim is None:
        return
    claim.delete()
    if not keyed.same(claim.mark, _mark(user)):
        return
    try:
        linking.link(None, user, pending.unseal(claim.sealed_identity))
    except refusals.StrongRefusal as refusal:
        refusals.record(None, refusal, "")
    except keyed.Undecipherable:
        return


def _mark(user: User) -> str:
    return keyed.digest("strong_claim", user.password)
