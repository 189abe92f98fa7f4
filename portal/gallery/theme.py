"""The stylesheet that carries the platform's accent: its own file, so that no page needs an inline style."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from portal.common.access import public
from portal.gallery.colours import AccentColours, accent_colours
from portal.plateformes import current


def _rule(colours: AccentColours) -> str:
    return (
        f":root{{--accent:{colours.accent};--accent-hover:{colours.hover};"
        f"--accent-soft:{colours.soft};--on-accent:{colours.on_accent}}}"
    )


def stylesheet(accent: str) -> str:
    """The accent's colour roles for both colour schemes."""
    light, dark = accent_colours(accent, dark=False), accent_colours(accent, dark=True)
    return f"{_rule(light)}\n@media screen and (prefers-color-scheme:dark){{{_rule(dark)}}}\n"


@public
@require_safe
@cache_control(public=True, max_age=31_536_000, immutable=True)
def theme_css(request: HttpRequest) -> HttpResponse:
    """Pages ask for it with the accent in the query string, so a year of cache never shows an old colour."""
    return HttpResponse(stylesheet(current().accent), content_type="text/css; charset=utf-8")
