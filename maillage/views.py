"""Pages of the MAIA pilots. What a pilot reads and decides asks for a session of level 2 or 3 (MFA-2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from accounts import journal
from accounts.assurance import requires_level
from accounts.enums import AssuranceLevel
from accounts.models import User
from maillage import selectors
from maillage.forms import AccountSearchForm
from maillage.models import MaiaTerritory


def _territories(request: HttpRequest) -> list[MaiaTerritory]:
    """Territories of the person; 404 for whoever pilots none, as for a page that does not exist."""
    assert isinstance(request.user, User)  # noqa: S101 — private view
    found = selectors.territories_of(request.user)
    if not found:
        raise Http404
    return found


def _pilots_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """404 for whoever pilots no territory, before any question of level."""
    strong = requires_level(AssuranceLevel.AUTHENTICATOR)(view)

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        _territories(request)
        return strong(request, *args, **kwargs)

    return guarded


@_pilots_only
@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """The empty search of the pilot's own territories."""
    context = {"form": AccountSearchForm(), "territories": _territories(request)}
    return render(request, "maillage/accounts.html", context)


@_pilots_only
@require_POST
def search_accounts(request: HttpRequest) -> HttpResponse:
    """The answer; a POST, so that a name typed stays out of addresses and logs. In the journal, without the name."""
    territories = _territories(request)
    form = AccountSearchForm(request.POST)
    context = {"form": form, "territories": territories}
    if form.is_valid():
        found = selectors.find_accounts(territories, form.cleaned_data["q"])
        assert isinstance(request.user, User)  # noqa: S101 — private view
        journal.record(
            journal.Action.PILOT_LOOKED_UP,
            request=request,
            actor=request.user,
            found=len(found),
            territories=[territory.slug for territory in territories],
        )
        context |= {"found": found, "is_full": len(found) == selectors.MAX_FOUND, "has_searched": True}
    return render(request, "maillage/accounts.html", context, status=200 if form.is_valid() else 422)
