"""Files deposited in the support's pages: checked by the worker, reported, then written on demand."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.utils import timezone

from portal.referentiels import depots
from portal.referentiels.importers.catalogue import SOURCES
from portal.referentiels.importers.runner import LOCK
from portal.referentiels.models import Commune, ImportRun
from portal.referentiels.tasks import perform_import, purge_deposits
from tests.hub.people import make_agent, make_person, sign_in
from tests.referentiels.fichiers import COMMUNES

pytestmark = pytest.mark.django_db
LIST = "/administration/referentiels/importrun/"


@pytest.fixture(autouse=True)
def told(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids given to the worker; files go under the test's own folder."""
    settings.VAR_DIR = tmp_path / "var"
    ids: list[str] = []
    monkeypatch.setattr(depots, "_tell_worker", ids.append)
    return ids


@pytest.fixture
def desk() -> Client:
    return sign_in(make_agent(), level=2)


def upload(desk: Client, text: str = COMMUNES, **fields: str) -> Any:
    file = SimpleUploadedFile("communes.csv", text.encode(), "text/csv")
    return desk.post(LIST + "deposer/", {"source": "communes", "fichier": file, **fields})


@pytest.fixture
def run(desk: Client, django_capture_on_commit_callbacks: Any) -> ImportRun:
    with django_capture_on_commit_callbacks(execute=True):
        response = upload(desk)
    assert response.status_code == 302
    return ImportRun.objects.get()


def page_of(desk: Client, run: ImportRun) -> str:
    return desk.get(f"{LIST}{run.pk}/change/").content.decode()


def test_a_deposited_file_is_checked_before_anything_is_written(
    desk: Client, run: ImportRun, told: list[str]
) -> None:
    assert told == [str(run.pk)]
    assert "Fichier déposé" in page_of(desk, run)
    depots.perform(run.pk)
    run.refresh_from_db()
    assert (run.statut, run.compteurs["Créés (communes)"]) == ("checked", 15)
    assert not Commune.objects.exists()
    page = page_of(desk, run)
    assert "Créés (communes)" in page and "Écrire ces changements" in page


