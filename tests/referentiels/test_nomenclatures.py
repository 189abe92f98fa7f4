# ruff: noqa: E501  tables of cases

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from portal.referentiels.importers.report import ConfirmationNeeded, FileRefused
from portal.referentiels.models import ConsigneProfession, FiltreProfession, Nomenclature, NomenclatureConcept
from portal.referentiels.seed import seed_all
from portal.referentiels.selectors import (
    choices_for,
    concepts_of,
    consigne_for,
    find_concept,
    labels_of,
    suggest_concepts,
)

Import = Any
pytestmark = pytest.mark.django_db


def concept(code: str, label: str, **properties: str) -> dict[str, Any]:
    found = [{"code": name, "valueDateTime": value} for name, value in properties.items() if name != "status"]
    found += [{"code": "status", "valueCode": properties["status"]}] if "status" in properties else []
    return {"code": code, "display": label, "property": found}


def code_system(
    *concepts: dict[str, Any], version: str = "20260101120000", name: str = "TRE_R999_Essai"
) -> dict[str, Any]:
    return {
        "resourceType": "CodeSystem", "name": name, "version": version, "status": "active",
        "url": "https://mos.esante.gouv.fr/NOS/TRE_R999-Essai.tabs/FHIR/TRE-R999-Essai",
        "identifier": [{"value": "urn:oid:1.2.250.1.213.9.9"}], "description": "Liste d’essai", "concept": list(concepts),
    }  # fmt: skip


def write(path: Path, resource: Any) -> Path:
    path.write_text(json.dumps(resource, ensure_ascii=False), encoding="utf-8")
    return path


BASE = [concept("01", "Premier"), concept("02", "Deuxième"), concept("0973", "Avec zéro")]


def test_a_terminology_keeps_codes_as_published(importer: Import, tmp_path: Path) -> None:
    path = write(tmp_path / "TRE_R999-Essai.json", code_system(*BASE))
    assert importer("nos", path).counts["Créés (codes)"] == 3
    liste = Nomenclature.objects.get(pk="R999")
    assert (liste.oid, liste.type) == ("1.2.250.1.213.9.9", "tre")
    assert ".tabs" not in liste.url
    assert [row.code for row in concepts_of("R999")] == ["01", "02", "0973"]
    assert importer("nos", path).changes == 0


def test_a_label_changes_and_the_code_stays(importer: Import, tmp_path: Path) -> None:
    importer("nos", write(tmp_path / "a.json", code_system(*BASE)))
    new = [concept("01", "Premier, renommé"), *BASE[1:]]
    report = importer("nos", write(tmp_path / "b.json", code_system(*new, version="20260601120000")))
    assert report.counts["Modifiés (codes)"] == 1
    assert labels_of("R999", ["01", "xx"]) == {"01": "Premier, renommé"}


@pytest.mark.parametrize(
    "end",
    [{"dateFin": "2020-01-01T00:00:00+01:00"}, {"deprecationDate": "2020-01-01"}, {"status": "deprecated"}],
)
def test_a_closed_code_still_displays_and_is_no_longer_offered(
    importer: Import, tmp_path: Path, end: dict[str, str]
) -> None:
    importer("nos", write(tmp_path / "a.json", code_system(BASE[0], concept("02", "Deuxième", **end))))
    assert [row.code for row in concepts_of("R999")] == ["01"]
    assert [row.code for row in concepts_of("R999", closed=True)] == ["01", "02"]
    kept = find_concept("R999", "02")
    assert kept is not None and kept.libelle == "Deuxième"


def test_a_code_that_vanishes_is_closed_after_confirmation(importer: Import, tmp_path: Path) -> None:
    importer("nos", write(tmp_path / "a.json", code_system(*BASE)))
    shorter = write(tmp_path / "b.json", code_system(*BASE[:2], version="20260601120000"))
    with pytest.raises(ConfirmationNeeded, match="1 codes de R999 sur 3"):
        importer("nos", shorter)
    assert importer("nos", shorter, confirmed=True).counts["Fermés (codes)"] == 1
    assert NomenclatureConcept.objects.filter(nomenclature="R999", ferme=True).count() == 1


def test_an_older_version_is_refused_unless_forced(importer: Import, tmp_path: Path) -> None:
    importer("nos", write(tmp_path / "a.json", code_system(*BASE, version="20260601120000")))
    old = write(tmp_path / "b.json", code_system(*BASE, version="20230101120000"))
    with pytest.raises(FileRefused, match="plus ancienne"):
        importer("nos", old)
    importer("nos", old, forced=True)


