"""Who may enter a partner application, and what is missing otherwise: the same answer on the tile and at the door."""

from __future__ import annotations

from portal.hub import perms
from portal.hub.models import Tile
from portal.hub.oidc.models import OpenIdClient
from portal.hub.perms import Missing, Person, Reason


def has_rule(client: OpenIdClient) -> bool:
    """False when everybody who is signed in may enter: nothing about the person needs to be read then."""
    return client.needs_validation or any(
        (client.professions, client.categories, client.roles, client.departments, client.structures)
    )


def reasons(client: OpenIdClient, person: Person) -> list[Reason]:
    """Empty when the person may enter now; the level of the session is one of the reasons."""
    rule = Tile(
        slug=_tile_slug(client),
        name=client.name,
        professions=client.professions,
        categories=client.categories,
        roles=client.roles,
        needs_validation=client.needs_validation,
        needed_level=client.needed_level,
        how_to_open=client.how_to_open,
    )
    found = perms.own_reasons(rule, person)
    if client.departments and person.department not in client.departments:
        found.insert(0, _place_reason(client, "à d’autres départements que celui de votre lieu d’exercice"))
    if client.structures and (person.structure not in client.structures or not person.is_validated):
        found.insert(0, _place_reason(client, "à des structures dont vous ne faites pas partie"))
    return found


def _tile_slug(client: OpenIdClient) -> str:
    return client.tile.slug if client.tile is not None else client.client_id


def _place_reason(client: OpenIdClient, what: str) -> Reason:
    return Reason(
        Missing.AUDIENCE,
        f"Cette application est réservée {what}.",
        client.how_to_open or "Si elle vous concerne, vérifiez votre lieu d’exercice ou écrivez au support.",
        "/assistance/?sujet=application",
        "Écrire au support",
    )


# --- tiles of the home page ---------------------------------------------------------------------------------
def clients_of(tile: Tile) -> list[OpenIdClient]:
    """Open applications behind a tile (read with the board: no query there)."""
    if tile.pk is None:
        return []
    clients = [client for client in tile.openid_clients.all() if client.is_active]
    for client in clients:
        client.tile = tile  # spares a query for its name in the address
    return sorted(clients, key=lambda client: client.pk)


def reasons_of_tile(tile: Tile, person: Person) -> list[Reason]:
    """What the application behind the tile asks beyond the tile itself."""
    return [reason for client in clients_of(tile)[:1] for reason in reasons(client, person)]


def level_of_tile(tile: Tile) -> int:
    return max([tile.needed_level, *(client.needed_level for client in clients_of(tile)[:1])])
