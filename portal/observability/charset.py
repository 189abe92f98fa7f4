"""Requests are UTF-8, as our pages are.

Django reads the address and the form with the charset the request names, while it builds the request: before any
middleware. Some names are no charset at all (« hex »), others make characters that nothing stores (« unicode_escape »).
So the name is taken out at the very door, and SecurityHeadersMiddleware answers 400 with a page (WEB-8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest
from django.utils.http import parse_header_parameters

FLAG = "portal.other_charset"
_UTF8 = frozenset({"", "utf-8", "utf8"})
Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Utf8Only:
    """Wraps the WSGI application."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        kind, charset = _read(environ.get("CONTENT_TYPE", ""))
        if not _is_utf8(charset):
            environ["CONTENT_TYPE"], environ[FLAG] = kind, True
        return self.application(environ, start_response)


def _read(content_type: str) -> tuple[str, str]:
    """(type, charset named). A parameter in the extended form names a charset of its own: that one is told instead."""
    if "*" in content_type:
        return content_type.partition(";")[0].strip(), "extended"
    kind, parameters = parse_header_parameters(content_type)
    return kind, parameters.get("charset", "")


def is_refused(request: HttpRequest) -> bool:
    """The request named another charset than UTF-8."""
    return FLAG in request.META or not _is_utf8(request.encoding or "")


def _is_utf8(name: str) -> bool:
    """Compared, never looked up: Python keeps for ever each name it was asked for, and there is no end of names."""
    return name.strip().lower() in _UTF8
