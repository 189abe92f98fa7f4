"""Invented people of the demo: idempotent, usable, refused elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts import demo
from accounts.enums import AccountStatus
from accounts.models import User
from portal.common.validators import clean_mobile_phone, rpps_key_is_valid
from tests.support.outbox import Outbox

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["enrs-idf", "esante-cvl", "entractes"])
def test_people_are_made_once_on_every_platform(
    name: str, plateforme: Callable[[str], Any], outbox: Outbox
) -> None:
    plateforme(name)
    told = demo.load_people()
    assert demo.load_people() == told
    assert User.objects.count() == len(demo.PEOPLE) == len(told)
    states = {person["login"]: person["status"] for person in told}
    assert states["hugo.valdenaire"] == AccountStatus.ACTIVE
    assert states["paul.touvenet"] == AccountStatus.SUSPENDED
    assert states["lea.brissonnet"] in {AccountStatus.PENDING, AccountStatus.AWAITING_DECISION}
    assert {mail.to for mail in outbox.messages} <= {"lea.brissonnet@demo.example"}
    for user in User.objects.exclude(identifiant="lea.brissonnet"):
        assert user.check_password(demo.PASSWORD)
        assert user.email_verified_at


def test_they_are_invented_and_well_formed() -> None:
    for person in demo.load_people():
        assert person["email"].endswith("@demo.example")
        assert re.fullmatch(r"\+3363998\d{4}", clean_mobile_phone(person["phone"]))
        if person["rpps"]:
            assert person["rpps"].startswith("997")
            assert rpps_key_is_valid(person["rpps"])
    professions = dict(User.objects.values_list("identifiant", "profession__label"))
    assert professions["ines.charmeau"] == "Masseur-kinésithérapeute"
    assert professions["odile.marcassol"]
    kine = User.objects.get(identifiant="ines.charmeau")
    assert kine.phone_mobile_verified_at
    assert User.objects.get(identifiant="admin").is_superuser
    assert User.objects.get(identifiant="soline.rivoire").is_staff


def test_what_was_done_to_them_stays(person: User) -> None:
    demo.load_people()
    User.objects.filter(identifiant="hugo.valdenaire").update(nom="Changé", email="neuf@demo.example")
    demo.load_people()
    assert User.objects.get(identifiant="hugo.valdenaire").nom == "Changé"


@pytest.mark.parametrize("module", ["portal.settings.production", "portal.settings.base"])
def test_refused_with_other_settings(module: str, settings: Any) -> None:
    settings.SETTINGS_MODULE = module
    with pytest.raises(ImproperlyConfigured, match="démonstration"):
        demo.load_people()
    assert not User.objects.exists()
