"""Nothing of a person stays in the hub once the account is erased (DAT-4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.enums import AccountStatus
from accounts.models import User
from accounts.workflows import account
from portal.hub.models import Favourite, Tile
from portal.hub.oidc.models import OpenIdClient, OpenIdConsent
from tests.support.sign_in import make_person


@pytest.mark.django_db
@pytest.mark.security("DAT-4")
def test_favourites_and_agreements_go_with_the_person_and_not_with_another() -> None:
    gone, other = make_person(), make_person()
    client = OpenIdClient.objects.create(
        client_id="partenaire", name="Partenaire", redirect_uris=["https://a.example/"]
    )
    tile = Tile.objects.create(slug="agenda", name="Agenda")
    for person in (gone, other):
        Favourite.objects.create(user=person, tile=tile, rank=0)
        OpenIdConsent.objects.create(user=person, client=client, version=1, scopes=["openid"])
    past = timezone.now() - timedelta(days=800)
    User.objects.filter(pk=gone.pk).update(status=AccountStatus.CLOSED, status_at=past)
    assert account.erase_closed(timezone.now() - timedelta(days=730)) == 1
    assert list(Favourite.objects.values_list("user", flat=True)) == [other.pk]
    assert list(OpenIdConsent.objects.values_list("user", flat=True)) == [other.pk]
