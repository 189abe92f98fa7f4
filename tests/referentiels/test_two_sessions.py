"""A first load of people shared between two sessions: same result as one alone, and all or nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, connections, transaction

from portal.common.database_rights import WORKSHOP
from portal.referentiels.generateur.annuaire import write_annuaire
from portal.referentiels.importers import staging
from portal.referentiels.importers.catalogue import SOURCES
from portal.referentiels.importers.report import Report
from portal.referentiels.importers.rpps import activites, ecriture
from portal.referentiels.importers.runner import AlreadyRunning, run_import
from portal.referentiels.importers.second import SecondSession
from portal.referentiels.models import ActiviteRpps, AncienIdentifiant, ProfessionnelRpps
from portal.referentiels.seed import seed_all
from tests.referentiels.fichiers import MEDECIN, MK, SAGE_FEMME, SANS_LIEU, write_communes, write_rpps

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.security("REL-7")]

ELSEWHERE = {**MEDECIN, "id_structure": "R10100000999904", "raison": "MSP DE LA NOTICE"}
THIRD = {**MEDECIN, "id_structure": "R10100000999905"}
# Everything a row may share with another: a place said twice, thrice, among others; know-how that differs, or is said
# on some rows only; another profession; a number of before; a delivery line without a commune.
ROWS = [
    MK,
    {**MK, "profession": "80", "id_structure": "C99700000013002", "ancien_id": "0289900012001"},
    {**MK, "tel": "0639980099"},
    SAGE_FEMME,
    {**SAGE_FEMME, "cedex": "78201 MANTES LA JOLIE CEDEX", "commune": "", "id_structure": "C9"},
    MEDECIN,
    {**MEDECIN, "code_sf": "SM26"},
    ELSEWHERE,
    {**ELSEWHERE, "type_sf": "", "code_sf": ""},
    {**THIRD, "type_sf": "", "code_sf": ""},
    {**THIRD, "mode": "S"},
    SANS_LIEU,
]


@pytest.fixture(autouse=True)
def reference(tmp_path: Path) -> Iterator[None]:
    seed_all(apps)  # the tables of a transactional test start empty
    run_import(SOURCES["communes"], write_communes(tmp_path / "communes.csv"), write=True)
    yield
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("import")]
    assert workshop() == []


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of what the second session was asked."""
    names: list[str] = []
    start = SecondSession.start

    def noted(self: SecondSession, function: Any, *args: Any, **kwargs: Any) -> Any:
        names.append(getattr(function, "__name__", "read"))
        return start(self, function, *args, **kwargs)

    monkeypatch.setattr(SecondSession, "start", noted)
    return names


def load(path: Path, **options: Any) -> Report:
    return run_import(SOURCES["rpps"], path, **{"write": True, **options})


def alone(path: Path) -> Report:
    """The same import inside a transaction of ours, where there can be no second session."""
    with transaction.atomic():
        return load(path)


def written() -> dict[str, list[dict[str, Any]]]:
    return {
        model.__name__: sorted(
            ({name: value for name, value in row.items() if name != "id"} for row in model.objects.values()),
            key=repr,
        )
        for model in (ProfessionnelRpps, ActiviteRpps, AncienIdentifiant)
    }


def workshop() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [WORKSHOP])
        return [name for (name,) in cursor.fetchall()]


def forget() -> None:
    for model in (AncienIdentifiant, ActiviteRpps, ProfessionnelRpps):
        model.objects.all().delete()


def test_two_sessions_write_what_one_writes(tmp_path: Path, started: list[str]) -> None:
    path = write_rpps(tmp_path / "a.txt", ROWS)
    shared, seen = load(path), written()
    assert started == ["read", "write_activities", "build_others"]
    forget()
    one = alone(path)
    assert len(started) == 3, "nobody else was asked"
    assert written() == seen
    assert one.counts == shared.counts
    assert shared.counts["Créés (professionnels)"] == 4
    assert shared.counts["Créés (activités)"] == len(seen["ActiviteRpps"]) == 8
    places = {
        row["identifiant_structure"] + row["code_mode"]: row["savoir_faire"] for row in seen["ActiviteRpps"]
    }
    assert places["R10100000999903L"] == ["S:SM26", "S:SM54"]
    assert (places["R10100000999904L"], places["R10100000999905L"]) == (["S:SM54"], [])
    assert load(path).changes == 0


