"""Opening a partner application from its tile: third-party initiated login (OpenID Connect Core, 4)."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings

from portal.hub.models import Tile
from portal.hub.oidc.access import clients_of


def url_for(tile: Tile, link_url: str) -> str | None:
    """Where the application starts its sign-in, told who calls and where to land; None for an ordinary link."""
    start = next((client.initiate_login_uri for client in clients_of(tile) if client.initiate_login_uri), "")
    if not start:
        return None
    told = {"iss": settings.SITE_URL} | ({"target_link_uri": link_url} if link_url else {})
    return f"{start}{'&' if '?' in start else '?'}{urlencode(told)}"
