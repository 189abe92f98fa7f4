"""How strongly a session was opened, and pages that ask for more (MFA-3, MFA-4).

The level is read from the server's row of the session, never from what the browser says.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts import sessions
from accounts.enums import AssuranceLevel
from accounts.models import ProofDevice, RecoveryCode, StrongMeans, User, UserSession
from portal.common import web
from portal.plateformes import current

View = Callable[..., HttpResponse]
_STRONG_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
_FACTOR_OF_METHOD = {"totp": Authenticator.Type.TOTP, "passkey": Authenticator.Type.WEBAUTHN}
# Session key: a proof made before that instant is not recent, whatever its age.
_WANTED_SINCE = "proof_wanted_since"
_WANTED_FOR = "proof_wanted_for"


def level(request: HttpRequest) -> int:
    """Level of this session: 0 for a visitor, else 1 to 3 (AssuranceLevel)."""
    row = sessions.session_of(request)
    return row.level if row is not None and request.user.is_authenticated else AssuranceLevel.NONE


def strongest_level(user: User) -> int:
    """Level of the strongest factor this account holds: what touching its factors asks for."""
    if StrongMeans.objects.filter(link__user=user, link__ended_at=None, unlinked_at=None).exists():
        return AssuranceLevel.STRONG
    held = Authenticator.objects.filter(user=user, type__in=_STRONG_FACTORS).exists()
    return AssuranceLevel.AUTHENTICATOR if held else AssuranceLevel.CODE


def still_proven(row: UserSession) -> int:
    """Level that the proofs given in a session are still worth, with what its account holds now (MFA-3)."""
    given, user = set(row.methods), row.user
    strong = StrongMeans.objects.filter(link__user=user, link__ended_at=None, unlinked_at=None)
    if strong.filter(kind__in=given).exists():
        return AssuranceLevel.STRONG
    types = [kind for method, kind in _FACTOR_OF_METHOD.items() if method in given]
    held = Authenticator.objects.filter(user=user, type__in=types).exists()
    return AssuranceLevel.AUTHENTICATOR if held else AssuranceLevel.CODE


def drop_recovery(user: User) -> bool:
    """Recovery codes, and what django-otp remembers of the factors, go with the last strong factor (MFA-3). False
    while the account holds one."""
    if strongest_level(user) >= AssuranceLevel.AUTHENTICATOR:
        return False
    RecoveryCode.objects.filter(user=user).delete()
    ProofDevice.objects.filter(user=user, means__in=("totp", "passkey", "recovery")).update(confirmed=False)
    return True


def is_recent(request: HttpRequest) -> bool:
    """True when the last proof is `recent_minutes` old at most and as strong as the strongest factor held."""
    row = sessions.session_of(request)
    if row is None or not isinstance(request.user, User):
        return False
    if row.proved_at.timestamp() < float(request.session.get(_WANTED_SINCE, 0)):
        return False
    life = timedelta(minutes=current().sessions.recent_minutes)
    return timezone.now() - row.proved_at <= life and row.proved_level >= strongest_level(request.user)


def proved_lately(request: HttpRequest) -> bool:
    """True when two proofs of any level were given in the last `recent_minutes`: what a lost factor asks (MFA-5)."""
    row = sessions.session_of(request)
    life = timedelta(minutes=current().sessions.recent_minutes)
    return (
        row is not None and row.proved_level >= AssuranceLevel.CODE and timezone.now() - row.proved_at <= life
    )


def ask_new_proof(request: HttpRequest, target: str) -> HttpResponse:
    """Ask for a proof made from now on, however recent the last one is, then go to `target`."""
    request.session[_WANTED_SINCE] = timezone.now().timestamp()
    request.session[_WANTED_FOR] = target
    return HttpResponseRedirect(f"{reverse('accounts:reprove')}?{urlencode({'next': target})}")


def is_asked_by_application(request: HttpRequest, target: str) -> bool:
    """True when an application, not a page of ours, asked for the proof that leads to `target`."""
    return bool(target) and request.session.get(_WANTED_FOR) == target


def ask_level(target: str, needed: int) -> HttpResponse:
    """Ask for a session of that level, then go to `target`."""
    return HttpResponseRedirect(
        f"{reverse('accounts:step_up')}?niveau={needed:d}&{urlencode({'next': target})}"
    )


def requires_level(needed: int) -> Callable[[View], View]:
    """Ask a lower session to prove more, then come back to the page that was asked for."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if level(request) >= needed:
                return view(request, *args, **kwargs)
            return _ask(request, "accounts:step_up", niveau=needed)

        guarded.required_level = needed  # type: ignore[attr-defined]
        return guarded

    return decorate


def requires_recent_proof(view: View) -> View:
    """Ask again for a full proof before touching what protects the account; also for people without a password."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_recent(request):
            return view(request, *args, **kwargs)
        return _ask(request, "accounts:reprove")

    guarded.requires_recent_proof = True  # type: ignore[attr-defined]
    return guarded


def _ask(request: HttpRequest, route: str, **parameters: int) -> HttpResponse:
    """Send to the proof page. A POST cannot be replayed for the person: they come back to the page of its form."""
    target = request.get_full_path()
    if request.method != "GET":
        target = page_of_form(request)
    query: dict[str, str | int] = {**parameters, "next": target}
    url = f"{reverse(route)}?{urlencode(query)}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def page_of_form(request: HttpRequest) -> str:
    """Page of ours that a form was sent from, the home page when it is not told."""
    referer = request.headers.get("Referer", "")
    origin = f"{request.scheme}://{request.get_host()}"
    path = referer.removeprefix(origin) if referer.startswith(f"{origin}/") else ""
    return path if web.is_safe_next(path) else reverse("hub:home")
