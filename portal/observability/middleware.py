"""Headers that every response carries, whatever made it, and pages for errors answered without one."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from csp.constants import HEADER
from csp.middleware import CheckableLazyObject, CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from portal.observability import charset
from portal.observability.errors import bad_request, not_this_way, too_many_requests

GetResponse = Callable[[HttpRequest], HttpResponseBase]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""TRACE would send cookies back to a script; nothing here answers it."""

_OURSELVES = ("geolocation", "publickey-credentials-create", "publickey-credentials-get", "clipboard-write")
_NOBODY = (
    *("accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read", "compute-pressure"),
    *(
        "cross-origin-isolated",
        "display-capture",
        "encrypted-media",
        "fullscreen",
        "gamepad",
        "gyroscope",
        "hid",
    ),
    *("identity-credentials-get", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi"),
    *(
        "otp-credentials",
        "payment",
        "picture-in-picture",
        "screen-wake-lock",
        "serial",
        "storage-access",
        "usb",
    ),
    *("window-management", "xr-spatial-tracking"),
)
PERMISSIONS_POLICY = ", ".join(
    [*(f"{name}=(self)" for name in _OURSELVES), *(f"{name}=()" for name in _NOBODY)],
)
DEFAULTS = {
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Cache-Control": "no-store",
}
"""A view that needs another value sets its own before this middleware sees the response."""
_CHANGED_POLICY = ("_csp_exempt", "_csp_config", "_csp_update", "_csp_replace")
_NONCE_PLACE = "the-nonce-comes-here"


class PolicyMiddleware(CSPMiddleware):
    """django-csp's, which builds the policy anew for each response: nearly all carry that of the settings, where only
    the nonce changes. A view that changes its policy, or a policy that only reports, is left to the library."""

    _built_from: object = None
    _plain = _with_nonce = ""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        reports = getattr(settings, "CONTENT_SECURITY_POLICY_REPORT_ONLY", None)
        if reports or HEADER in response or any(hasattr(response, name) for name in _CHANGED_POLICY):
            return super().process_response(request, response)
        if self._built_from is not settings.CONTENT_SECURITY_POLICY:
            self._plain, self._with_nonce = build_policy(), build_policy(nonce=_NONCE_PLACE)
            self._built_from = settings.CONTENT_SECURITY_POLICY
        nonce = getattr(request, "_csp_nonce", None)
        if nonce is None:
            response.headers[HEADER] = self._plain
            # A nonce asked for from now on would be in no header: the library raises.
            request.csp_nonce = CheckableLazyObject(self._csp_nonce_post_response)  # type: ignore[attr-defined]
        else:
            response.headers[HEADER] = self._with_nonce.replace(_NONCE_PLACE, nonce)
        return response


class MachineHostMiddleware:
    """Probes and Prometheus ask a machine by its address, which is no name of ours: they get the site's own.

    For the pages that tell nothing of the site and build no link; everywhere else the name must be an allowed one.
    """

    pages = frozenset({"/sante/vivant", "/sante/pret", "/metriques"})

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.host = urlsplit(settings.SITE_URL).netloc

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in self.pages:
            request.META["HTTP_HOST"] = self.host
        return self.get_response(request)


class SecurityHeadersMiddleware:
    """Nothing is kept by a cache unless its view says so, and never when the response sets a cookie (SES-1)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in METHODS:
            response: HttpResponseBase = HttpResponseNotAllowed(METHODS)
        elif charset.is_refused(request):
            request.encoding = "utf-8"  # the error page reads the address too
            response = bad_request(request, UnicodeError("another charset"))
        elif "\0" in request.path_info:
            # No address of ours holds one, and no column stores it: a view that looks a name up would crash (WEB-8).
            response = bad_request(request, ValueError("NUL in the address"))
        else:
            response = self.get_response(request)
        for name, value in DEFAULTS.items():
            response.headers.setdefault(name, value)
        if response.cookies:
            response.headers["Cache-Control"] = "no-store"
        return response


class ErrorPagesMiddleware:
    """Gives a page to a 405 or a 429 that a view or a limit answered with an empty body; its headers are kept."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if (
            response.status_code not in {405, 429}
            or not isinstance(response, HttpResponse)
            or response.content
        ):
            return response
        if response.status_code == 405:
            page = not_this_way(request)
        else:
            page = too_many_requests(request, response.headers.get("Retry-After"))
        for name, value in response.headers.items():
            if name not in {"Content-Type", "Content-Length"}:
                page.headers[name] = value
        page.cookies = response.cookies
        return page
