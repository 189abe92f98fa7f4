"""The four territories of the Val-de-Marne (M94-020). What staff changed since is kept."""

from __future__ import annotations

from maillage.models import MaiaTerritory
from portal.plateformes import current

DEPARTMENT = "94"
# Shared mailboxes only: a territory whose contact is somebody's own address has none here.
TERRITORIES = (
    ("val-de-marne-ouest", "Val de Marne OUEST", "maia94ouest@orange.fr"),
    ("val-de-marne-centre", "Val de Marne CENTRE", "pilote@maia94centre.fr"),
    ("val-de-marne-sud", "Val de Marne SUD", ""),
    ("val-de-marne-nord", "Val de Marne NORD", ""),
)


def seed_territories() -> int:
    """Make those that are missing where the platform covers the department; return how many were made."""
    if DEPARTMENT not in current().departments:
        return 0
    made = 0
    for rank, (slug, name, mailbox) in enumerate(TERRITORIES):
        fields = {"name": name, "department": DEPARTMENT, "mailbox": mailbox, "rank": rank}
        made += MaiaTerritory.objects.get_or_create(slug=slug, defaults=fields)[1]
    return made
