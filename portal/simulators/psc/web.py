"""A small HTTP server: routes by method and path, forms, cookies, headers that every answer carries."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from portal.simulators.psc import markup

MAX_BODY = 64 * 1024
LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
MEDIA = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: Any
    body: bytes = b""

    @cached_property
    def form(self) -> dict[str, str]:
        """Fields of a posted form, each kept once (the last)."""
        return _single(self.body.decode("utf-8", "replace"))

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body as an object; {} when it is none."""
        try:
            content = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    @cached_property
    def cookies(self) -> dict[str, str]:
        jar: SimpleCookie = SimpleCookie()
        try:
            jar.load(self.headers.get("Cookie", ""))
        except CookieError:
            return {}
        return {name: morsel.value for name, morsel in jar.items()}


@dataclass
class Response:
    body: bytes = b""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: list[tuple[str, str]] = field(default_factory=list)
    is_cut: bool = False
    """Drop the line without an answer."""

    def cookie(self, name: str, value: str, seconds: int | None = None) -> Response:
        """Set a cookie for this host, out of scripts' reach; seconds=0 removes it, None ends with the browser."""
        life = "" if seconds is None else f"; Max-Age={seconds}"
        self.headers.append(("Set-Cookie", f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{life}"))
        return self


def html_page(content: markup.Html, status: int = 200) -> Response:
    return Response(content.encode(), status)


def json_answer(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content).encode(), status, "application/json")


def redirect(url: str) -> Response:
    """303: whatever was posted, the next page is read."""
    if not url.isprintable():
        raise ValueError("a Location holds printable characters only")
    return Response(status=HTTPStatus.SEE_OTHER, headers=[("Location", url)])


Handler = Callable[..., Response]


class Router:
    """`route("GET", "/telephone/<name>/")`: `<name>` is one segment, given as a keyword argument."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []

    def route(self, method: str, path: str) -> Callable[[Handler], Handler]:
        pattern = re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[A-Za-z0-9_-]{1,200})", path))

        def keep(handler: Handler) -> Handler:
            self._routes.append((method, pattern, handler))
            return handler

        return keep

    def answer(self, request: Request) -> Response:
        allowed = []
        for method, pattern, handler in self._routes:
            if found := pattern.fullmatch(request.path):
                if method == request.method or (method == "GET" and request.method == "HEAD"):
                    return handler(request, **found.groupdict())
                allowed.append(method)
        if allowed:
            return Response(status=HTTPStatus.METHOD_NOT_ALLOWED, headers=[("Allow", ", ".join(allowed))])
        return html_page(markup.page("missing", title="Page introuvable"), HTTPStatus.NOT_FOUND)


class Server(ThreadingHTTPServer):
    """`form_targets`: origins outside that a form may end at (the portal's, for the way back)."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, router: Router, form_targets: list[str]) -> None:
        super().__init__(("127.0.0.1", port), _Conversation)
        self.router = router
        targets = " ".join(["'self'", *form_targets])
        self.policy = (
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
            f"form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
        )


class _Conversation(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self._read_body()
        if body is None or self.headers.get("Host", "").rsplit(":", 1)[0] not in LOOPBACK:
            self.close_connection = True
            self._send(Response(status=HTTPStatus.BAD_REQUEST))
            return
        parts = urlsplit(self.path)
        request = Request(self.command, parts.path, _single(parts.query), self.headers, body)
        self._send(self._static(request) or self.server.router.answer(request))

    def _static(self, request: Request) -> Response | None:
        if not request.path.startswith("/static/"):
            return None
        name = request.path.removeprefix("/static/")
        content = markup.static(name)
        if content is None:
            return Response(status=HTTPStatus.NOT_FOUND)
        return Response(content, kind=MEDIA.get(name[name.rfind(".") :], "application/octet-stream"))

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            return None
        return self.rfile.read(int(length))

    def _send(self, response: Response) -> None:
        if response.is_cut:
            self.close_connection = True
            return
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        self.send_header("Content-Type", response.kind)
        self.send_header("Content-Length", str(len(response.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", self.server.policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "same-origin")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:
        """No log: addresses hold codes and national numbers."""


def _single(encoded: str) -> dict[str, str]:
    fields = parse_qs(encoded, keep_blank_values=True, max_num_fields=100)
    return {name: values[-1] for name, values in fields.items()}


def now() -> float:
    return time.time()
