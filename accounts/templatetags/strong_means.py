"""The cards and e-CPS of somebody, in a page of theirs."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from accounts.models import User
from accounts.strong import means, numbers, offers

register = template.Library()


@register.inclusion_tag("accounts/strong/includes/means.html", takes_context=True)
def strong_means(context: template.Context, user: User) -> dict[str, Any]:
    """Section « Carte CPS et e-CPS » of the means of signing in."""
    national = means.national_id(user)
    return {
        "rows": list(means.linked(user)),
        "national": national,
        "number": numbers.shown(national.national_id) if national else "",
        "number_kind": numbers.kind_of(national.national_id) if national else "",
        "may_lose_one": means.may_lose_one(user),
        "next_url": reverse("accounts:means"),
        "csrf_token": context.get("csrf_token", ""),
        **offers.to(user),
    }


@register.simple_tag
def strong_offers() -> dict[str, bool]:
    """Which strong doors a visitor may knock at: `{% strong_offers as doors %}`."""
    return offers.to(None)
