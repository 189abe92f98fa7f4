"""The `structures` claim tells who says each place: the RPPS, a card or the e-CPS, or the person alone (OP-7)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import workplaces
from accounts.models import StrongMeans, User
from accounts.strong import linking
from accounts.strong.identity import StrongIdentity, Structure
from accounts.workplaces import Workplace
from portal.hub.oidc import structures
from portal.referentiels.models import ActiviteRpps, ProfessionnelRpps
from tests.support.sign_in import sign_in

pytestmark = pytest.mark.django_db
NATIONAL_ID = "899700000013"


def identity(means: Any = "card", *places: Structure) -> StrongIdentity:
    return StrongIdentity(
        means=means, issuer="AC", subject=NATIONAL_ID, national_id=NATIONAL_ID, nom="Martel", prenom="Ariane",
        structures=places,
    )  # fmt: skip


def practise(finess: str = "940000011", name: str = "CABINET DES LILAS", **fields: Any) -> ActiviteRpps:
    person, _ = ProfessionnelRpps.objects.get_or_create(
        identification_nationale=NATIONAL_ID,
        defaults={
            "type_identifiant": "8", "identifiant": NATIONAL_ID[1:], "nom": "MARTEL", "prenom": "ARIANE",
            "nom_plie": "martel", "prenom_plie": "ariane", "code_profession": "10",
        },
    )  # fmt: skip
    return ActiviteRpps.objects.create(
        professionnel=person,
        cle=ActiviteRpps.objects.count() + 1,
        code_profession="10",
        nom_plie="martel",
        raison_sociale=name,
        numero_finess=finess,
        numero_finess_juridique="940000003",
        code_postal="94000",
        **fields,
    )


def claim(partner: Any, person: User) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = partner.userinfo(tokens(partner, person)["access_token"]).json()[
        "structures"
    ]
    return found


def tokens(partner: Any, person: User, **changes: Any) -> dict[str, Any]:
    """Of a browser that signs in now: linking a card or the e-CPS ended the sessions open before it."""
    visitor = Client()
    sign_in(visitor, person)
    granted: dict[str, Any] = partner.tokens(visitor, **changes)
    return granted


def declare(person: Any, **fields: str) -> None:
    User.objects.filter(pk=person.pk).update(**fields)


@pytest.mark.security("OP-7")
def test_what_the_person_typed_is_never_verified(partner: Any, person: Any) -> None:
    practise()  # of a number this account has not proven
    declare(
        person, structure="Cabinet des Lilas", matricule="940000011", code_postal="94000", rpps="99700000013"
    )
    assert claim(partner, person) == [
        {
            "name": "Cabinet des Lilas", "number": "940000011", "postal_code": "94000",
            "verified": False, "source": "déclaration",
        }
    ]  # fmt: skip


@pytest.mark.security("OP-7")
def test_places_of_the_rpps_are_verified_for_a_proven_number(partner: Any, person: Any) -> None:
    linking.link(None, person, identity())
    practise()
    practise("940000029", "MAISON DE SANTÉ", ferme_le=timezone.now())
    declare(person, structure="Les Lilas", matricule="940000011", code_postal="94000")
    assert claim(partner, person) == [
        {
            "name": "CABINET DES LILAS", "finess": "940000011", "legal_finess": "940000003",
            "postal_code": "94000", "verified": True, "source": "RPPS",
        }
    ]  # fmt: skip


@pytest.mark.security("OP-7")
def test_a_card_or_the_e_cps_attests_until_it_is_taken_away(partner: Any, person: Any) -> None:
    clinic = Structure(raison_sociale="CLINIQUE DU PARC", finess="940000037")
    linking.link(None, person, identity("card", clinic))
    linking.link(
        None, person, identity("ecps", clinic, Structure(raison_sociale="EHPAD", siret="12345678900012"))
    )
    declare(person, structure="Ailleurs", matricule="", code_postal="75001")
    shown = claim(partner, person)
    assert [(one["name"], one["verified"]) for one in shown] == [
        ("CLINIQUE DU PARC", True), ("EHPAD", True), ("Ailleurs", False),
    ]  # fmt: skip
    assert {one["source"] for one in shown[:2]} <= {"carte CPS", "Pro Santé Connect"}
    StrongMeans.objects.update(unlinked_at=timezone.now())
    assert [one["name"] for one in claim(partner, person)] == ["Ailleurs"]


@pytest.mark.feature("CVL-018")
def test_every_declared_place_is_told_but_those_that_are_proven(partner: Any, person: Any) -> None:
    linking.link(None, person, identity())
    practise()
    declare(person, structure="Ailleurs", matricule="", code_postal="75001")
    places = [
        Workplace(structure="Cabinet", structure_finess="940000011"),
        Workplace(structure="Clinique", structure_finess="940000045", code_postal="94000"),
    ]
    workplaces.keep_others(person, places)
    assert [(one["name"], one.get("number", ""), one["verified"]) for one in claim(partner, person)] == [
        ("CABINET DES LILAS", "", True), ("Ailleurs", "", False), ("Clinique", "940000045", False),
    ]  # fmt: skip


def test_what_a_card_tells_follows_its_last_use(person: Any) -> None:
    linking.link(None, person, identity("card", Structure(raison_sociale="A", finess="940000011")))
    linking.link(None, person, identity("card", Structure(raison_sociale="B", telephone="secret")))
    assert StrongMeans.objects.get().structures == [{"name": "B"}]


def test_userinfo_stays_one_query(partner: Any, person: Any) -> None:
    linking.link(None, person, identity())
    practise()
    access = tokens(partner, person)["access_token"]
    with CaptureQueriesContext(connection) as asked:
        assert partner.userinfo(access).json()["structures"][0]["verified"] is True
    assert len([query for query in asked if "hub_openidtoken" in query["sql"]]) <= 1


def test_without_the_scope_no_place_is_told(partner: Any, person: Any) -> None:
    linking.link(None, person, identity())
    practise()
    granted = tokens(partner, person, scope="openid profile")
    assert "structures" not in partner.userinfo(granted["access_token"]).json()


@pytest.mark.parametrize(
    ("declared", "is_told"),
    [
        ({"name": "Cabinet", "number": "940000011", "postal_code": ""}, False),
        ({"name": "Cabinet", "number": "940000045", "postal_code": "94000"}, True),
        ({"name": "CABINET", "number": "", "postal_code": "94000"}, False),
        ({"name": "Cabinet", "number": "", "postal_code": "75001"}, True),
        ({"name": "", "number": "", "postal_code": ""}, False),
    ],
)
def test_a_declared_place_gives_way_to_the_same_proven_one(declared: dict[str, str], is_told: bool) -> None:
    proven = {"name": "Cabinet", "finess": "940000011", "postal_code": "94000"}
    told = structures.told([declared], [proven], [])
    assert told[0]["verified"] is True
    assert any(not one["verified"] for one in told) is is_told
