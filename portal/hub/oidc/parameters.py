"""Reading the parameters of a protocol request: each at most once, of sane size, without control characters."""

from __future__ import annotations

import re

from django.http import HttpRequest, QueryDict

from portal.hub.oidc.errors import Refused

MAX_LENGTH = 2048
MAX_NAMES = 60
LONG = frozenset({"client_assertion", "id_token_hint"})
MAX_LONG = 8192
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def read_once(source: QueryDict) -> dict[str, str]:
    """Every non-empty parameter. Refused(invalid_request) when one is repeated, too long or unprintable."""
    if len(source) > MAX_NAMES:
        raise Refused("invalid_request", "Too many parameters")
    found = {}
    for name, values in source.lists():
        if len(values) > 1:
            raise Refused("invalid_request", "A parameter is repeated")
        check_value(name, values[0])
        if values[0]:
            found[name] = values[0]
    return found


def check_value(name: str, value: str) -> None:
    if len(value) > (MAX_LONG if name in LONG else MAX_LENGTH):
        raise Refused("invalid_request", "A parameter is too long")
    if _CONTROL.search(value):
        raise Refused("invalid_request", "A parameter holds a control character")


def form_of(request: HttpRequest) -> dict[str, str]:
    """Parameters of a POST of the protocol: form-encoded body only, nothing in the address."""
    if request.method != "POST":
        raise Refused("invalid_request", "POST only", status=405)
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refused("invalid_request", "The body must be form-encoded")
    if request.META.get("QUERY_STRING"):
        raise Refused("invalid_request", "Parameters go in the body")
    return read_once(request.POST)
