"""Where a sign-in comes from, coarsely: a network, never a street. No outside service is asked."""

from __future__ import annotations

import ipaddress

from accounts.models import User

IPV4_SHOWN, IPV6_SHOWN = 24, 48
IPV4_WATCHED, IPV6_WATCHED = 16, 32
"""A provider moves its customers inside such a range: wider than what is shown, so that a notice means something."""


def told(address: str | None) -> str:
    """« réseau 198.51.100.x », « réseau interne » or « lieu inconnu »."""
    if not address:
        return "lieu inconnu"
    parsed = ipaddress.ip_address(address)
    if parsed.is_loopback:
        return "cet ordinateur"
    if isinstance(parsed, ipaddress.IPv6Address):
        return f"réseau {ipaddress.ip_network((parsed, IPV6_SHOWN), strict=False).network_address}…"
    if any(parsed in private for private in _PRIVATE):
        return "réseau interne"
    return f"réseau {address.rpartition('.')[0]}.x"


_PRIVATE = tuple(ipaddress.ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


def is_new(user: User, address: str | None) -> bool:
    """True when no kept session of this person came from the same wide network. One query; False without address."""
    if not address:
        return False
    known = user.portal_sessions.exclude(address=None).order_by().values_list("address", flat=True).distinct()
    return _wide(address) not in {_wide(one) for one in known if one}


def _wide(address: str) -> str:
    parsed = ipaddress.ip_address(address)
    prefix = IPV4_WATCHED if parsed.version == 4 else IPV6_WATCHED
    return str(ipaddress.ip_network((address, prefix), strict=False))
