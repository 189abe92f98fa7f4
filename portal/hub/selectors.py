"""Reads of the hub: the board of applications, notices, pages."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Prefetch, Q
from django.utils import timezone

from accounts.models import User
from portal.common.memory import remembered
from portal.common.text import fold
from portal.hub import perms
from portal.hub.enums import NoticeAudience, NoticeKind
from portal.hub.models import Favourite, Notice, ResourceLink, Tile, TileLink


@dataclass(frozen=True)
class BoardTile:
    """A tile as one person sees it."""

    tile: Tile
    links: list[TileLink]
    reasons: list[perms.Reason]
    is_favourite: bool

    @property
    def is_open(self) -> bool:
        return not self.reasons

    @property
    def lacks_level_only(self) -> bool:
        """One click on the application itself asks the stronger proof, then opens it."""
        return [reason.missing for reason in self.reasons] == [perms.Missing.LEVEL]


@dataclass(frozen=True)
class Board:
    """The home page: favourites in the person's order, the others in the portal's; `query` filters both."""

    favourites: list[BoardTile]
    others: list[BoardTile]
    query: str
    favourite_count: int
    total: int

    @property
    def found(self) -> int:
        return len(self.favourites) + len(self.others)


def _tiles_with_links() -> Prefetch:
    return Prefetch("links", queryset=TileLink.objects.order_by("rank", "pk"))


def visible_tile(slug: str, person: perms.Person) -> Tile | None:
    """The tile if this person may see it: an invisible one does not exist for them (ACL-1)."""
    tile = (
        Tile.objects.filter(slug=slug, is_active=True)
        .prefetch_related(_tiles_with_links(), "openid_clients")
        .first()
    )
    return tile if tile is not None and perms.may_see(tile, person) else None


def visible_tiles(person: perms.Person) -> list[Tile]:
    """Tiles this person may see, in the portal's order, links and partner applications read. Three queries."""
    return [tile for tile in _active_tiles() if perms.may_see(tile, person)]


@remembered(2)
def _tiles_on_show() -> tuple[Tile, ...]:
    """For the home page, two seconds late at most; whatever is done with a tile reads the table."""
    return _active_tiles()


def _active_tiles() -> tuple[Tile, ...]:
    tiles = Tile.objects.filter(is_active=True).order_by("rank", "pk")
    return tuple(tiles.prefetch_related(_tiles_with_links(), "openid_clients"))


def board_tile(tile: Tile, person: perms.Person, *, is_favourite: bool) -> BoardTile:
    return BoardTile(tile, list(tile.links.all()), perms.reasons_closed(tile, person), is_favourite)


def board(user: User, person: perms.Person, query: str = "") -> Board:
    """Four queries at most, whatever the number of tiles: tiles, links, partner applications, favourites."""
    visible = {tile.pk: tile for tile in _tiles_on_show() if perms.may_see(tile, person)}
    ranked = Favourite.objects.filter(user=user).order_by("rank", "pk").values_list("tile_id", flat=True)
    chosen = [pk for pk in ranked if pk in visible]
    words = fold(query).split()
    favourites = [
        board_tile(visible[pk], person, is_favourite=True) for pk in chosen if _matches(visible[pk], words)
    ]
    others = [
        board_tile(tile, person, is_favourite=False)
        for pk, tile in visible.items()
        if pk not in set(chosen) and _matches(tile, words)
    ]
    return Board(favourites, others, query, len(chosen), len(visible))


def _matches(tile: Tile, words: list[str]) -> bool:
    return all(word in tile.search_key for word in words)


def current_notices(kind: NoticeKind, *, signed_in: bool) -> list[Notice]:
    """Published notices of this kind for this audience, in order."""
    return [notice for notice in all_notices(signed_in=signed_in) if notice.kind == kind]


def all_notices(*, signed_in: bool) -> list[Notice]:
    """Published notices of every kind for this audience, in order: one query for a page that shows several kinds."""
    now = timezone.now()
    audience = NoticeAudience.SIGNED_IN if signed_in else NoticeAudience.VISITORS
    return list(
        Notice.objects.filter(
            Q(ends_at=None) | Q(ends_at__gt=now),
            is_active=True,
            starts_at__lte=now,
            audience__in=[NoticeAudience.EVERYBODY, audience],
        ).order_by("rank", "-starts_at", "pk")
    )


@remembered(3)
def resources() -> tuple[ResourceLink, ...]:
    """Documents and useful links shared by the support, in order; what staff change shows within three seconds."""
    return tuple(ResourceLink.objects.filter(is_active=True).order_by("rank", "pk"))
