"""What the hub holds about a person, for « Mes données » (DAT-4): agreements, entries, favourites, questions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from portal.hub.oidc.enums import PERSON_SCOPES
from portal.hub.oidc.models import OpenIdConsent, OpenIdGrant

MAX_ENTRIES = 5000


def collect(user: User) -> dict[str, Any]:
    """No token, secret or internal number is in it."""
    consents = OpenIdConsent.objects.filter(user=user).select_related("client").order_by("given_at", "pk")
    entries = OpenIdGrant.objects.filter(user=user, code_used_at__isnull=False).select_related("client")
    return {
        "accords": [
            {
                "application": row.client.name,
                "version": row.version,
                "donnees": [PERSON_SCOPES[scope] for scope in row.scopes if scope in PERSON_SCOPES],
                "donne_le": _date(row.given_at),
                "retire_le": _date(row.revoked_at),
            }
            for row in consents
        ],
        "entrees": [
            {
                "application": row.client.name,
                "donnees": [PERSON_SCOPES[scope] for scope in row.scopes if scope in PERSON_SCOPES],
                "entree_le": _date(row.created_at),
                "terminee_le": _date(row.ended_at),
            }
            for row in entries.order_by("created_at", "pk")[:MAX_ENTRIES]
        ],
        "favoris": list(user.favourites.order_by("rank", "pk").values_list("tile__name", flat=True)),
        "demandes_au_support": [
            {
                "objet": ticket.title,
                "etat": ticket.get_status_display(),
                "messages": [
                    {
                        "de": message.get_kind_display(),
                        "texte": message.body,
                        "le": _date(message.created_at),
                    }
                    for message in ticket.messages.filter(is_internal=False).order_by("created_at", "pk")
                ],
            }
            for ticket in user.support_tickets.order_by("pk")
        ],
    }


def _date(moment: datetime | None) -> str | None:
    return timezone.localtime(moment).isoformat(timespec="seconds") if moment else None
