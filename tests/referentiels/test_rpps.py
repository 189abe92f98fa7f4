from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from portal.referentiels.importers.report import ConfirmationNeeded, FileRefused
from portal.referentiels.importers.rpps.colonnes import ACTIVITE
from portal.referentiels.models import (
    ActiviteRpps,
    AncienIdentifiant,
    ImportRun,
    LexiqueMot,
    ProfessionnelRpps,
)
from portal.referentiels.selectors import activites_of, find_professionnel, specialites_of
from tests.referentiels.fichiers import (
    MEDECIN,
    MK,
    SAGE_FEMME,
    SANS_LIEU,
    write_diplomas,
    write_know_how,
    write_rpps,
)

Import = Any
pytestmark = pytest.mark.usefixtures("communes")


def person(rank: int) -> dict[str, str]:
    number = f"9971{rank:07d}"
    return {
        **MK,
        "identifiant": number,
        "idn": "8" + number,
        "nom": f"NOM{rank}",
        "id_structure": f"C{number}001",
    }


@pytest.fixture
def crowd(importer: Import, tmp_path: Path) -> list[dict[str, str]]:
    people = [person(rank) for rank in range(40)]
    importer("rpps", write_rpps(tmp_path / "foule.txt", people))
    return people


def test_people_and_places_are_read_from_the_published_columns(importer: Import, tmp_path: Path) -> None:
    report = importer("rpps", write_rpps(tmp_path / "a.txt", [MK, SAGE_FEMME, MEDECIN, SANS_LIEU]))
    assert report.counts["Créés (professionnels)"] == 4
    assert report.counts["Créés (activités)"] == 3
    kine = ProfessionnelRpps.objects.get(pk="899700000013")
    assert (kine.nom, kine.prenom, kine.numero_rpps, kine.code_profession) == (
        "EXEMPLE",
        "Paul",
        "99700000013",
        "70",
    )
    (place,) = activites_of(kine)
    assert (place.voie, place.code_postal, place.telephone) == ("12 Rue DES EXEMPLES", "78200", "0639980011")
    assert place.commune is not None and place.commune.nom == "Mantes-la-Jolie"


def test_the_traps_of_the_file_are_known(importer: Import, tmp_path: Path) -> None:
    cedex = {**MK, "cedex": "78201 MANTES LA JOLIE CEDEX", "cp": "", "commune": "", "dep": ""}
    abroad = {**person(1), "cedex": "1000 BRUXELLES", "cp": "1000", "commune": "", "pays": "99131", "dep": ""}
    # A town abroad whose delivery line reads like one of ours.
    twin = {**person(2), "cedex": "28000 CHARTRES", "cp": "28000", "commune": "", "pays": "99134", "dep": ""}
    importer("rpps", write_rpps(tmp_path / "a.txt", [cedex, SAGE_FEMME, MEDECIN, abroad, twin]))
    places = {row.professionnel_id: row for row in ActiviteRpps.objects.order_by("pk")}
    assert places["8" + twin["identifiant"]].commune_id is None
    mantes = places["899700000013"]
    assert (mantes.commune_id, mantes.code_postal, mantes.code_departement) == ("78361", "78201", "78")
    essai = places["899700000021"]
    assert (essai.voie, essai.telephone) == ("86 RUE DU TEST", "0639980037")
    assert (places["899700000039"].voie, places["899700000039"].telephone) == ("BAT C Rue DES EXEMPLES", "")
    assert (
        places["8" + abroad["identifiant"]].commune_id,
        places["8" + abroad["identifiant"]].code_departement,
    ) == (None, "")
    folded = ProfessionnelRpps.objects.get(pk="899700000021")
    assert (folded.nom_plie, folded.prenom_plie) == ("d essai test", "jeanne")


def test_two_rows_of_one_place_gather_their_know_how(importer: Import, tmp_path: Path) -> None:
    second = {**MEDECIN, "type_sf": "C", "code_sf": "C05"}
    importer("rpps", write_rpps(tmp_path / "a.txt", [MEDECIN, second]))
    (place,) = ActiviteRpps.objects.order_by("pk")
    assert place.savoir_faire == ["C:C05", "S:SM54"]
    assert ProfessionnelRpps.objects.get().savoir_faire == ["C:C05", "S:SM54"]


