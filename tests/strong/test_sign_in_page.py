"""Both strong doors on the sign-in page, and where they are closed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.strong.steps import text_of

pytestmark = pytest.mark.django_db


@pytest.mark.feature("ROR-017", "ROR-025", "VT-029")
def test_the_card_tab_and_the_card_sign_up_lead_to_the_card(client: Client) -> None:
    page = text_of(client.get("/connexion/?onglet=carte&next=/preferences/"))
    assert page.count('href="/connexion/carte/?next=/preferences/"') == 2
    assert "S'identifier par carte CPS" in page
    assert "Inscription CPS" in page
    assert "Je crée mon compte" in page


@pytest.mark.feature("ROR-018", "ROR-067", "VT-029", "VT-034")
def test_the_e_cps_block_posts_to_pro_sante_connect_and_keeps_where_one_goes(client: Client) -> None:
    page = client.get("/connexion/?next=/preferences/").content.decode()
    form = page[page.index('action="/connexion/ecps/"') :]
    assert form.index('name="next" value="/preferences/"') < form.index("PRO SANTÉ CONNECT")


@pytest.mark.feature("VT-029")
def test_another_region_shows_its_own_tabs(client: Client, plateforme: Any) -> None:
    plateforme("esante-cvl")
    assert 'action="/connexion/ecps/"' in client.get("/connexion/?onglet=ecps").content.decode()
    assert 'href="/connexion/carte/"' in client.get("/connexion/?onglet=carte").content.decode()


def test_a_closed_door_is_said_and_not_shown(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.cps.anchors.is_open", lambda: False)
    monkeypatch.setattr("accounts.psc.door.is_open", lambda: False)
    page = client.get("/connexion/?onglet=carte").content.decode()
    assert "/connexion/carte/" not in page
    assert 'action="/connexion/ecps/"' not in page
    assert "n’est pas encore ouverte" in page


@pytest.mark.feature("VT-001")
def test_the_help_to_choose_is_one_click_away(client: Client) -> None:
    assert 'href="/aide/authentification-forte/"' in client.get("/connexion/").content.decode()