def test_the_checked_file_is_written_on_demand(
    desk: Client, run: ImportRun, told: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    depots.perform(run.pk)
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(f"{LIST}{run.pk}/ecrire/")
    assert told == [str(run.pk)] * 2
    depots.perform(run.pk)
    run.refresh_from_db()
    assert (run.statut, Commune.objects.count()) == ("written", 15)
    assert not Path(run.chemin).exists()
    page = page_of(desk, run)
    assert "C’est fait" in page and "Écrire ces changements" not in page


def test_the_same_task_twice_changes_nothing(run: ImportRun) -> None:
    depots.perform(run.pk)
    first = ImportRun.objects.get()
    depots.perform(run.pk)
    assert ImportRun.objects.get().termine_le == first.termine_le


def test_a_refused_file_says_why_and_may_be_confirmed(desk: Client, run: ImportRun) -> None:
    ImportRun.objects.update(ecrire=True)
    depots.perform(run.pk)
    few = "\n".join(COMMUNES.splitlines()[:14]) + "\n"
    upload(desk, few)
    short = ImportRun.objects.latest("cree_le")
    depots.perform(short.pk)
    page = page_of(desk, short)
    assert "Ce fichier fermerait 2 communes sur 15" in page
    assert "J’accepte que ce fichier ferme plus de 5 %" in page and "--confirmer" not in page
    unticked = desk.post(f"{LIST}{short.pk}/ecrire/")
    assert unticked.status_code == 422 and "Cochez cette case" in unticked.content.decode()
    short.refresh_from_db()
    assert short.statut == "refused"
    desk.post(f"{LIST}{short.pk}/ecrire/", {"accepter": "on"})
    depots.perform(short.pk)
    assert Commune.objects.filter(ferme_le=None).count() == 13


def test_refused_rows_are_downloaded(desk: Client) -> None:
    upload(desk, COMMUNES + "7836,Courte,COM,78,1,78200,,,\n")
    run = ImportRun.objects.get()
    depots.perform(run.pk)
    assert "Lignes refusées (CSV)" in page_of(desk, run)
    response = desk.get(f"{LIST}{run.pk}/lignes-refusees.csv")
    assert b"17;code_insee;" in b"".join(response.streaming_content)
    assert desk.get(LIST + "00000000-0000-0000-0000-000000000000/lignes-refusees.csv").status_code == 404


def test_a_worker_that_died_leaves_a_run_that_can_be_started_again(desk: Client, run: ImportRun) -> None:
    ImportRun.objects.update(statut="running", commence_le=timezone.now() - timedelta(minutes=5))
    assert "L’import s’est interrompu" in page_of(desk, run)
    desk.post(f"{LIST}{run.pk}/relancer/")
    run.refresh_from_db()
    assert run.statut == "uploaded"
    depots.perform(run.pk)
    run.refresh_from_db()
    assert run.statut == "checked"


def test_a_failure_of_the_worker_is_told_and_nothing_is_written(
    run: ImportRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(depots, "run_import", fail)
    with pytest.raises(RuntimeError):
        depots.perform(run.pk)
    run.refresh_from_db()
    assert (run.statut, run.phrase) == ("interrupted", "L’import s’est arrêté ; rien n’est écrit.")


def test_progress_is_shown_while_it_runs(desk: Client, run: ImportRun) -> None:
    depots._show_progress(run.pk)("personnes", 0.55)
    ImportRun.objects.update(statut="running", commence_le=timezone.now())
    page = page_of(desk, run)
    assert 'value="55"' in page and "Personnes" in page
    fragment = desk.get(f"{LIST}{run.pk}/change/", HTTP_HX_REQUEST="true").content.decode()
    assert fragment.lstrip().startswith('<div id="etat-import"')


def test_a_deposit_without_file_says_so(desk: Client) -> None:
    response = desk.post(LIST + "deposer/", {"source": "communes"})
    assert response.status_code == 422
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize("address", ["", "deposer/"])
def test_imports_are_for_the_support_only(client: Client, address: str) -> None:
    assert client.get(LIST + address).status_code == 302
    stranger = sign_in(make_person("paul.autre"), level=2)
    assert stranger.get(LIST + address).status_code in (302, 403)


def test_lists_of_reference_data_open(desk: Client) -> None:
    for name in (
        "profession",
        "nomenclature",
        "filtreprofession",
        "consigneprofession",
        "commune",
        "structurefiness",
    ):
        assert desk.get(f"/administration/referentiels/{name}/").status_code == 200, name
        assert desk.get(f"/administration/referentiels/{name}/?q=a").status_code == 200, name


def test_a_worker_takes_the_run_from_the_queue(run: ImportRun) -> None:
    assert perform_import.name == depots.TASK
    perform_import.apply(args=[str(run.pk)], throw=True)
    run.refresh_from_db()
    assert run.statut == "checked"
    assert perform_import.time_limit > 3000


def test_a_run_the_broker_lost_can_be_started_again(desk: Client, run: ImportRun) -> None:
    assert "Relancer" not in page_of(desk, run)
    ImportRun.objects.update(cree_le=timezone.now() - timedelta(minutes=10))
    assert "Relancer cet import" in page_of(desk, run)
    desk.post(f"{LIST}{run.pk}/relancer/")
    depots.perform(run.pk)
    run.refresh_from_db()
    assert run.statut == "checked"


def test_a_file_refused_for_good_is_never_written(desk: Client) -> None:
    upload(desk, COMMUNES.replace("code_insee,nom", "code,nom"))
    run = ImportRun.objects.get()
    depots.perform(run.pk)
    page = page_of(desk, run)
    assert "Ce fichier est refusé. Rien n’est écrit." in page
    assert "Écrire ces changements" not in page and "Déposer un autre fichier" in page
    desk.post(f"{LIST}{run.pk}/ecrire/", {"accepter": "on"})
    run.refresh_from_db()
    assert run.statut == "refused"


def test_a_short_file_that_also_closes_much_is_accepted_in_two_steps(desk: Client, run: ImportRun) -> None:
    ImportRun.objects.update(ecrire=True)
    depots.perform(run.pk)
    upload(desk, "\n".join(COMMUNES.splitlines()[:10]) + "\n")
    short = ImportRun.objects.latest("cree_le")
    for asked in ("plus court que le précédent", "ferme plus de 5 %"):
        depots.perform(short.pk)
        assert asked in page_of(desk, short)
        desk.post(f"{LIST}{short.pk}/ecrire/", {"accepter": "on"})
    depots.perform(short.pk)
    short.refresh_from_db()
    assert (short.statut, short.confirme, short.force) == ("written", True, True)


def test_an_import_waits_for_the_one_under_way(desk: Client, run: ImportRun, monkeypatch: Any) -> None:
    later: list[str] = []
    monkeypatch.setattr(depots, "_tell_worker_later", later.append)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(%s)", [LOCK])
        depots.perform(run.pk)
        assert later == [str(run.pk)]
        assert "celui-ci attend son tour" in page_of(desk, run)
        ImportRun.objects.update(commence_le=timezone.now() - timedelta(hours=1))
        assert "Relancer" not in page_of(desk, run)
    finally:
        other.close()
    depots.perform(run.pk)
    run.refresh_from_db()
    assert (run.statut, run.phrase) == ("checked", "")


def test_the_first_refused_rows_are_on_the_page(desk: Client) -> None:
    bad = "".join(f"7836,Courte {rank},COM,78,1,78200,,,\n" for rank in range(3))
    upload(desk, COMMUNES + bad)
    run = ImportRun.objects.get()
    depots.perform(run.pk)
    page = page_of(desk, run)
    assert "Premières lignes refusées" in page and "code INSEE de 5 caractères attendu" in page


def test_the_page_of_deposit_says_what_each_file_is_and_when_it_was_written(
    desk: Client, run: ImportRun
) -> None:
    ImportRun.objects.update(ecrire=True)
    depots.perform(run.pk)
    page = desk.get(LIST + "deposer/").content.decode()
    assert "Fichier etalab-cs1100501" in page and page.count(">jamais<") == len(SOURCES) - 1


@pytest.mark.parametrize("action", ["ecrire/", "relancer/", "lignes-refusees.csv"])
def test_every_act_on_an_import_is_for_the_support_only(run: ImportRun, client: Client, action: str) -> None:
    address = f"{LIST}{run.pk}/{action}"
    for browser in (
        client,
        sign_in(make_person("paul.autre"), level=2),
        sign_in(make_agent("sam.un"), level=1),
    ):
        answer = browser.get(address) if action.endswith("csv") else browser.post(address)
        assert answer.status_code in (302, 403), address
    run.refresh_from_db()
    assert run.statut == "uploaded"
    if not action.endswith("csv"):
        assert sign_in(make_agent("sam.deux"), level=2).get(address).status_code == 405


# --- Files never written --------------------------------------------------------------------------
def older(run: ImportRun, *, days: int) -> None:
    ImportRun.objects.filter(pk=run.pk).update(termine_le=timezone.now() - timedelta(days=days))


@pytest.mark.parametrize(("days", "kept"), [(29, True), (31, False)])
def test_a_file_never_written_is_erased_after_its_time(
    desk: Client, run: ImportRun, days: int, kept: bool
) -> None:
    depots.perform(run.pk)
    older(run, days=days)
    path = Path(run.chemin)
    purge_deposits()
    run.refresh_from_db()
    assert (path.exists(), bool(run.chemin), run.statut) == (kept, kept, "checked")
    assert ("Écrire ces changements" in page_of(desk, run)) is kept
    assert ("déposez-le à nouveau" in page_of(desk, run)) is not kept
    # The report stays, and a forged request writes nothing.
    assert "Créés (communes)" in page_of(desk, run)
    assert depots.ask_write(run) is kept


def test_a_lost_run_and_a_half_uploaded_file_are_erased_too(run: ImportRun) -> None:
    long_ago = timezone.now() - timedelta(days=40)
    ImportRun.objects.filter(pk=run.pk).update(cree_le=long_ago, commence_le=long_ago)
    orphan = depots.folder() / "depots" / "orphelin"
    young = depots.folder() / "depots" / "en-cours"
    for path in (orphan, young):
        path.write_text("x")
    os.utime(orphan, (long_ago.timestamp(), long_ago.timestamp()))
    assert depots.purge() == 1
    assert (orphan.exists(), young.exists()) == (False, True)
    run.refresh_from_db()
    # Closed today as lost: its file is still offered, and leaves in its turn.
    assert (run.statut, Path(run.chemin).exists()) == ("interrupted", True)
    older(run, days=31)
    assert depots.purge() == 1
    assert not Path(run.chemin).exists()


def test_what_a_command_checked_is_not_offered_to_be_written(desk: Client) -> None:
    run = ImportRun.objects.create(
        source="communes", nom_fichier="a.csv", statut="checked", termine_le=timezone.now()
    )
    assert "Écrire ces changements" not in page_of(desk, run)
    assert not depots.ask_write(run)