def test_a_place_of_several_know_hows_is_found_by_its_delivery_line_too(
    importer: Import, tmp_path: Path
) -> None:
    doctor = {**MEDECIN, "cedex": "78201 MANTES LA JOLIE CEDEX", "cp": "", "commune": "", "dep": ""}
    importer("rpps", write_rpps(tmp_path / "a.txt", [doctor, {**doctor, "type_sf": "C", "code_sf": "C05"}]))
    place = ActiviteRpps.objects.get()
    assert (place.commune_id, place.savoir_faire) == ("78361", ["C:C05", "S:SM54"])


def test_know_how_said_on_a_later_row_of_the_place_counts(importer: Import, tmp_path: Path) -> None:
    plain = {**MEDECIN, "type_sf": "", "code_sf": ""}
    elsewhere = {**plain, "id_structure": "R10100000999904"}
    importer("rpps", write_rpps(tmp_path / "a.txt", [plain, elsewhere, MEDECIN, SANS_LIEU]))
    places = {row.identifiant_structure: row.savoir_faire for row in ActiviteRpps.objects.order_by("pk")}
    assert places == {"R10100000999903": ["S:SM54"], "R10100000999904": []}
    assert ProfessionnelRpps.objects.get(pk=MEDECIN["idn"]).savoir_faire == ["S:SM54"]


def test_a_place_said_by_three_rows_takes_the_first(importer: Import, tmp_path: Path) -> None:
    rows = [{**MEDECIN, "tel": f"063998001{rank}", "code_sf": f"SM{rank}"} for rank in range(3)]
    fine = [person(rank) for rank in range(8)]
    importer("rpps", write_rpps(tmp_path / "a.txt", [*fine, *rows]))
    (place,) = ActiviteRpps.objects.filter(professionnel_id=MEDECIN["idn"])
    assert (place.telephone, place.savoir_faire) == ("0639980010", ["S:SM0", "S:SM1", "S:SM2"])
    # The same rows on a directory that is no longer empty: nothing to write.
    assert importer("rpps", write_rpps(tmp_path / "a.txt", [*fine, *rows])).changes == 0
    rows[0]["tel"] = "0639980019"
    assert (
        importer("rpps", write_rpps(tmp_path / "b.txt", [*fine, *rows])).counts["Modifiés (activités)"] == 1
    )
    place.refresh_from_db()
    assert place.telephone == "0639980019"


def test_a_first_load_leaves_every_key_and_index_in_place(importer: Import, tmp_path: Path) -> None:
    def indexes() -> set[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "select indexname, indexdef from pg_indexes where tablename in "
                "('referentiels_professionnelrpps', 'referentiels_activiterpps', 'referentiels_lexiquemot')"
            )
            return set(cursor.fetchall())

    before = indexes()
    importer("rpps", write_rpps(tmp_path / "a.txt", [MK, SAGE_FEMME]))
    assert len(before) > 10
    assert indexes() == before


def test_a_first_load_draws_numbers_by_the_thousand_and_the_next_ones_do_not(
    importer: Import, tmp_path: Path
) -> None:
    importer("rpps", write_rpps(tmp_path / "a.txt", [MK, SAGE_FEMME]))
    with connection.cursor() as cursor:
        cursor.execute(
            "select seqcache from pg_sequence "
            "where seqrelid = pg_get_serial_sequence('referentiels_activiterpps', 'id')::regclass"
        )
        assert cursor.fetchone() == (1,)
    importer("rpps", write_rpps(tmp_path / "b.txt", [MK, SAGE_FEMME, MEDECIN]))
    assert len({row.pk for row in ActiviteRpps.objects.all()}) == 3


def test_a_label_that_is_not_kept_may_be_of_any_length_and_alphabet(importer: Import, tmp_path: Path) -> None:
    odd = {
        **MK,
        "lib_mode": "é" * 3000,
        "lib_profession": "\\101 | ".replace("|", "/"),
        "lib_commune": "Ωμέγα",
    }
    path = write_rpps(tmp_path / "a.txt", [odd, SAGE_FEMME])
    assert importer("rpps", path).counts["Créés (professionnels)"] == 2
    assert importer("rpps", path).changes == 0


