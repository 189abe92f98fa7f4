"""Writes of the favourites. Each call says the wanted result, so that a double click changes nothing more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from portal.hub.models import Favourite, Tile


def star(user: User, tile: Tile, *, place: int | None = None) -> bool:
    """Put the tile last among the person's favourites, or back at `place` (0 first). False when it already was one."""
    with transaction.atomic():
        _lock(user)
        _, is_new = Favourite.objects.get_or_create(user=user, tile=tile, defaults={"rank": _next_rank(user)})
        if is_new and place is not None:
            _place(user, tile, place)
    return is_new


def unstar(user: User, tile: Tile) -> int | None:
    """Take the tile out of the favourites. Return the place it had, None when it was not there."""
    with transaction.atomic():
        _lock(user)
        order = _order(user)
        if tile.pk not in order:
            return None
        user.favourites.filter(tile=tile).delete()
    return order.index(tile.pk)


def move(user: User, tile: Tile, step: int) -> int | None:
    """Move a favourite `step` places (-1 before, +1 after). Return its new position, None when it is no favourite."""
    with transaction.atomic():
        _lock(user)
        order = _order(user)
        if tile.pk not in order:
            return None
        return _place(user, tile, order.index(tile.pk) + step)


def set_order(user: User, tiles: Sequence[Tile], *, known: Iterable[Tile]) -> None:
    """Make `tiles` the favourites, in this order.

    Of the present ones only those in `known` (shown on the page that speaks) may go: a favourite added meanwhile in
    another tab stays, last.
    """
    with transaction.atomic():
        _lock(user)
        present = _order(user)
        wanted = [tile.pk for tile in tiles]
        gone = {tile.pk for tile in known} & set(present) - set(wanted)
        user.favourites.filter(tile_id__in=gone).delete()
        Favourite.objects.bulk_create(
            (Favourite(user=user, tile_id=pk, rank=0) for pk in wanted if pk not in present),
            ignore_conflicts=True,
        )
        _write(user, wanted + [pk for pk in present if pk not in gone and pk not in set(wanted)])


def _lock(user: User) -> None:
    # The account row is the lock: two tabs that reorder wait for each other.
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)


def _order(user: User) -> list[int]:
    return list(user.favourites.order_by("rank", "pk").values_list("tile_id", flat=True))


def _next_rank(user: User) -> int:
    last = user.favourites.aggregate(last=Max("rank"))["last"]
    return 0 if last is None else last + 1


def _place(user: User, tile: Tile, position: int) -> int:
    order = _order(user)
    order.remove(tile.pk)
    position = max(0, min(position, len(order)))
    order.insert(position, tile.pk)
    _write(user, order)
    return position


def _write(user: User, order: Sequence[int]) -> None:
    ranks = {tile_id: rank for rank, tile_id in enumerate(order)}
    rows = list(user.favourites.order_by("pk"))
    for row in rows:
        row.rank = ranks[row.tile_id]
    Favourite.objects.bulk_update(rows, ["rank"])
