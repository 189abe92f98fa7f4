"""The gallery: each component in each state, on one page, in debug mode only."""

from __future__ import annotations

import hashlib
import hmac
from functools import wraps
from typing import Any, Protocol

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.crypto import get_random_string
from django.views.decorators.http import require_safe

from portal.common.access import public
from portal.common.templatetags.portal_icons import ICONS
from portal.common.text import fold
from portal.gallery import samples

TONES = ["neutral", "accent", "info", "positive", "warning", "danger"]


class View(Protocol):
    def __call__(self, request: HttpRequest) -> HttpResponse: ...


def debug_only(view: View) -> View:
    """The page does not exist on a portal people use."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not settings.DEBUG:
            raise Http404
        return view(request)

    return guarded


class FilterForm(forms.Form):
    """Criteria of the sample list."""

    q = forms.CharField(label="Nom ou structure", required=False)
    specialite = forms.ChoiceField(
        label="Spécialité", choices=[("", "Toutes"), *samples.SPECIALITIES], required=False
    )


@public
@debug_only
def gallery(request: HttpRequest) -> HttpResponse:
    """GET shows everything; a POST (a sample form was sent) comes back with a message."""
    if request.method == "POST":
        messages.success(request, "C’est noté. Rien n’a été enregistré.", extra_tags="toast")
        return redirect("gallery:gallery")
    items = [
        {"application": each, "star_url": "", "details_url": "#details"} for each in samples.APPLICATIONS
    ]
    context: dict[str, Any] = {
        "icons": sorted(ICONS),
        "tones": TONES,
        "form": samples.SampleForm(auto_id="vierge_%s"),
        "wrong_form": samples.filled_form(),
        "secrets": samples.SecretForm(auto_id="secret_%s"),
        "filter_form": FilterForm({"specialite": "cardio"}),
        "policy": samples.POLICY,
        "loose_policy": samples.POLICY,
        "applications": samples.APPLICATIONS,
        "favourites": [{**item, "star_url": "/galerie/"} for item in items[:2]],
        "others": [{**item, "star_url": "/galerie/"} for item in items[2:]],
        "tabs_list": samples.TABS,
        "tab": request.GET.get("onglet", "password"),
        "steps": samples.STEPS,
        "rows": samples.ROWS,
        "events": samples.events(),
        "many": samples.page_of_many(),
    }
    return render(request, "gallery/gallery.html", context)


@public
@debug_only
@require_safe
def communes(request: HttpRequest) -> HttpResponse:
    """Suggestions for the sample combobox."""
    asked = fold(request.GET.get("q", ""))
    found = [row for row in samples.COMMUNES if asked in fold(row[1])]
    return render(request, "gallery/includes/communes.html", {"found": found})


@public
@debug_only
@require_safe
def robot_challenge(request: HttpRequest) -> HttpResponse:
    """A challenge of the real format, so that the widget can be tried."""
    salt = get_random_string(16)
    challenge = hashlib.sha256(f"{salt}{4242}".encode()).hexdigest()
    signature = hmac.new(b"gallery", challenge.encode(), hashlib.sha256).hexdigest()
    task = {
        "algorithm": "SHA-256",
        "challenge": challenge,
        "salt": salt,
        "maxnumber": 60_000,
        "signature": signature,
    }
    return JsonResponse(task)
