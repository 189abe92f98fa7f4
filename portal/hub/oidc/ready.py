"""Discovery and keys, the answers most asked of all, given again before Django builds a request.

The first answer to a host is Django's, with every header of the house; the same one is given to the next ones as long
as the document is the same object (the keys are read again every `keys.RING_SECONDS`, by Django). As with a cache in
front, which the answer allows, what is given again has no line in the logs. Anything unusual goes to Django: another
method, a host it has not accepted yet, a condition sent by the caller.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings

from portal.hub.oidc import discovery, keys

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
REFERENCE = "X-Request-ID"
MAX_KEPT = 32
# What makes Django answer otherwise: who asks, by which way, and what a proxy says of it.
_ASKED_BY = ("PATH_INFO", "HTTP_HOST", "wsgi.url_scheme", "HTTP_X_FORWARDED_PROTO", "SCRIPT_NAME")
_UNUSUAL = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE", "CONTENT_TYPE")
_DOCUMENTS: dict[str, Callable[[], bytes | None]] = {
    "/.well-known/openid-configuration": lambda: discovery.document(settings.SITE_URL),
    discovery.JWKS: keys.published_now,
}


class ReadyDocuments:
    """Wraps the WSGI application."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self._kept: dict[tuple[object, ...], tuple[bytes, Headers]] = {}

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        document = _DOCUMENTS.get(environ["PATH_INFO"])
        if document is None or environ["REQUEST_METHOD"] != "GET" or any(map(environ.get, _UNUSUAL)):
            return self.application(environ, start_response)
        asked = tuple(map(environ.get, _ASKED_BY))
        body, kept = document(), self._kept.get(asked)
        if body is None or kept is None or kept[0] is not body:
            return self._from_django(environ, start_response, asked, document)
        start_response("200 OK", [*kept[1], (REFERENCE, str(uuid.uuid4()))])
        return [body]

    def _from_django(
        self,
        environ: Environ,
        start_response: Callable[..., Any],
        asked: tuple[object, ...],
        document: Callable[[], bytes | None],
    ) -> Iterable[bytes]:
        def keep(status: str, headers: Headers, *failure: Any) -> Any:
            body = document()
            if (
                status.startswith("200 ")
                and body is not None
                and ("Content-Length", str(len(body))) in headers
            ):
                if len(self._kept) >= MAX_KEPT:
                    self._kept.clear()
                self._kept[asked] = (body, [one for one in headers if one[0] != REFERENCE])
            return start_response(status, headers, *failure)

        return self.application(environ, keep)
