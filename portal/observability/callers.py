"""Who may read what the public must not: figures, and which part of the portal is down."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

FORWARDED_HEADERS = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")


def is_operator(request: HttpRequest) -> bool:
    """Whether the caller's address is one of METRICS_ALLOWED_ADDRESSES (addresses or networks).

    Behind a proxy everybody's socket comes from the proxy: a request that carries a forwarding header counts only
    by the entry our declared proxies wrote, and by none when no proxy is declared.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if any(header in request.META for header in FORWARDED_HEADERS):
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        count = settings.TRUSTED_PROXY_COUNT
        if not count or len(hops) < count:
            return False
        address = hops[-count].strip()
    return _is_listed(address)


def _is_listed(address: str) -> bool:
    try:
        caller = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(
        caller in ipaddress.ip_network(listed, strict=False) for listed in settings.METRICS_ALLOWED_ADDRESSES
    )
