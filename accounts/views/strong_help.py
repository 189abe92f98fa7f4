"""/aide/authentification-forte/ : which strong sign-in for me, activating the e-CPS, signing in step by step."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.forms.strong_help import GuideForm
from accounts.models import User
from accounts.strong import guidance
from portal.common.access import public
from portal.referentiels.models import Profession


@public
@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    person = request.user if isinstance(request.user, User) else None
    is_asked = "profession" in request.GET or "employeur" in request.GET
    form = GuideForm(request.GET if is_asked else None, person=person)
    context: dict[str, Any] = {
        "form": form,
        "advice": None,
        "roles": [],
        "done": guidance.steps_done(person) if person else [],
        "links": guidance.addresses(),
        "rpps_plus": guidance.content()["rpps_plus"],
        "asked": {"profession": "", "employeur": ""},
        "is_role_missing": "categorie" in request.GET,
    }
    if is_asked and form.is_valid():
        context |= _answer(request, form)
    return render(request, "accounts/strong/guide.html", context)


def _answer(request: HttpRequest, form: GuideForm) -> dict[str, Any]:
    """The advice, or the question that decides between two categories (VT-022)."""
    entries = form.entries()
    if len(entries) == 1:
        entry: Profession | None = entries[0]
    else:
        entry = next((item for item in entries if item.categorie == request.GET.get("categorie")), None)
    if entry is not None:
        return {"advice": guidance.advise(entry, form.cleaned_data["employeur"])}
    return {
        "roles": [{"value": item.categorie, "label": guidance.question(item)} for item in entries],
        "asked": form.cleaned_data,
    }


@public
@require_safe
def activation(request: HttpRequest) -> HttpResponse:
    """In pictures, with a card or without one (`?carte=oui` or `non`)."""
    asked = request.GET.get("carte", "non")
    chosen = guidance.content()["activation"]["with_card" if asked == "oui" else "without_card"]
    context = {
        "method": chosen,
        "steps": guidance.with_links(chosen["steps"]),
        "has_card": asked == "oui",
        "ways": [
            {"key": "non", "label": "Sans carte", "url": "?carte=non"},
            {"key": "oui", "label": "Avec une carte", "url": "?carte=oui"},
        ],
        "current_way": "oui" if asked == "oui" else "non",
    }
    return render(request, "accounts/strong/activation.html", context)


@public
@require_safe
def first_sign_in(request: HttpRequest) -> HttpResponse:
    """First sign-in and every day's, card and e-CPS; the e-CPS alone for those who cannot have a card."""
    only_ecps = request.GET.get("moyen") == "ecps"
    found = guidance.content()["sign_in"]
    parts = [
        {"key": key, "title": part["title"], "steps": guidance.with_links(part["steps"])}
        for key, part in found.items()
        if not (only_ecps and key.endswith("card"))
    ]
    return render(request, "accounts/strong/sign_in_steps.html", {"parts": parts, "only_ecps": only_ecps})
