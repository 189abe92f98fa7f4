"""Legal pages, public."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.common.access import public
from portal.hub import pages


@public
@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """The text in force, or an older one with `?version=`."""
    typed = request.GET.get("version", "")
    if typed and not (typed.isascii() and typed.isdecimal() and len(typed) < 6):
        raise Http404
    text = pages.find(slug, int(typed) if typed else None)
    if text is None:
        raise Http404
    return render(
        request, "hub/page.html", {"text": text, "is_old": bool(typed) and _is_old(slug, text.version)}
    )


def _is_old(slug: str, version: str) -> bool:
    current_text = pages.find(slug)
    return current_text is not None and current_text.version != version
