"""Sheet and opening of an application: what is missing is said, the level is enforced."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from portal.hub.models import Tile, TileLink
from portal.hub.perms import Missing, Person, reasons_closed
from tests.hub.people import give_role, profession, sign_in

pytestmark = pytest.mark.django_db


def test_an_open_application_leads_to_its_registered_address(content, person):
    answer = sign_in(person).get("/applications/ror-if/ouvrir/")
    assert answer.status_code == 302 and answer["Location"] == "https://ror-if.sante.example/"


def test_each_named_link_opens_its_own_address_and_an_unknown_one_is_not_found(content, person):
    client = sign_in(person, level=2)
    answer = client.get("/applications/viatrajectoire/ouvrir/?lien=suivre-mes-demandes")
    assert answer["Location"] == "https://viatrajectoire.sante.example/demandes"
    assert client.get("/applications/viatrajectoire/ouvrir/?lien=ailleurs").status_code == 404


@pytest.mark.security("MFA-3")
def test_a_session_too_weak_is_asked_for_more_and_comes_back(content, person):
    client = sign_in(person, level=1)
    answer = client.get("/applications/viatrajectoire/ouvrir/?lien=accueil")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/connexion/niveau/?niveau=2&next=")
    assert "viatrajectoire%2Fouvrir%2F%3Flien%3Daccueil" in answer["Location"]


def test_a_closed_application_says_each_thing_that_is_missing(content, person):
    Tile.objects.filter(slug="terr-esante").update(needed_level=2)
    page = sign_in(person).get("/applications/terr-esante/").content.decode()
    assert "Votre identité professionnelle n’est pas encore validée." in page
    assert "Cette application demande une preuve plus forte que le code" in page
    assert "Demander la validation" in page and "Confirmer mon identité" in page
    answer = sign_in(person).get("/applications/terr-esante/ouvrir/")
    assert answer.status_code == 403 and "fermée" in answer.content.decode()


def test_the_tile_on_the_home_page_says_the_hardest_missing_thing(content, person):
    Tile.objects.filter(slug="terr-esante").update(needed_level=2)
    page = sign_in(person).get("/").content.decode()
    drawn = page[page.index('data-key="terr-esante"') :].split("</article>")[0]
    assert "Votre identité professionnelle n’est pas encore validée." in drawn
    assert "tile-links" not in drawn


@pytest.mark.security("MFA-3")
def test_the_card_that_an_application_asks_for_is_the_only_thing_to_bring(content, person):
    """It proves the identity too: nobody is sent to ask for a validation that the card gives."""
    client = sign_in(person)
    page = client.get("/applications/terr-esante/").content.decode()
    assert "Cette application demande une connexion par carte CPS ou e-CPS." in page
    assert "pas encore validée" not in page
    answer = client.get("/applications/terr-esante/ouvrir/")
    assert answer["Location"].startswith("/connexion/niveau/?niveau=3&next=")


def test_a_validated_role_or_a_card_opens_what_asks_for_a_validated_identity(content, person):
    address = "/applications/telesuivi-drepanocytose/ouvrir/"
    assert sign_in(person).get(address).status_code == 403
    assert sign_in(person, level=3).get(address).status_code == 302
    give_role(person, "professionnel-valide")
    assert sign_in(person).get(address).status_code == 302


def test_a_profession_out_of_the_audience_is_told_so(content, person):
    client = sign_in(person, level=2)
    assert "la vôtre n’est pas renseignée" in client.get("/applications/ortif/").content.decode()
    person.profession = profession("coordinateur-de-parcours", "role")
    person.save()
    page = client.get("/applications/ortif/").content.decode()
    assert "réservée à d’autres professions" in page
    assert "ORTIF est ouvert aux professionnels inscrits à un ordre" in page
    person.profession = profession("infirmier", "order")
    person.save()
    assert client.get("/applications/ortif/ouvrir/").status_code == 302


@pytest.mark.parametrize(
    ("tile", "person", "expected"),
    [
        (Tile(), Person(1), []),
        (Tile(needed_level=2), Person(1), [Missing.LEVEL]),
        (Tile(needed_level=2), Person(3), []),
        (Tile(needs_validation=True), Person(2), [Missing.VALIDATION]),
        (Tile(needs_validation=True), Person(3), []),
        (Tile(professions=["medecin"]), Person(1, "infirmier", "order"), [Missing.AUDIENCE]),
        (Tile(professions=["medecin"]), Person(1, "medecin", "order"), []),
        (Tile(categories=["ars"]), Person(1, "infirmier", "order"), [Missing.AUDIENCE]),
        (Tile(categories=["ars", "order"], professions=["infirmier"]), Person(1, "infirmier", "order"), []),
        (Tile(roles=["pilote-maia"]), Person(3), [Missing.AUDIENCE]),
        (Tile(roles=["pilote-maia", "referent-ror"]), Person(1, roles=frozenset({"referent-ror"})), []),
        (
            Tile(roles=["pilote-maia"], needs_validation=True, needed_level=2),
            Person(1),
            [Missing.AUDIENCE, Missing.VALIDATION, Missing.LEVEL],
        ),
        (Tile(needs_validation=True, needed_level=3), Person(1), [Missing.LEVEL]),
    ],
)
def test_rules_of_entry(tile, person, expected):
    assert [reason.missing for reason in reasons_closed(tile, person)] == expected


@pytest.mark.security("ACL-1")
def test_an_application_one_may_not_see_does_not_exist(content, person):
    Tile.objects.create(slug="cachee", name="Cachée", roles=["pilote-maia"])
    client = sign_in(person, level=3)
    for address in ("/applications/cachee/", "/applications/cachee/ouvrir/", "/applications/inconnue/"):
        assert client.get(address).status_code == 404


def test_an_application_without_address_explains_itself(content, person):
    TileLink.objects.filter(tile__slug="adhoc").update(url="")
    page = sign_in(person).get("/applications/adhoc/ouvrir/")
    assert page.status_code == 200 and "bientôt" in page.content.decode()


@pytest.mark.parametrize("address", ["/applications/adhoc/", "/applications/adhoc/ouvrir/"])
def test_a_visitor_is_sent_to_sign_in_and_back(content, address):
    answer = Client().get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/connexion/") and "adhoc" in answer["Location"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://rdv.mk@demo.example/", "ftp://x.example", "//x.example"]
)
def test_a_dangerous_link_address_is_refused(content, url):
    link = TileLink(tile=Tile.objects.get(slug="adhoc"), slug="piege", label="Piège", url=url)
    with pytest.raises(ValidationError) as refusal:
        link.full_clean()
    assert "url" in refusal.value.message_dict
