"""Calling a partner's address: bounded in time, no redirection, never an address of our own network (SSRF).

The name is resolved once and the connection goes to the address that was checked, so that a name that changes between
the two (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit, urlunsplit

import httpx
from django.conf import settings

from portal.common.deadline import cut_after

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
    parts, host, port = _read(url)
    is_tls = parts.scheme == "https"
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
            with cut_after(TOTAL_SECONDS, line):
                answer = line.send(request, stream=True)  # the body is never read
                answer.close()
            return answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RuntimeError) as error:
        raise NotCalled(type(error).__name__) from error


def _read(url: str) -> tuple[SplitResult, str, int]:
    try:
        parts = urlsplit(url)
        return parts, parts.hostname or "", parts.port or (_HTTPS if parts.scheme == "https" else _HTTP)
    except ValueError as error:
        raise NotCalled("address") from error


def _tls_name(host: str, timeout: httpx.Timeout) -> dict[str, object]:
    return {"sni_hostname": host, "timeout": timeout.as_dict()}


def _resolve(host: str, port: int) -> str:
    """One address of the host, public unless the settings allow partners of our own machine."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that no domain can have
        raise NotCalled("unknown_host") from error
    addresses = [str(entry[4][0]) for entry in found]
    if settings.OPENID_PRIVATE_PARTNERS:
        # « localhost » may answer on one family only.
        return next((one for one in addresses if ":" not in one), addresses[0])
    if not addresses or any(not is_public(one) for one in addresses):
        raise NotCalled("private_address")
    return addresses[0]


# Addresses of version 6 that a gateway of our network turns into one of version 4, and how many bits follow that one.
_GATEWAYS = {
    ipaddress.IPv6Network("::/96"): 0,
    ipaddress.IPv6Network("::ffff:0:0/96"): 0,
    ipaddress.IPv6Network("::ffff:0:0:0/96"): 0,
    ipaddress.IPv6Network("64:ff9b::/96"): 0,
    ipaddress.IPv6Network("2002::/16"): 80,
}


def is_public(address: str) -> bool:
    """True for an address of the Internet; one that carries another within is worth that one."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if ip.version == 6:
        for network, bits in _GATEWAYS.items():
            if ip in network:
                return is_public(str(ipaddress.IPv4Address(int(ip) >> bits & 0xFFFFFFFF)))
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast
