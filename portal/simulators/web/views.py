"""What really arrived at the stand-ins, shown to whoever tries the demo."""

from __future__ import annotations

from csp.constants import NONE
from csp.decorators import csp
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.simulators.store import Message, MessageStore
from portal.simulators.web import trial

_MAIL_POLICY = {
    "default-src": [NONE],
    "style-src": ["'unsafe-inline'"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [NONE],
}
PER_PAGE = 25
MOST = 1000
CHANNELS = {"email": "Courriel", "sms": "SMS"}


def _received(request: HttpRequest) -> list[Message]:
    """Newest first; `?to=` and `?channel=` narrow the list."""
    to, channel = request.GET.get("to", "").strip(), request.GET.get("channel", "")
    store = getattr(settings, "DEMO_MESSAGES_STORE", None)
    messages = MessageStore(store).newest(MOST) if store else []
    return [m for m in messages if (not to or m.to == to) and (not channel or m.channel == channel)]


@login_not_required
@never_cache
@require_safe
def trial_page(request: HttpRequest) -> HttpResponse:
    """/demo/: who signs in how, and where to look."""
    return render(request, "simulators/trial.html", {"trial": trial.read(settings.DEMO_DESCRIPTION)})


@login_not_required
@never_cache
@require_safe
def messages_page(request: HttpRequest) -> HttpResponse:
    page = Paginator(_received(request), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "simulators/messages.html", {"page": page, "to": request.GET.get("to", "")})


@login_not_required
@never_cache
@require_safe
@csp(_MAIL_POLICY)
def message_page(request: HttpRequest, number: int) -> HttpResponse:
    """One mail as a mail reader draws it: its own styles, and nothing that runs or is fetched."""
    message = MessageStore(settings.DEMO_MESSAGES_STORE).find(number)
    if message is None or not message.html:
        raise Http404
    return HttpResponse(message.html)


@login_not_required
@never_cache
@require_safe
def messages_json(request: HttpRequest) -> JsonResponse:
    """A list: id, channel ("email" or "sms"), to, subject, text, at (UTC, ISO 8601); newest first."""
    listed = [message.public() for message in _received(request)]
    return JsonResponse(listed, safe=False, json_dumps_params={"ensure_ascii": False})
