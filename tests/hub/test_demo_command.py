"""`charger_demo`: complete, repeatable, refused where real people are."""

from __future__ import annotations

import json
import stat

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from portal.hub.management.commands import charger_demo
from portal.hub.models import Favourite, SupportTicket, Tile
from portal.messaging.models import OutgoingMessage

pytestmark = pytest.mark.django_db


@pytest.fixture
def without_national_files(monkeypatch):
    """The demo's region has tests of its own (tests/referentiels)."""
    calls = []
    monkeypatch.setattr(charger_demo, "load_demo", lambda: calls.append("referentiels"))
    return calls


@pytest.fixture
def demo_settings(monkeypatch):
    monkeypatch.setattr(charger_demo, "_module", lambda: "portal.settings.demo")


def test_it_loads_people_content_and_reference_data_and_writes_the_people_list(
    without_national_files, demo_settings, tmp_path
):
    path = tmp_path / "sous-dossier" / "people.json"
    call_command("charger_demo", "--json", str(path))
    told = json.loads(path.read_text(encoding="utf-8"))
    people, clients = told["people"], told["openid_clients"]
    assert [client["client_id"] for client in clients] == ["partenaire-demo"]
    assert without_national_files == ["referentiels"]
    assert Tile.objects.count() == 23 and SupportTicket.objects.count() == 2 and Favourite.objects.exists()
    assert not OutgoingMessage.objects.filter(purpose__startswith="ticket").exists(), (
        "the mailboxes start empty"
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    held = {person["login"] for person in people if person.get("totp_secret")}
    assert "yanis.delorieux" in held, "a pilot's pages ask for an authenticator app"
    agents = [person for person in people if person["login"] in held - {"yanis.delorieux"}]
    assert agents and all(User.objects.get(identifiant=agent["login"]).is_staff for agent in agents)
    assert {"login", "password", "role"} <= set(people[0])


def test_running_it_again_changes_nothing(without_national_files, demo_settings, tmp_path):
    path = tmp_path / "people.json"
    call_command("charger_demo", "--json", str(path))
    first, counts = path.read_text(), _counts()
    call_command("charger_demo", "--json", str(path))
    assert path.read_text() == first and _counts() == counts


def _counts():
    return (
        User.objects.count(),
        SupportTicket.objects.count(),
        Favourite.objects.count(),
        Tile.objects.count(),
    )


@pytest.mark.security("DAT-6")
@pytest.mark.parametrize("module", ["portal.settings.production", "mysite.settings", ""])
def test_it_is_refused_with_other_settings_and_writes_nothing(monkeypatch, module):
    monkeypatch.setattr(charger_demo, "_module", lambda: module)
    with pytest.raises(CommandError, match="refusé"):
        call_command("charger_demo")
    assert not User.objects.exists() and not Tile.objects.exists()
