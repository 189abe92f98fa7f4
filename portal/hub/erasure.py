"""What the hub forgets of a person whose account is erased (registered in accounts.workflows.account.on_erase)."""

from __future__ import annotations

from accounts.models import User
from portal.hub.models import Favourite
from portal.hub.oidc.models import OpenIdConsent


def forget(user: User) -> None:
    Favourite.objects.filter(user=user).delete()
    OpenIdConsent.objects.filter(user=user).delete()
