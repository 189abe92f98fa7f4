from __future__ import annotations

import pytest

from portal.common.validators import clean_finess, rpps_key_is_valid
from portal.referentiels.demo import finess_by_rank, load_demo, rpps_of
from portal.referentiels.demo_donnees import PERSONNAGES
from portal.referentiels.models import (
    ActiviteRpps,
    Commune,
    GroupementTerritorial,
    ProfessionnelRpps,
    StructureFiness,
)
from portal.referentiels.selectors import (
    activites_of,
    find_professionnel,
    groupements_of_commune,
    groupements_of_structure,
    suggest_communes,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def region(db: None) -> None:
    load_demo()


def test_loading_the_region_again_changes_nothing() -> None:
    assert [report.changes for report in load_demo()] == [0, 0, 0]


@pytest.mark.feature("ROR-008")
def test_the_region_holds_establishments_and_liberal_professionals_of_three_departements() -> None:
    for departement in ("78", "94", "28"):
        assert StructureFiness.objects.filter(code_departement=departement, code_categorie="355").exists()
        assert StructureFiness.objects.filter(code_departement=departement, code_categorie="500").exists()
        assert ActiviteRpps.objects.filter(code_departement=departement, code_mode="L").count() > 20
    assert StructureFiness.objects.filter(latitude=None).count() == 0
    assert {"70", "50", "10", "60"} <= set(
        ProfessionnelRpps.objects.values_list("code_profession", flat=True)
    )


@pytest.mark.feature("ROR-006")
def test_the_pilot_has_physiotherapists_and_midwives_of_the_yvelines() -> None:
    yvelines = ActiviteRpps.objects.filter(code_departement="78", code_mode="L")
    assert yvelines.filter(code_profession="70").count() >= 3
    assert yvelines.filter(code_profession="50").count() >= 2


@pytest.mark.feature("ROR-196")
def test_the_basin_is_two_cpts_and_the_two_hospitals_of_their_ght() -> None:
    cpts = GroupementTerritorial.objects.filter(slug__in=["cpts-seine-et-forets", "cpts-du-confluent"])
    assert [row.communes.exists() for row in cpts.order_by("slug")] == [True, True]
    assert [row.nom for row in groupements_of_commune("78361")] == ["CPTS Seine et Forêts"]
    assert [row.nom for row in groupements_of_commune("78401", "cpts")] == ["CPTS du Confluent"]
    numbers = finess_by_rank()
    ght = GroupementTerritorial.objects.get(slug="ght-yvelines-nord")
    assert set(ght.structures.values_list("pk", flat=True)) == {numbers[1], numbers[2]}
    assert [row.nom for row in groupements_of_structure(numbers[2], "ght")] == ["GHT Yvelines Nord"]


@pytest.mark.feature("ROR-001", "ROR-199")
def test_a_professional_comes_with_administrative_data_before_any_visit() -> None:
    found = find_professionnel(rpps_of(1))
    assert found is not None
    (place,) = activites_of(found.professionnel)
    assert (place.code_mode, place.code_secteur, place.code_postal) == ("L", "SA07", "78200")
    assert place.commune is not None and place.commune.latitude is not None
    assert place.email.endswith("@exemple.mssante.fr")


def test_numbers_are_invented_and_well_formed() -> None:
    assert all(clean_finess(number) for number in finess_by_rank().values())
    assert all(rpps_key_is_valid(rpps_of(person.rank)) for person in PERSONNAGES)
    assert not ProfessionnelRpps.objects.exclude(identifiant__startswith="997").exists()
    assert not ActiviteRpps.objects.exclude(telephone="").exclude(telephone__startswith="063998").exists()


def test_salaried_people_work_in_a_known_site() -> None:
    sites = set(StructureFiness.objects.values_list("pk", flat=True))
    jobs = ActiviteRpps.objects.filter(code_mode="S")
    assert jobs.exists()
    assert set(jobs.values_list("numero_finess", flat=True)) <= sites


def test_a_postal_code_of_the_guide_lists_its_twelve_communes() -> None:
    assert len(suggest_communes("78200")) == 12
    assert Commune.objects.filter(departement="94").count() > 20
