"""What people call the paths of the hub: an application of the home page, a partner's request that waits (ROR-058)."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils import timezone

from accounts.destinations import Place
from portal.hub.models import Tile
from portal.hub.oidc.models import OpenIdClient, OpenIdPending

_TILE_PAGES = frozenset({"hub:launch", "hub:tile"})


def of_tile(path: str) -> Place | None:
    """The name of an application that anybody signed in may see; others keep their name to themselves (ACL-1)."""
    match = _match(path)
    if match is None or match.view_name not in _TILE_PAGES:
        return None
    tile = Tile.objects.filter(slug=match.kwargs["slug"], is_active=True).first()
    if tile is None or not (tile.is_shown_to_others or _is_for_all(tile)):
        return None
    return Place(tile.name)


def of_partner_request(path: str) -> Place | None:
    """The partner that waits for a code. From another browser, its own entry: its `state` is not known there."""
    match = _match(path)
    if match is None or match.view_name != "openid:resume":
        return None
    kept = OpenIdPending.objects.select_related("client__tile").filter(
        reference=match.kwargs["reference"], expires_at__gt=timezone.now(), client__is_active=True
    )
    row = kept.first()
    return Place(row.client.name, _entry_of(row.client), is_bound=True) if row is not None else None


def _entry_of(client: OpenIdClient) -> str:
    """Its tile on the home page; "" for an application that is entered from its own site only."""
    tile = client.tile
    return reverse("hub:launch", args=[tile.slug]) if tile is not None and tile.is_active else ""


def _is_for_all(tile: Tile) -> bool:
    return not (tile.professions or tile.categories or tile.roles)


def _match(path: str) -> ResolverMatch | None:
    try:
        return resolve(urlsplit(path).path)
    except Resolver404:
        return None
