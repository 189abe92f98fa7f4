"""A lost authenticator app or passkey: asked for, told to its owner, removed after a time or by a second agent (MFA-5).

asked → removed, by the clock once the delay is over or by another agent than the one who asked; asked → cancelled, by
the owner (« Ce n’était pas moi », from the mail or from the account) or by the support. Nobody takes a factor away at
once and alone, nobody without the owner being told at every address and number they have proven.
"""

from __future__ import annotations

from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import assurance, codes, journal, links, notifications, security_changes, sessions, throttle
from accounts.enums import FactorRemovalStatus, FactorScope, LinkPurpose
from accounts.models import FactorRemoval, FactorRemovalTransition, User
from portal.common.workflow import Machine, Outcome, Transition, WorkflowError, clock_only

ASKS_PER_DAY = 3
BATCH = 200
_TYPES = {
    FactorScope.APPLICATION: (Authenticator.Type.TOTP,),
    FactorScope.PASSKEYS: (Authenticator.Type.WEBAUTHN,),
    FactorScope.ALL: (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN),
}
OWNED = {
    FactorScope.APPLICATION: "votre application d’authentification",
    FactorScope.PASSKEYS: "vos clés d’accès",
    FactorScope.ALL: "votre application d’authentification et vos clés d’accès",
}
_ACTIONS = {
    Authenticator.Type.TOTP: journal.Action.AUTHENTICATOR_REMOVED,
    Authenticator.Type.WEBAUTHN: journal.Action.PASSKEY_REMOVED,
}


class NothingToRemove(WorkflowError):
    message = "Ce compte n’a ni application d’authentification ni clé d’accès de cette sorte."


class AlreadyAsked(WorkflowError):
    message = (
        "Un retrait est déjà demandé pour ce compte : il faut l’approuver, l’annuler ou attendre sa fin."
    )


class TooMany(WorkflowError):
    message = "Trop de retraits demandés aujourd’hui pour ce compte : réessayez demain."


# --- rights ---------------------------------------------------------------------------------------------------
def _agent(actor: User | None, removal: FactorRemoval) -> bool:
    """An agent of the support, never about themself (ACL-4)."""
    return actor is not None and actor.is_active and actor.is_staff and actor.pk != removal.user_id


def _second_agent(actor: User | None, removal: FactorRemoval) -> bool:
    """Four eyes: whoever asked does not approve."""
    return _agent(actor, removal) and actor is not None and actor.pk != removal.asked_by_id


def _time_is_over(actor: User | None, removal: FactorRemoval) -> bool:
    return clock_only(actor, removal) and removal.removable_at <= timezone.now() and removal.user.is_active


def _owner_or_agent(actor: User | None, removal: FactorRemoval) -> bool:
    """Stopping it asks little: it only closes. actor None: the holder of the mailed link, or the clock."""
    return actor is None or actor.pk == removal.user_id or _agent(actor, removal)


_ASKED = (FactorRemovalStatus.ASKED,)
MACHINE = Machine(
    FactorRemoval,
    "status",
    (
        Transition(
            "approve",
            _ASKED,
            FactorRemovalStatus.REMOVED,
            "Approuver le retrait sans attendre",
            _second_agent,
        ),
        Transition("take_effect", _ASKED, FactorRemovalStatus.REMOVED, "Fin du délai", _time_is_over),
        Transition("cancel", _ASKED, FactorRemovalStatus.CANCELLED, "Annuler le retrait", _owner_or_agent),
    ),
    FactorRemovalTransition,
)


# --- reading --------------------------------------------------------------------------------------------------
def pending(user: User) -> FactorRemoval | None:
    return FactorRemoval.objects.filter(user=user, status=FactorRemovalStatus.ASKED).first()


def scopes(user: User) -> list[FactorScope]:
    """What this person may have lost, the widest last; empty when they hold neither app nor passkey."""
    held = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    found = [scope for scope in (FactorScope.APPLICATION, FactorScope.PASSKEYS) if held & set(_TYPES[scope])]
    return [*found, FactorScope.ALL] if len(found) > 1 else found


