"""The support's pages about people: accounts, their sessions, the security journal."""

from accounts.admin.identity_case import IdentityCaseAdmin
from accounts.admin.journal import SecurityEventAdmin
from accounts.admin.strong import HelpLinkAdmin, NationalLinkAdmin, StrongMeansAdmin
from accounts.admin.user import UserAdmin

__all__ = [
    "HelpLinkAdmin",
    "IdentityCaseAdmin",
    "NationalLinkAdmin",
    "SecurityEventAdmin",
    "StrongMeansAdmin",
    "UserAdmin",
]
