"""The real lists and the samples, when they are given: `bin/test --donnees DOSSIER`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from portal.referentiels.models import (
    ActiviteRpps,
    Commune,
    NomenclatureConcept,
    ProfessionnelRpps,
    StructureFiness,
)
from portal.referentiels.selectors import concepts_of, suggest_communes

Import = Any
DONNEES = Path(os.environ["PORTAIL_DONNEES"])


@pytest.fixture
def france(importer: Import) -> None:
    importer("communes", DONNEES / "geo/communes-france.csv")


@pytest.mark.usefixtures("france")
def test_every_commune_of_france_is_read(importer: Import) -> None:
    assert Commune.objects.count() == 35_014
    assert Commune.objects.filter(type="ARM").count() == 45
    assert Commune.objects.filter(latitude=None).count() == 98
    assert Commune.objects.filter(codes_postaux=None).count() == 5
    assert len(suggest_communes("51300")) == 46
    assert len(suggest_communes("78200")) == 12
    assert importer("communes", DONNEES / "geo/communes-france.csv").changes == 0
    assert [row.nom for row in suggest_communes("celle saint cloud")] == ["La Celle-Saint-Cloud"]
    report = importer("laposte", DONNEES / "samples/laposte-hexasmal-construit.csv")
    assert report.counts["Lignes lues"] == 75


def test_every_nomenclature_is_read(importer: Import) -> None:
    report = importer("nos", DONNEES / "nos")
    assert report.counts["Listes lues"] == len(list((DONNEES / "nos").rglob("*.json"))) - 1
    counts = {"G15": 30, "R38": 84, "R02": 63, "R23": 3}
    for liste, number in counts.items():
        published = NomenclatureConcept.objects.filter(nomenclature=liste).exclude(
            valide_le=None, modifie_le=None
        )
        assert published.count() == number, liste
    assert len(concepts_of("J229")) == 29
    assert importer("nos", DONNEES / "nos").changes == 0


@pytest.mark.usefixtures("france")
def test_the_samples_of_people_are_read_with_their_traps(importer: Import) -> None:
    report = importer("rpps", DONNEES / "samples/PS_LibreAcces_Personne_activite_construit.txt")
    assert (report.counts["Lignes lues"], report.rejected) == (11, 0)
    assert (ProfessionnelRpps.objects.count(), ActiviteRpps.objects.count()) == (9, 9)
    cedex = ActiviteRpps.objects.get(acheminement="78201 MANTES LA JOLIE CEDEX")
    assert cedex.commune_id == "78361"
    assert ActiviteRpps.objects.get(code_departement="974").commune_id == "97411"
    know_how = importer("rpps_savoir_faire", DONNEES / "samples/PS_LibreAcces_SavoirFaire_construit.txt")
    assert know_how.counts["Créés (savoir-faire)"] == 2
    diplomas = importer("rpps_diplomes", DONNEES / "samples/PS_LibreAcces_Dipl_AutExerc_construit.txt")
    assert diplomas.counts["Créés (diplômes et autorisations)"] == 1


@pytest.mark.usefixtures("france")
def test_the_samples_of_structures_are_read(importer: Import) -> None:
    importer("finess", DONNEES / "samples/finess-etalab-cs1100502-extrait-2026-05-12.csv")
    assert StructureFiness.objects.count() == 14
    assert StructureFiness.objects.get(pk="970102018").commune_id == "97701"
    assert StructureFiness.objects.get(pk="980600027").code_departement == "986"
    importer("finess", DONNEES / "samples/finess-etalab-cs1100507-construit.csv", confirmed=True)
    cayenne = StructureFiness.objects.get(pk="970302287")
    assert (cayenne.fiabilite, cayenne.code_departement) == ("finess", "973")
    assert cayenne.latitude == pytest.approx(4.931, abs=0.01)
    importer("finess_plus", DONNEES / "samples/finess-plus-structures-construit.json", confirmed=True)
    moved = StructureFiness.objects.get(pk="010009496")
    assert (moved.latitude, moved.longitude) == (
        pytest.approx(46.0492, abs=1e-3),
        pytest.approx(5.3342, abs=1e-3),
    )
