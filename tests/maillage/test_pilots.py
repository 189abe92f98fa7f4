"""Who to ask whether one has an account, and what a pilot may look up (M94-018…021)."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import SecurityEvent
from maillage.models import MaiaTerritory
from maillage.seed import seed_territories
from tests.support.sign_in import make_person, sign_in

PAGE = "/maillage/pilotage/comptes/"
SEARCH = PAGE + "chercher/"


@pytest.fixture
def territory(db: None) -> MaiaTerritory:
    return MaiaTerritory.objects.create(
        slug="val-de-marne-essai", name="Val de Marne ESSAI", department="94", postal_codes=["94000"]
    )


@pytest.fixture
def pilot(client: Client, territory: MaiaTerritory) -> Client:
    person = make_person()
    territory.pilots.add(person)
    sign_in(client, person, level=2)
    return client


@pytest.mark.feature("M94-018", "M94-020", "M94-021")
@pytest.mark.django_db
def test_the_help_sends_to_the_pilots_and_copes_with_a_missing_mailbox(client: Client) -> None:
    seed_territories()
    assert seed_territories() == 0
    assert MaiaTerritory.objects.count() == 4
    page = client.get("/aide/connexion/").content.decode()
    assert "contactez le pilote de la MAIA du territoire où vous travaillez" in page
    for name in ("OUEST", "CENTRE", "SUD", "NORD"):
        assert f"MAIA Val de Marne {name}" in page
    assert 'href="mailto:maia94ouest@orange.fr"' in page
    assert "aphp.fr" not in page
    nord = page[page.index("Val de Marne NORD") :]
    assert nord.index('href="/assistance/"') < nord.index("</dd>")
    assert 'href="#oublie"' in page and 'href="#pas-de-compte"' in page
    assert 'href="/mot-de-passe/oublie/"' in page and 'href="/inscription/"' in page


@pytest.mark.feature("M94-019")
def test_a_pilot_reads_the_reference_address_of_an_account_of_the_territory(pilot: Client) -> None:
    make_person(nom="Dunoyer", prenom="Élodie", email="elodie.dunoyer@cabinet.example", code_postal="94000")
    make_person(nom="Dunoyer", prenom="Ailleurs", email="ailleurs@cabinet.example", code_postal="78200")
    assert pilot.get(PAGE).status_code == 200
    page = pilot.post(SEARCH, {"q": "elodie"}).content.decode()
    assert "elodie.dunoyer@cabinet.example" in page
    page = pilot.post(SEARCH, {"q": "dunoyer"}).content.decode()
    assert "elodie.dunoyer@cabinet.example" in page
    assert "ailleurs@cabinet.example" not in page
    page = pilot.post(SEARCH, {"q": "ailleurs@cabinet.example"}).content.decode()
    assert "Aucun compte dans votre territoire" in page
    assert "<td" not in page
    event = SecurityEvent.objects.filter(action="pilot_looked_up").order_by("-id").first()
    assert event is not None and "dunoyer" not in str(event.data).casefold()


@pytest.mark.feature("M94-019")
@pytest.mark.security("ACL-1")
def test_another_territory_a_professional_and_a_visitor_find_nothing(
    client: Client, territory: MaiaTerritory
) -> None:
    make_person(nom="Dunoyer", email="elodie.dunoyer@cabinet.example", code_postal="94000")
    assert client.get(PAGE).status_code == 302
    assert client.post(SEARCH, {"q": "dunoyer"}).status_code == 302
    neighbour = make_person()
    other = MaiaTerritory.objects.create(slug="autre", name="Autre", department="94", postal_codes=["94600"])
    other.pilots.add(neighbour)
    sign_in(client, neighbour, level=2)
    assert "elodie" not in client.post(SEARCH, {"q": "dunoyer"}).content.decode()
    stranger = Client()
    sign_in(stranger, make_person())
    assert stranger.get(PAGE).status_code == 404
    assert stranger.post(SEARCH, {"q": "dunoyer"}).status_code == 404


@pytest.mark.parametrize(
    "typed", ["", "  ", "ab", "a\x00bc", "x" * 121, "%%%", "___", "<script>", "’'; drop"]
)
def test_odd_words_find_nobody_and_break_nothing(pilot: Client, typed: str) -> None:
    make_person(nom="Dunoyer", code_postal="94000", email="elodie.dunoyer@cabinet.example")
    response = pilot.post(SEARCH, {"q": typed})
    assert response.status_code in {200, 422}
    assert "elodie" not in response.content.decode()


@pytest.mark.feature("M94-019")
@pytest.mark.security("MFA-2")
def test_a_pilot_who_came_with_a_mailed_code_is_asked_for_more(territory: MaiaTerritory) -> None:
    person = make_person()
    territory.pilots.add(person)
    weak = Client()
    sign_in(weak, person)
    assert (
        weak.get(PAGE)["Location"] == "/connexion/niveau/?niveau=2&next=%2Fmaillage%2Fpilotage%2Fcomptes%2F"
    )
    assert weak.post(SEARCH, {"q": "dunoyer"})["Location"].startswith("/connexion/niveau/?niveau=2")
    assert not SecurityEvent.objects.filter(action="pilot_looked_up").exists()


@pytest.mark.feature("M94-019")
def test_the_home_page_leads_pilots_and_only_them_to_their_accounts(pilot: Client) -> None:
    assert f'href="{PAGE}"' in pilot.get("/").content.decode()
    other = Client()
    sign_in(other, make_person(), level=3)
    assert PAGE not in other.get("/").content.decode()