@pytest.mark.feature("ROR-197")
def test_a_number_is_eleven_digits_and_a_wrong_key_is_accepted(importer: Import, tmp_path: Path) -> None:
    short = {**MK, "identifiant": "9970000001", "idn": "89970000001"}
    fine = [person(rank) for rank in range(8)]
    report = importer("rpps", write_rpps(tmp_path / "a.txt", [*fine, short]))
    assert report.counts["Créés (professionnels)"] == 8
    assert report.first_rejects == [
        (10, "Identifiant PP", "forme inattendue (11 chiffres pour un RPPS, 9 pour un ADELI)")
    ]


@pytest.mark.feature("VT-009")
def test_an_adeli_number_leads_to_the_person_under_the_rpps_number(importer: Import, tmp_path: Path) -> None:
    adeli = {**MK, "type_id": "0", "identifiant": "289900003", "idn": "0289900003", "nom": "GABARIT"}
    moved = {**SAGE_FEMME, "ancien_id": "0289900011001"}
    importer("rpps", write_rpps(tmp_path / "a.txt", [adeli, moved]))
    still = find_professionnel("289900003")
    assert still is not None and (still.trouve_par, still.professionnel.numero_rpps) == ("adeli", "")
    former = find_professionnel("28 99 00011")
    assert former is not None
    assert (former.trouve_par, former.professionnel.numero_rpps) == ("former", "99700000021")
    assert find_professionnel("123456789") is None
    # Moved to the RPPS: the ADELI record goes, the number still leads to the person.
    AncienIdentifiant.objects.create(professionnel_id="899700000021", type="adeli", valeur="289900003")
    importer("rpps", write_rpps(tmp_path / "b.txt", [moved]), confirmed=True, forced=True)
    found = find_professionnel("289900003")
    assert found is not None and found.professionnel.pk == "899700000021"


@pytest.mark.parametrize("typed", ["", "abc", "\0" * 11, "8" * 200, "99700000013x", "９９７０００００１３１"])
def test_a_number_that_is_none_finds_nobody(typed: str) -> None:
    assert find_professionnel(typed) is None


def test_the_same_file_twice_changes_nothing_whatever_the_order(importer: Import, tmp_path: Path) -> None:
    rows = [MK, SAGE_FEMME, MEDECIN, {**MEDECIN, "code_sf": "SM18"}]
    importer("rpps", write_rpps(tmp_path / "a.txt", rows))
    assert importer("rpps", write_rpps(tmp_path / "a.txt", rows)).changes == 0
    names = [*list(ACTIVITE)[::-1]]
    assert importer("rpps", write_rpps(tmp_path / "b.txt", rows[::-1], order=names)).changes == 0


def test_a_drift_of_labels_changes_nothing(importer: Import, tmp_path: Path) -> None:
    importer("rpps", write_rpps(tmp_path / "a.txt", [MK]))
    assert importer("rpps", write_rpps(tmp_path / "b.txt", [{**MK, "lib_mode": "Libéral"}])).changes == 0


def test_only_what_changed_is_written(importer: Import, tmp_path: Path, crowd: list[dict[str, str]]) -> None:
    crowd[3] = {**crowd[3], "tel": "0639980099"}
    crowd[5] = {**crowd[5], "nom": "AUTRENOM"}
    report = importer("rpps", write_rpps(tmp_path / "b.txt", [*crowd, person(99)]))
    assert report.counts["Créés (professionnels)"] == 1
    assert report.counts["Modifiés (professionnels)"] == 2
    assert (report.counts["Créés (activités)"], report.counts["Modifiés (activités)"]) == (1, 2)
    assert ProfessionnelRpps.objects.get(pk=crowd[5]["idn"]).nom_plie == "autrenom"
    assert LexiqueMot.objects.filter(domaine="nom", mot="autrenom").exists()


def test_who_vanishes_is_closed_and_comes_back_open(
    importer: Import, tmp_path: Path, crowd: list[dict[str, str]]
) -> None:
    report = importer("rpps", write_rpps(tmp_path / "b.txt", crowd[1:]))
    assert (report.counts["Fermés (professionnels)"], report.counts["Fermés (activités)"]) == (1, 1)
    gone = ProfessionnelRpps.objects.get(pk=crowd[0]["idn"])
    assert gone.ferme_le is not None and activites_of(gone) == []
    assert importer("rpps", write_rpps(tmp_path / "b.txt", crowd[1:])).changes == 0
    back = importer("rpps", write_rpps(tmp_path / "c.txt", crowd))
    assert (back.counts["Rouverts (professionnels)"], back.counts["Rouverts (activités)"]) == (1, 1)
    gone.refresh_from_db()
    assert gone.ferme_le is None and len(activites_of(gone)) == 1