def delay() -> timedelta:
    return timedelta(hours=settings.FACTOR_REMOVAL_HOURS)


# --- moves ----------------------------------------------------------------------------------------------------
def ask(
    user: User, scope: FactorScope, *, actor: User, reason: str = "", request: HttpRequest | None = None
) -> FactorRemoval:
    """Write the request and tell the owner everywhere, with a link that stops it. Called by the person, whose password
    and code have just been seen, or by accounts.support for an agent."""
    with transaction.atomic():
        locked = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        if not Authenticator.objects.filter(user=locked, type__in=_TYPES[scope]).exists():
            raise NothingToRemove
        if pending(locked) is not None:
            raise AlreadyAsked
        if not throttle.spend("factor_removal", str(locked.public_id), ASKS_PER_DAY, timedelta(days=1)):
            raise TooMany
        removal = FactorRemoval.objects.create(
            user=locked, asked_by=actor, scope=scope, removable_at=timezone.now() + delay()
        )
        FactorRemovalTransition.objects.create(
            subject=removal, name="ask", source="", target=removal.status, actor=actor, reason=reason
        )
        journal.record(
            journal.Action.FACTOR_REMOVAL_ASKED,
            request=request,
            actor=actor,
            subject=locked,
            reason=reason,
            scope=scope.value,
        )
        token = links.issue(locked, LinkPurpose.FACTOR_REMOVAL, life=delay(), email=locked.email)
        notifications.tell_factor_removal(
            locked,
            what=OWNED[scope],
            label=str(scope.label),
            by_support=actor.pk != locked.pk,
            token=token,
            removable_at=removal.removable_at,
        )
    return removal


def approve(
    removal: FactorRemoval, *, actor: User, reason: str, request: HttpRequest | None = None
) -> Outcome:
    """By a second agent, who has checked who asks."""
    return _remove(removal, "approve", actor=actor, reason=reason, request=request)


def take_effect(removal: FactorRemoval) -> Outcome:
    return _remove(removal, "take_effect", actor=None, reason="délai passé", request=None)


def cancel(
    removal: FactorRemoval, *, actor: User | None, reason: str = "", request: HttpRequest | None = None
) -> Outcome:
    def then(locked: FactorRemoval) -> None:
        links.cancel(locked.user, LinkPurpose.FACTOR_REMOVAL)
        security_changes.note(
            journal.Action.FACTOR_REMOVAL_CANCELLED, locked.user, actor=actor, request=request, reason=reason
        )

    return MACHINE.perform(removal, "cancel", actor=actor, reason=reason, consequences=then)


def take_effect_due(*, limit: int = BATCH) -> int:
    """Remove what has waited its time; requests of accounts closed or suspended meanwhile fall. Number removed."""
    due = FactorRemoval.objects.filter(status=FactorRemovalStatus.ASKED, removable_at__lte=timezone.now())
    removed = 0
    for removal in due.select_related("user").order_by("removable_at", "pk")[:limit]:
        try:
            if removal.user.is_active:
                removed += take_effect(removal).changed
            else:
                cancel(removal, actor=None, reason="compte fermé ou suspendu")
        except WorkflowError:
            continue  # decided since the list was read
    return removed


# --- the removal itself ---------------------------------------------------------------------------------------
def _remove(
    removal: FactorRemoval, name: str, *, actor: User | None, reason: str, request: HttpRequest | None
) -> Outcome:
    def then(locked: FactorRemoval) -> None:
        user = User.objects.select_for_update(of=("self",)).get(pk=locked.user_id)
        for kind in _TYPES[FactorScope(locked.scope)]:
            if Authenticator.objects.filter(user=user, type=kind).delete()[0]:
                security_changes.note(
                    _ACTIONS[kind], user, actor=actor, request=request, reason=reason, method="lost"
                )
        assurance.drop_recovery(user)
        links.cancel(user, LinkPurpose.FACTOR_REMOVAL)
        codes.cancel_all(user)
        sessions.end_all(user, sessions.FACTOR_CHANGED)

    return MACHINE.perform(removal, name, actor=actor, reason=reason, consequences=then)
