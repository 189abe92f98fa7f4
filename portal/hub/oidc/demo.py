"""The partner application of the demo, on this machine. Repeatable: its secret is drawn from the demo's own key."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from accounts import keyed
from portal.hub.enums import EnvironmentLabel
from portal.hub.models import Tile, TileLink
from portal.hub.oidc import client_auth
from portal.hub.oidc.enums import PERSON_SCOPES, GrantType
from portal.hub.oidc.models import OpenIdClient
from portal.hub.oidc.registry import describe

CLIENT_ID = "partenaire-demo"
PORT_OFFSET = 20
DEFAULT_PORT = 8000
NAME = "ViaTrajectoire (démonstration)"
STANDS_FOR = "viatrajectoire"


def base_url() -> str:
    """Where the launcher starts the partner: twenty ports above the portal."""
    return f"http://localhost:{(urlsplit(settings.SITE_URL).port or DEFAULT_PORT) + PORT_OFFSET}"


def load_clients() -> list[dict[str, Any]]:
    """Make or bring up to date the client and its tile; what a program needs to be that client, secret included."""
    base, secret = base_url(), keyed.digest("demo-openid-client", CLIENT_ID)
    client, _ = OpenIdClient.objects.update_or_create(
        client_id=CLIENT_ID,
        defaults={
            "name": NAME,
            "description": "Application de démonstration, avec des comptes bien à elle.",
            "contact": "partenaire@demo.example",
            "environment": EnvironmentLabel("demo"),
            "tile": _tile(base),
            "redirect_uris": [f"{base}/connexion/retour/"],
            "post_logout_redirect_uris": [f"{base}/au-revoir/"],
            "initiate_login_uri": f"{base}/connexion/",
            "backchannel_logout_uri": f"{base}/deconnexion/portail/",
            "grants": [GrantType.CODE, GrantType.REFRESH],
            "scopes": list(PERSON_SCOPES),
            "secret_hash": client_auth.hash_secret(secret),
            "is_regional": True,
        },
    )
    return [{**describe(client), "client_secret": secret, "issuer": settings.SITE_URL}]


def _tile(base: str) -> Tile:
    """The tile of the application that the partner stands in for, or one of its own where the portal has none."""
    known = Tile.objects.filter(slug=STANDS_FOR).first()
    if known is not None:
        return known
    tile = Tile.objects.create(
        slug=STANDS_FOR,
        name=NAME,
        subtitle="Partenaire de démonstration",
        environment=EnvironmentLabel("demo"),
        rank=5,
    )
    TileLink.objects.create(tile=tile, slug="accueil", label="Accueil", url=f"{base}/")
    return tile
