from portal.hub.models.notices import Notice
from portal.hub.models.pages import LegalPage, LegalPageVersion, ResourceLink
from portal.hub.models.tickets import ExpertMailbox, SupportTicket, TicketMessage, TicketTransition
from portal.hub.models.tiles import Favourite, Tile, TileLink
from portal.hub.oidc.models import (
    OpenIdClient,
    OpenIdConsent,
    OpenIdGrant,
    OpenIdKey,
    OpenIdLogout,
    OpenIdPending,
    OpenIdToken,
)

__all__ = [
    "ExpertMailbox",
    "Favourite",
    "LegalPage",
    "LegalPageVersion",
    "Notice",
    "OpenIdClient",
    "OpenIdConsent",
    "OpenIdGrant",
    "OpenIdKey",
    "OpenIdLogout",
    "OpenIdPending",
    "OpenIdToken",
    "ResourceLink",
    "SupportTicket",
    "TicketMessage",
    "TicketTransition",
    "Tile",
    "TileLink",
]
