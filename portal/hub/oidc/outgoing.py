"""Calling a partner's address: bounded in time, no redirection, never an address of our own network (SSRF).

The name is resolved once and the connection goes to the address that was checked, so that a name that changes between
the two (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import httpx
from django.conf import settings

CONNECT_SECONDS = 2.0
READ_SECONDS = 3.0
# For the whole call: a server that drips its answer passes every limit on a single read.
TOTAL_SECONDS = 5.0
_HTTPS = 443
_HTTP = 80


class NotCalled(Exception):
    """The call could not be made or was not answered; the text is a short word for the row."""


def post_form(url: str, form: dict[str, str]) -> int:
    """Status of the answer. NotCalled when the address is refused, silent or slow."""
    parts = urlsplit(url)
    host, is_tls = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (_HTTPS if is_tls else _HTTP)
    if not is_tls and not settings.OPENID_PRIVATE_PARTNERS:
        raise NotCalled("http")
    address = _resolve(host, port)
    literal = f"[{address}]" if ":" in address else address
    target = urlunsplit((parts.scheme, f"{literal}:{port}", parts.path, parts.query, ""))
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    try:
        with httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False) as line:
            headers = {"Host": parts.netloc, "Accept": "application/json", "User-Agent": "portail-esante"}
            request = line.build_request(
                "POST", target, data=form, headers=headers, extensions=_tls_name(host, timeout)
            )
            with _cut_after(TOTAL_SECONDS, line):
                answer = line.send(request, stream=True)  # the body is never read
                answer.close()
            return answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError, ValueError) as error:
        raise NotCalled(type(error).__name__) from error


@contextmanager
def _cut_after(seconds: float, line: httpx.Client) -> Iterator[None]:
    """Close the line under whoever reads it once the time is over: their read fails at once."""
    timer = threading.Timer(seconds, line.close)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _tls_name(host: str, timeout: httpx.Timeout) -> dict[str, object]:
    return {"sni_hostname": host, "timeout": timeout.as_dict()}


def _resolve(host: str, port: int) -> str:
    """One address of the host, public unless the settings allow partners of our own machine."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NotCalled("unknown_host") from error
    addresses = [str(entry[4][0]) for entry in found]
    if settings.OPENID_PRIVATE_PARTNERS:
        # « localhost » may answer on one family only.
        return next((one for one in addresses if ":" not in one), addresses[0])
    if not addresses or any(not is_public(one) for one in addresses):
        raise NotCalled("private_address")
    return addresses[0]


def is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.split("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    return is_public(str(mapped)) if mapped else ip.is_global and not ip.is_multicast
