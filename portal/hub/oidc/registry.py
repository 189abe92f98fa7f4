"""Making and changing clients, from the command line and the admin: secrets are shown once, kept as digests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts import journal
from accounts.models import User
from portal.hub.oidc import client_auth
from portal.hub.oidc.enums import ClientAuth
from portal.hub.oidc.models import OpenIdClient

OVERLAP = timedelta(hours=24)
"""How long the former secret is still accepted after a new one was given."""


def new_secret(
    client: OpenIdClient, *, actor: User | None, keep_former: bool = True, secret: str = ""
) -> str:
    """Give the client a new secret and return it, in clear this once. The former one works for OVERLAP more,
    unless `keep_former` is false (it leaked)."""
    secret = secret or client_auth.make_secret()
    with transaction.atomic():
        locked = OpenIdClient.objects.select_for_update(of=("self",)).get(pk=client.pk)
        former = locked.secret_hash if keep_former else ""
        OpenIdClient.objects.filter(pk=client.pk).update(
            secret_hash=client_auth.hash_secret(secret),
            former_secret_hash=former,
            former_secret_until=timezone.now() + OVERLAP if former else None,
        )
        journal.record(
            journal.Action.OPENID_CLIENT_CHANGED,
            actor=actor,
            client=client.client_id,
            what="secret",
            keeps_former=bool(former),
        )
    client.refresh_from_db()
    return secret


def create(fields: dict[str, Any], *, actor: User | None) -> tuple[OpenIdClient, str]:
    """A new client, checked as in the admin, and its secret ("" with a private key). ValidationError otherwise."""
    client = OpenIdClient(**fields)
    client.full_clean()
    with transaction.atomic():
        client.save()
        journal.record(
            journal.Action.OPENID_CLIENT_CHANGED, actor=actor, client=client.client_id, what="created"
        )
        if client.auth_method != ClientAuth.SECRET:
            return client, ""
        return client, new_secret(client, actor=actor, keep_former=False)


def describe(client: OpenIdClient) -> dict[str, Any]:
    """What the command prints of a client; never its secret."""
    return {
        "client_id": client.client_id,
        "name": client.name,
        "is_active": client.is_active,
        "is_regional": client.is_regional,
        "environment": client.environment,
        "auth_method": client.auth_method,
        "redirect_uris": client.redirect_uris,
        "post_logout_redirect_uris": client.post_logout_redirect_uris,
        "initiate_login_uri": client.initiate_login_uri,
        "backchannel_logout_uri": client.backchannel_logout_uri,
        "grants": client.grants,
        "scopes": client.scopes,
        "needed_level": client.needed_level,
        "contact": client.contact,
    }
