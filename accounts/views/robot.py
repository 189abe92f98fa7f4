"""The robot check's own addresses: a challenge for the page's script, and the image of a sealed answer."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import keyed, robot
from portal.common.access import public


@public
@require_safe
@never_cache
def challenge(request: HttpRequest) -> HttpResponse:
    return JsonResponse(robot.new_challenge())


@public
@require_safe
@never_cache
def image(request: HttpRequest) -> HttpResponse:
    try:
        return HttpResponse(robot.draw_image(request.GET.get("jeton", "")[:1000]), content_type="image/png")
    except keyed.Undecipherable:
        raise Http404 from None