def test_a_region_of_people_is_the_same_either_way(tmp_path: Path, started: list[str]) -> None:
    path = write_annuaire(tmp_path / "annuaire", people=800, seed=11).activites
    shared, seen = load(path), written()
    forget()
    assert alone(path).counts == shared.counts
    assert written() == seen
    assert started == ["read", "write_activities", "build_others"]


def test_refused_rows_bring_the_work_back_to_one_session(tmp_path: Path, started: list[str]) -> None:
    bad = [
        {**MK, "nom": ""},
        {**SAGE_FEMME, "nom": "AUTRE"},
        {**SANS_LIEU, "idn": "899700000048", "identifiant": "9970000004"},
    ]
    path = write_rpps(tmp_path / "a.txt", [*ROWS, *ROWS[:3], *bad])
    shared, seen = load(path), written()
    assert started == ["read", "write_activities"]
    forget()
    one = alone(path)
    assert (one.rejected, one.first_rejects) == (shared.rejected, shared.first_rejects)
    assert {line for line, _, _ in one.first_rejects} == {17, 18, 19}
    assert one.counts == shared.counts
    assert written() == seen


def test_a_dry_run_leaves_nothing(tmp_path: Path, started: list[str]) -> None:
    report = load(write_rpps(tmp_path / "a.txt", ROWS), write=False)
    assert started == ["read", "write_activities", "build_others"]
    assert report.counts["Créés (activités)"] == 8
    assert written() == {"ProfessionnelRpps": [], "ActiviteRpps": [], "AncienIdentifiant": []}


@pytest.mark.parametrize(
    ("module", "name"), [(ecriture, "_read_places"), (activites, "_write_people"), (activites, "write_names")]
)
def test_a_failure_of_either_session_undoes_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    path = write_rpps(tmp_path / "a.txt", ROWS)

    def fail(*args: Any) -> None:
        raise RuntimeError(name)

    with monkeypatch.context() as patched:
        patched.setattr(module, name, fail)
        with pytest.raises(RuntimeError, match=name):
            load(path)
    assert not ProfessionnelRpps.objects.exists()
    assert not ActiviteRpps.objects.exists()
    assert load(path).counts["Créés (activités)"] == 8


def test_a_failure_stops_a_statement_of_the_other_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A national file would otherwise keep Ctrl-C waiting for minutes."""
    busy = threading.Event()

    def sleep(*args: Any) -> None:
        busy.set()
        staging.execute("select pg_sleep(60)")

    def fail(*args: Any) -> None:
        assert busy.wait(10)
        raise KeyboardInterrupt

    monkeypatch.setattr(ecriture, "write_activities", sleep)
    monkeypatch.setattr(activites, "_write_people", fail)
    with pytest.raises(KeyboardInterrupt):
        load(write_rpps(tmp_path / "a.txt", ROWS))


def test_places_left_by_a_process_killed_between_both_commits_are_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_rpps(tmp_path / "a.txt", ROWS)
    commit = SecondSession.commit

    def commit_and_die(self: SecondSession) -> None:
        commit(self)
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(SecondSession, "commit", commit_and_die)
        with pytest.raises(RuntimeError, match="killed"):
            load(path)
    assert not ProfessionnelRpps.objects.exists()
    assert ActiviteRpps.objects.count() == 8, "the worst instant: places of people nobody sees"
    assert load(path).counts["Créés (activités)"] == 8
    assert ActiviteRpps.objects.count() == 8
    assert ProfessionnelRpps.objects.count() == 4


def test_tables_kept_by_somebody_else_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "LOCK_TIMEOUT", "200ms")
    path = write_rpps(tmp_path / "a.txt", ROWS)
    other = connections.create_connection("default")
    try:
        for table in (ProfessionnelRpps._meta.db_table, ActiviteRpps._meta.db_table):
            with other.cursor() as cursor:
                cursor.execute(f"begin; lock table {table} in access share mode")
                with pytest.raises(AlreadyRunning, match="occupées par une autre opération"):
                    load(path)
                cursor.execute("rollback")
            assert not ProfessionnelRpps.objects.exists()
    finally:
        other.close()
    assert load(path).counts["Créés (professionnels)"] == 4
