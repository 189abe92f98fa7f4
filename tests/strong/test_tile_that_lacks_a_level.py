"""An application that lacks only a stronger proof is opened in one click: the proof is asked, then it opens."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from portal.hub.models import Tile, TileLink
from tests.strong.steps import text_of
from tests.support.sign_in import sign_in

pytestmark = pytest.mark.django_db
OPEN = "/applications/dossier-regional/ouvrir/"


@pytest.fixture
def tile() -> Tile:
    made = Tile.objects.create(slug="dossier-regional", name="Dossier régional", needed_level=3)
    TileLink.objects.create(tile=made, slug="accueil", label="Accueil", url="https://dossier.sante.example/")
    return made


def article(page: Any) -> str:
    text: str = page.content.decode()
    return text[text.index('data-key="dossier-regional"') :].split("</article>")[0]


@pytest.mark.feature("ROR-109", "VT-029")
def test_its_link_asks_for_the_card_or_e_cps_at_once(
    client: Client, person: User, tile: Tile, outbox: Any
) -> None:
    sign_in(client, person)
    shown = article(client.get("/"))
    assert f'href="{OPEN}?lien=accueil"' in shown
    assert "Preuve plus forte demandée" in shown
    assert "carte CPS ou e-CPS" in shown
    assert "Comment l’ouvrir" not in shown
    asked = client.get(f"{OPEN}?lien=accueil")
    assert asked.status_code == 302
    assert asked.headers["Location"].startswith("/connexion/niveau/?")
    page = client.get(asked.headers["Location"])
    assert "Cette page demande votre carte CPS ou votre e-CPS" in text_of(page)
    assert f"{OPEN}?lien=accueil".replace("?", "%3F").replace("=", "%3D") in page.content.decode()


def test_what_a_click_cannot_give_is_still_explained(client: Client, person: User, tile: Tile) -> None:
    Tile.objects.filter(pk=tile.pk).update(professions=["medecin"], is_shown_to_others=True)
    sign_in(client, person)
    shown = article(client.get("/"))
    assert "Comment l’ouvrir" in shown
    assert OPEN not in shown


def test_a_tile_without_link_keeps_one_click(client: Client, person: User, tile: Tile) -> None:
    tile.links.all().delete()
    sign_in(client, person)
    shown = article(client.get("/"))
    assert f'href="{OPEN}"' in shown
    assert "Me connecter avec ma carte ou l’e-CPS" in shown