def test_a_place_that_vanishes_is_closed_with_its_person_kept(importer: Import, tmp_path: Path) -> None:
    second = {**MK, "id_structure": "C99700000013002", "num_voie": "3"}
    importer("rpps", write_rpps(tmp_path / "a.txt", [MK, second]))
    report = importer("rpps", write_rpps(tmp_path / "b.txt", [MK]), forced=True)
    assert report.counts["Fermés (activités)"] == 1
    assert [row.voie for row in activites_of(ProfessionnelRpps.objects.get())] == ["12 Rue DES EXEMPLES"]


@pytest.mark.security("REL-7")
def test_a_file_that_closes_more_than_one_in_twenty_asks_first(
    importer: Import, tmp_path: Path, crowd: list[dict[str, str]]
) -> None:
    shorter = write_rpps(tmp_path / "b.txt", crowd[3:])
    with pytest.raises(ConfirmationNeeded, match=r"3 professionnels sur 40 \(7,5 %\).*--confirmer"):
        importer("rpps", shorter)
    assert ProfessionnelRpps.objects.filter(ferme_le=None).count() == 40
    assert importer("rpps", shorter, confirmed=True).counts["Fermés (professionnels)"] == 3


@pytest.mark.security("REL-7")
def test_a_file_a_fifth_shorter_than_the_last_is_refused_unless_forced(
    importer: Import, tmp_path: Path, crowd: list[dict[str, str]]
) -> None:
    ImportRun.objects.create(
        source="rpps",
        nom_fichier="hier.txt",
        statut="written",
        compteurs={"Lignes lues": 40},
        termine_le="2026-11-01T00:00Z",
    )
    half = write_rpps(tmp_path / "b.txt", crowd[:20])
    with pytest.raises(FileRefused, match="20 lignes, le précédent en avait 40"):
        importer("rpps", half, confirmed=True)
    assert importer("rpps", half, confirmed=True, forced=True).counts["Fermés (professionnels)"] == 20


def test_one_number_with_two_names_keeps_the_first(importer: Import, tmp_path: Path) -> None:
    fine = [person(rank) for rank in range(8)]
    intruder = {**MK, "nom": "AUTRE", "id_structure": "C99700000013009"}
    report = importer("rpps", write_rpps(tmp_path / "a.txt", [*fine, MK, intruder]))
    assert ProfessionnelRpps.objects.get(pk=MK["idn"]).nom == "EXEMPLE"
    assert report.first_rejects == [
        (11, "Nom d'exercice", "nom différent de la première ligne du même identifiant")
    ]
    assert ActiviteRpps.objects.filter(professionnel_id=MK["idn"]).count() == 1


def test_know_how_and_diplomas_join_the_people_already_known(importer: Import, tmp_path: Path) -> None:
    importer("rpps", write_rpps(tmp_path / "a.txt", [MK, MEDECIN]))
    sport = {**MEDECIN, "type_sf": "C", "code_sf": "C05", "lib_sf": "Médecine appliquée aux sports (C)"}
    path = write_know_how(
        tmp_path / "sf.txt",
        [sport, sport, MK, {**sport, "identifiant": "99700000054", "idn": "899700000054"}],
    )
    report = importer("rpps_savoir_faire", path)
    assert report.counts["Créés (savoir-faire)"] == 1
    assert report.warnings == ["Lignes de personnes inconnues, ignorées : 1. Importez d’abord les activités."]
    assert importer("rpps_savoir_faire", path).changes == 0
    assert specialites_of(ProfessionnelRpps.objects.get(pk=MEDECIN["idn"])) == ["C:C05", "S:SM54"]
    diploma = {**MK, "type_dipl": "DE", "code_dipl": "DE70", "lib_dipl": "Diplôme inventé"}
    path = write_diplomas(tmp_path / "d.txt", [diploma])
    assert importer("rpps_diplomes", path).counts["Créés (diplômes et autorisations)"] == 1
    assert importer("rpps_diplomes", path).changes == 0
    other = write_diplomas(tmp_path / "d.txt", [{**diploma, "code_dipl": "DE71"}])
    replaced = importer("rpps_diplomes", other, confirmed=True)
    assert replaced.counts["Fermés (diplômes et autorisations)"] == 1
