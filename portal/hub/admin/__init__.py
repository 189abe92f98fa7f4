"""What the support edits without deployment: applications, notices, pages, documents; and the questions received."""

from portal.hub.admin.content import ExpertMailboxAdmin, LegalPageAdmin, NoticeAdmin, ResourceLinkAdmin
from portal.hub.admin.openid import OpenIdClientAdmin, OpenIdKeyAdmin, OpenIdLogoutAdmin
from portal.hub.admin.tickets import SupportTicketAdmin
from portal.hub.admin.tiles import TileAdmin

__all__ = [
    "ExpertMailboxAdmin",
    "LegalPageAdmin",
    "NoticeAdmin",
    "OpenIdClientAdmin",
    "OpenIdKeyAdmin",
    "OpenIdLogoutAdmin",
    "ResourceLinkAdmin",
    "SupportTicketAdmin",
    "TileAdmin",
]
