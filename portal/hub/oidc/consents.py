"""Agreements of people with applications: given to one, worth nothing for another, taken back at any time (OP-13)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import journal, keyed
from accounts.models import User
from portal.hub.oidc import sessions
from portal.hub.oidc.enums import PERSON_SCOPES
from portal.hub.oidc.models import OpenIdClient, OpenIdConsent, OpenIdGrant

LATEST = 5
"""Entries told for each application; « Mes données » holds them all."""


@dataclass(frozen=True)
class KnownApplication:
    """What the page of applications shows of one: what it may read, since when, where it is open now."""

    client: OpenIdClient
    data: list[str]
    agreed_at: datetime | None
    version: int | None
    entries: list[datetime]
    is_open_now: bool

    @property
    def is_outdated(self) -> bool:
        """The application asks for something else since: the agreement will be asked again at the next entry."""
        return self.version is not None and self.version != self.client.consent_version


def mark(client: OpenIdClient, reference: str, session_id: int) -> str:
    """Ties a form of agreement to the session it was shown in and to what the application asked then."""
    return keyed.digest("openid-agreement", f"{reference}:{session_id}:{client.consent_version}")


def was_shown(told: str, client: OpenIdClient, reference: str, session_id: int) -> bool:
    """True when this very session saw the page that the answer speaks of, as it would still be shown."""
    return told.isascii() and keyed.same(told, mark(client, reference, session_id))


def give(request: HttpRequest, user: User, client: OpenIdClient, scopes: list[str]) -> OpenIdConsent:
    """Replace the agreement with that application by this one, which holds what was agreed before too."""
    with transaction.atomic():
        User.objects.select_for_update(of=("self",)).get(pk=user.pk)  # two tabs agree one after the other
        former = OpenIdConsent.objects.filter(user=user, client=client, revoked_at=None).first()
        if former is not None:
            if former.version == client.consent_version:
                scopes = [one for one in PERSON_SCOPES if one in {*scopes, *former.scopes}]
            OpenIdConsent.objects.filter(pk=former.pk).update(revoked_at=timezone.now())
        made = OpenIdConsent.objects.create(
            user=user, client=client, version=client.consent_version, scopes=scopes
        )
        journal.record(
            journal.Action.PARTNER_CONSENT_GIVEN,
            request=request,
            actor=user,
            subject=user,
            client=client.client_id,
            name=client.name,
            scopes=scopes,
        )
    return made


def revoke(request: HttpRequest, user: User, client: OpenIdClient) -> bool:
    """Take the agreement back, end the application's accesses and tell it; False when there was nothing."""
    with transaction.atomic():
        count = OpenIdConsent.objects.filter(user=user, client=client, revoked_at=None).update(
            revoked_at=timezone.now()
        )
        ended = sessions.end_for_application(user, client.pk, "consent_revoked")
        if not count and not ended:
            return False
        journal.record(
            journal.Action.PARTNER_CONSENT_REVOKED,
            request=request,
            actor=user,
            subject=user,
            client=client.client_id,
            name=client.name,
        )
    return True


def known_applications(user: User) -> list[KnownApplication]:
    """Applications that may read something of this person or were entered lately, by name. Three queries."""
    agreed = {
        row.client_id: row for row in OpenIdConsent.objects.filter(user=user, revoked_at=None).order_by("pk")
    }
    entries: dict[int, list[OpenIdGrant]] = {}
    for grant in OpenIdGrant.objects.filter(user=user, code_used_at__isnull=False).order_by("-created_at")[
        :500
    ]:
        entries.setdefault(grant.client_id, []).append(grant)
    clients = OpenIdClient.objects.filter(pk__in=[*agreed, *entries]).order_by("name", "pk")
    return [_known(client, agreed.get(client.pk), entries.get(client.pk, [])) for client in clients]


def _known(
    client: OpenIdClient, agreed: OpenIdConsent | None, entries: list[OpenIdGrant]
) -> KnownApplication:
    scopes = agreed.scopes if agreed else (entries[0].scopes if entries else [])
    now = timezone.now()
    return KnownApplication(
        client=client,
        data=[PERSON_SCOPES[scope] for scope in scopes if scope in PERSON_SCOPES],
        agreed_at=agreed.given_at if agreed else None,
        version=agreed.version if agreed else None,
        entries=[entry.created_at for entry in entries[:LATEST]],
        is_open_now=any(entry.ended_at is None and entry.ends_at > now for entry in entries),
    )
