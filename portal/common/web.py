"""Rules of the web common to every view: read-only GET, safe return addresses, full page or htmx fragment."""

import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme

# Django refuses to redirect to anything longer.
MAX_NEXT_LENGTH = 2048
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]")

# « // », « /./ », « /../ »: once tidied up by a proxy, the path may begin otherwise than it was checked.
_ODD_STEP = re.compile(r"//|/\.{1,2}(?:/|$)")


# --- return addresses -----------------------------------------------------------------------------
def is_safe_next(target: str) -> bool:
    """A path of our own site: one slash first, whatever the encoding; no host, scheme, user-info, control."""
    if not target.startswith("/") or len(target) > MAX_NEXT_LENGTH:
        return False
    if _CONTROL.search(target) or "\\" in target:
        return False
    path = re.split(r"[?#]", target, maxsplit=1)[0]
    return _path_is_local(path) and url_has_allowed_host_and_scheme(target, allowed_hosts=None)


def _path_is_local(path: str) -> bool:
    # A browser or a proxy may decode once more than we do: every depth must be harmless.
    for _ in range(4):
        if "\\" in path or "@" in path or _CONTROL.search(path) or _ODD_STEP.search(path):
            return False
        decoded = unquote(path)
        if decoded == path:
            return not urlsplit(path).netloc
        path = decoded
    return False


def safe_next(request: HttpRequest, default: str, *, parameter: str = "next") -> str:
    """The address asked for (form first, then query) when it is a path of ours, else `default`."""
    for source in (request.POST, request.GET):
        target = source.get(parameter)
        if target:
            return target if is_safe_next(target) else default
    return default


# --- htmx --------------------------------------------------------------------------------------------
def wants_fragment(request: HttpRequest) -> bool:
    """htmx asks for a part of the page; a boosted link or a history miss wants the whole."""
    htmx: Any = getattr(request, "htmx", None)
    return bool(htmx and not htmx.boosted and not htmx.history_restore_request)


def render_page(
    request: HttpRequest,
    template: str,
    fragment: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """The page, or for htmx only `fragment` (the include the page itself uses), never mixed up by a cache."""
    chosen = fragment if wants_fragment(request) else template
    response = render(request, chosen, dict(context or {}), status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


# --- GET changes nothing ------------------------------------------------------------------------------
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_WRITE = re.compile(
    r"(?is)\b(?:INSERT\s+INTO|DELETE\s+FROM|UPDATE(?:\s+ONLY)?|TRUNCATE(?:\s+TABLE)?|MERGE\s+INTO)\s+"
    r'(?:"?public"?\.)?"?(?P<table>[a-z_][a-z0-9_$]*)"?(?:\s+SET\b|\s*\(|\s+AS\b|\s+WHERE\b|\s+USING\b|\s+VALUES\b|\s+DEFAULT\b|\s*;?\s*$)'
)
_LITERAL = re.compile(r"'(?:[^']|'')*'")
# A visit itself may be recorded: the session, the security journal, and what counts attempts.
_ALWAYS_WRITABLE = frozenset({"django_session"})


class WriteDuringRead(AssertionError):
    """A GET, HEAD or OPTIONS request wrote to a business table."""


def writes_on_get(reason: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Mark a view whose protocol obliges a GET to write (return of an identity provider), with the reason."""
    if not reason.strip():
        raise ValueError("writes_on_get needs a reason")

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        view.writes_on_get = reason  # type: ignore[attr-defined]
        return view

    return mark


def written_table(sql: str) -> str | None:
    """Name of the table an SQL statement writes to; None for a read (SELECT … FOR UPDATE is one)."""
    found = _WRITE.search(_LITERAL.sub("''", sql))
    return found["table"].lower() if found else None


class ReadOnlyGetMiddleware:
    """Makes a GET that writes to a business table raise. For tests and development: it reads every statement.

    Tables named in `settings.READ_ONLY_GET_EXEMPT_TABLES` may be written (journal, counters).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.exempt = _ALWAYS_WRITABLE | frozenset(getattr(settings, "READ_ONLY_GET_EXEMPT_TABLES", ()))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in _SAFE_METHODS:
            return self.get_response(request)
        with ExitStack() as stack:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(self._guard(request)))
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_: Any) -> None:
        request._may_write = bool(getattr(view, "writes_on_get", ""))  # type: ignore[attr-defined]

    def _guard(self, request: HttpRequest) -> Callable[..., Any]:
        def guard(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            table = written_table(str(sql))
            if table and table not in self.exempt and not getattr(request, "_may_write", False):
                raise WriteDuringRead(f"{request.method} {request.path} writes to {table}: {sql[:120]}")
            return execute(sql, params, many, context)

        return guard