def test_a_value_set_names_the_terminology_of_each_code(importer: Import, tmp_path: Path) -> None:
    resource = {
        "resourceType": "ValueSet", "name": "JDV_J999_Essai", "version": "20260101120000", "status": "active", "url": "x",
        "compose": {"include": [
            {"system": "https://mos.esante.gouv.fr/NOS/TRE_R999-Essai/FHIR/TRE-R999-Essai", "concept": [{"code": "01", "display": "Premier"}]},
            {"system": "https://mos.esante.gouv.fr/NOS/TRE_R998-Autre/FHIR/TRE-R998-Autre", "concept": [{"code": "01", "display": "Autre"}]},
        ]},
    }  # fmt: skip
    importer("nos", write(tmp_path / "JDV_J999.json", resource))
    assert [(row.liste, row.libelle) for row in concepts_of("J999")] == [
        ("R999", "Premier"),
        ("R998", "Autre"),
    ]


def test_a_folder_is_read_whole_and_concept_maps_are_left(importer: Import, tmp_path: Path) -> None:
    folder = tmp_path / "nos"
    folder.mkdir()
    write(folder / "a.json", code_system(*BASE))
    write(folder / "b.json", {"resourceType": "ConceptMap"})
    report = importer("nos", folder)
    assert report.counts["Listes lues"] == 1
    assert "table de correspondance" in report.warnings[0]


def test_bad_codes_are_refused_alone(importer: Import, tmp_path: Path) -> None:
    fine = [concept(f"{rank:02d}", f"Libellé {rank}") for rank in range(30)]
    bad = [concept("", "Sans code"), concept("01", "Deux fois"), concept("99", ""), concept("98", "A\u202eB")]
    report = importer("nos", write(tmp_path / "a.json", code_system(*fine, *bad)))
    assert [row[1] for row in report.first_rejects] == ["code", "code", "display", "display"]
    assert len(concepts_of("R999")) == 30


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"resourceType": "CodeSystem"', "coupé"),
        ('{"resourceType": "Patient"}', "n’est pas une terminologie"),
        ("[]", "n’est pas une terminologie"),
        (json.dumps(code_system()), "aucun code"),
        (json.dumps({**code_system(*BASE, name="SansNumero"), "url": "x"}), "numéro de liste"),
        ("", "vide"),
    ],
)
def test_a_broken_list_is_refused(importer: Import, tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "liste.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileRefused, match=sentence):
        importer("nos", path)


# --- what professions choose from -----------------------------------------------------------------
@pytest.mark.feature("ROR-006")
@pytest.mark.parametrize(("profession", "activity"), [("70", "339"), ("50", "530")])
def test_the_two_professions_of_the_pilot_have_their_own_choices(profession: str, activity: str) -> None:
    offered = [choice.code for choice in choices_for(profession, "activite")]
    assert activity in offered
    everything = {choice.code for choice in concepts_of("activite")}
    assert set(offered) < everything
    assert choices_for(profession, "acte_en_cabinet") != choices_for(profession, "acte_hors_cabinet")


@pytest.mark.feature("ROR-193")
def test_instructions_and_lists_of_a_profession_are_data_an_administrator_edits() -> None:
    own, common = consigne_for("70", "activite"), consigne_for("60", "activite")
    assert own is not None and common is not None
    assert own.code_profession == "70" and common.code_profession == ""
    ConsigneProfession.objects.filter(pk=own.pk).update(texte="Consigne révisée.")
    FiltreProfession.objects.filter(code_profession="70", champ="activite").exclude(
        concept__code="339"
    ).update(actif=False)
    seed_all(apps)
    edited = consigne_for("70", "activite")
    assert edited is not None and edited.texte == "Consigne révisée."
    assert [choice.code for choice in choices_for("70", "activite")] == ["339"]


def test_a_profession_without_a_table_may_choose_every_open_code() -> None:
    assert choices_for("94", "activite") == concepts_of("activite")
    assert consigne_for("94", "inconnu") is None


def test_the_regional_label_replaces_the_national_one() -> None:
    FiltreProfession.objects.filter(code_profession="70", concept__code="339").update(
        libelle_local="Consultation kinésithérapie"
    )
    assert choices_for("70", "activite")[0].libelle == "Consultation kinésithérapie"


@pytest.mark.parametrize(
    ("typed", "code"),
    [("respi", "419"), ("KINE orient neuro", "417"), ("419", "419"), ("pelvi perineo", "421")],
)
def test_choices_are_suggested_by_word_starts_or_code(typed: str, code: str) -> None:
    assert code in [choice.code for choice in suggest_concepts("activite", typed, code_profession="70")]


@pytest.mark.parametrize("typed", ["zzz", "\0", "%", "😀"])
def test_nothing_is_suggested_for_nonsense(typed: str) -> None:
    assert suggest_concepts("activite", typed + "qq", code_profession="70") == []
