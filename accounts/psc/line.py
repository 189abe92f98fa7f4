"""Talking to Pro Santé Connect: short, bounded, and never trusted to answer well (RP-6)."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
from django.conf import settings

from accounts.psc.reasons import PscRefused, Reason
from portal.common.deadline import cut_after

REQUEST_SECONDS = 5.0
ATTEMPT_SECONDS = 8.0
MAX_BYTES = 512 * 1024
HTTP_OK = 200
SERVER_ERROR = 500


@dataclass(frozen=True)
class Answer:
    status: int
    kind: str
    """Media type, without its parameters."""
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as an object. PscRefused(UNREADABLE) for HTML, a list, a cut or an over-deep document."""
        try:
            content = json.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise PscRefused(Reason.UNREADABLE, status=self.status) from error
        if not isinstance(content, dict):
            raise PscRefused(Reason.UNREADABLE, status=self.status)
        return content


class Line:
    """All the requests of one attempt: each step at most 5 s, together at most `seconds`. Follows no redirection.

    PscRefused(CLIENT_CERTIFICATE) when our own certificate cannot be used.
    """

    def __init__(self, seconds: float = ATTEMPT_SECONDS) -> None:
        self._end_at = time.monotonic() + seconds
        config = settings.PSC
        self._client = httpx.Client(
            verify=_context(config.ca_file, config.certificate, config.key),
            proxy=settings.PSC.http_proxy or None,
            trust_env=False,
            follow_redirects=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "portail-esante"},
        )

    def __enter__(self) -> Line:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, url: str, *, bearer: str = "") -> Answer:
        headers = {"Accept": "application/json"}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        return self._send("GET", url, headers=headers)

    def post(self, url: str, form: dict[str, str], *, basic: str = "") -> Answer:
        headers = {"Accept": "application/json"}
        if basic:
            headers["Authorization"] = f"Basic {basic}"
        return self._send("POST", url, headers=headers, data=form)

    def _send(self, method: str, url: str, **request: Any) -> Answer:
        """PscRefused(UNAVAILABLE) when it is down, slow, too long, or answers 5xx; *_CERTIFICATE when TLS says no."""
        end = cut_after(self._end_at - time.monotonic(), self._client)
        try:
            with end, self._client.stream(method, url, timeout=self._left(), **request) as response:
                body = self._read(response)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RuntimeError) as error:
            raise PscRefused(_why_broken(error)) from error
        if response.status_code >= SERVER_ERROR:
            raise PscRefused(Reason.UNAVAILABLE, status=response.status_code)
        kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
        return Answer(response.status_code, kind, body)

    def _read(self, response: httpx.Response) -> bytes:
        """The whole body; an answer that drips is cut at the end of the attempt's time."""
        parts: list[bytes] = []
        size = 0
        for part in response.iter_bytes():
            size += len(part)
            if size > MAX_BYTES:
                raise PscRefused(Reason.UNREADABLE, status=response.status_code)
            self._left()
            parts.append(part)
        return b"".join(parts)

    def _left(self) -> float:
        """Seconds the next step may take."""
        left = self._end_at - time.monotonic()
        if left <= 0:
            raise PscRefused(Reason.UNAVAILABLE)
        return min(REQUEST_SECONDS, left)


def _context(ca_file: str, certificate: str, key: str) -> ssl.SSLContext:
    """Read again when a file was renewed: nobody restarts a portal for a certificate."""
    files = tuple((name, _stamp(name)) for name in (ca_file, certificate, key))
    try:
        return _tls(files)
    except (OSError, ValueError) as error:
        raise PscRefused(Reason.CLIENT_CERTIFICATE) from error


def _stamp(name: str) -> int:
    """When the file was last written; 0 for none, and for one that is not there (loading it then says so)."""
    try:
        return Path(name).stat().st_mtime_ns if name else 0
    except OSError:
        return 0


@lru_cache(maxsize=4)
def _tls(files: tuple[tuple[str, int], ...]) -> ssl.SSLContext:
    """TLS 1.2 at least; with our certificate where the service asks for one (tls_client_auth)."""
    (ca_file, _), (certificate, _), (key, _) = files
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate:
        # A key behind a passphrase is refused: OpenSSL would ask for it on a terminal that nobody reads.
        context.load_cert_chain(certificate, key or None, password=lambda: b"")
    return context


# Alerts by which a server tells that it does not accept the certificate shown, or that none was.
_ABOUT_OURS = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "HANDSHAKE_FAILURE")


def _why_broken(error: BaseException) -> Reason:
    """TLS tells apart a service that is away from one with which we do not recognise each other."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Reason.SERVER_CERTIFICATE
        word = (cause.reason or "") if isinstance(cause, ssl.SSLError) else ""
        if "ALERT" in word and any(part in word for part in _ABOUT_OURS):
            return Reason.CLIENT_CERTIFICATE
    return Reason.UNAVAILABLE


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
