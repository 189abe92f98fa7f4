"""First content of a new portal: applications, roles, experts, the user notice, useful links.

Only what is missing is written: what staff changed or took away since stays as they left it, so this may run at each
installation and update.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.text import slugify

from maillage.seed import seed_territories
from portal.hub.enums import NoticeKind, NoticeTone, Role
from portal.hub.models import ExpertMailbox, Notice, ResourceLink, Tile, TileLink
from portal.plateformes import current

_DIRECTORY = Path(__file__).parent
DEFAULT = "defaut"


def load() -> dict[str, int]:
    """Write what is missing; return how many rows of each kind were made, by French label."""
    content = read(current().key)
    with transaction.atomic():
        return {
            "rôles": sum(Group.objects.get_or_create(name=role)[1] for role in Role.values),
            "applications": _tiles(content["tile"]),
            "boîtes d’experts": _experts(content["expert"]),
            "annonces": _user_notice(),
            "documents et liens": _resources(),
            "territoires MAIA": seed_territories() if current().maillage.enabled else 0,
        }


def read(key: str) -> dict[str, list[dict[str, Any]]]:
    """Content written for this platform, or the common one."""
    path = _DIRECTORY / f"{key}.toml"
    if not path.exists():
        path = _DIRECTORY / f"{DEFAULT}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _tiles(rows: list[dict[str, Any]]) -> int:
    made = 0
    for rank, row in enumerate(rows):
        fields = {key: value for key, value in row.items() if key not in {"slug", "links"}}
        tile, is_new = Tile.objects.get_or_create(
            slug=row["slug"], defaults={**fields, "rank": (rank + 1) * 10}
        )
        if is_new:
            TileLink.objects.bulk_create(
                TileLink(tile=tile, slug=slugify(link["label"]), rank=place, **link)
                for place, link in enumerate(row["links"])
            )
        made += is_new
    return made


def _experts(rows: list[dict[str, Any]]) -> int:
    return sum(
        ExpertMailbox.objects.get_or_create(name=row["name"], defaults={"email": row["email"]})[1]
        for row in rows
    )


def _user_notice() -> int:
    """The profile's notice, once: if staff removed every notice, none comes back uninvited after the first one."""
    if Notice.objects.filter(kind=NoticeKind.USER_NOTICE).exists():
        return 0
    texts = current().texts
    Notice.objects.create(
        kind=NoticeKind.USER_NOTICE,
        tone=NoticeTone.WARNING,
        title=texts.user_notice_title,
        text=texts.user_notice,
    )
    return 1


def _resources() -> int:
    if ResourceLink.objects.exists():
        return 0
    rows = [
        ResourceLink(title=resource.label, url=resource.url, rank=rank)
        for rank, resource in enumerate(current().support.resources)
        if resource.url
    ]
    ResourceLink.objects.bulk_create(rows)
    return len(rows)
