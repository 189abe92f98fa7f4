from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, connections

from portal.referentiels.generateur.annuaire import write_annuaire
from portal.referentiels.importers.catalogue import SOURCES
from portal.referentiels.importers.runner import LOCK, AlreadyRunning, run_import
from portal.referentiels.models import Commune, ImportRun, ProfessionnelRpps, StructureFiness
from portal.referentiels.seed import seed_all
from tests.referentiels.fichiers import COMMUNES, MK, write_communes, write_rpps

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _reports(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"


def run(command: str, *words: object) -> str:
    out = StringIO()
    call_command(command, *[str(word) for word in words], stdout=out)
    return out.getvalue()


def test_without_ecrire_nothing_is_written(tmp_path: Path) -> None:
    text = run("import_communes", write_communes(tmp_path / "c.csv"))
    assert "Créés (communes) : 15" in text
    assert "Vérification à blanc : rien n’est enregistré" in text
    assert not Commune.objects.exists()
    assert ImportRun.objects.get().statut == "checked"


def test_ecrire_writes_and_leaves_a_line_in_the_journal(tmp_path: Path) -> None:
    run("import_communes", write_communes(tmp_path / "c.csv"), "--ecrire")
    assert Commune.objects.count() == 15
    line = ImportRun.objects.get()
    assert (line.statut, line.compteurs["Lignes lues"]) == ("written", 15)


def test_progress_names_the_stages(tmp_path: Path) -> None:
    run("import_communes", write_communes(tmp_path / "c.csv"), "--ecrire")
    text = run("import_rpps", write_rpps(tmp_path / "p.txt", [MK]), "--ecrire")
    stages = [line for line in text.splitlines() if line.endswith("…")]
    assert [stage for stage in stages if stage != "lecture…"][:3] == [
        "comparaison…",
        "personnes…",
        "activités…",
    ]


def test_a_refused_file_exits_with_its_sentence_and_is_journalled(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Le fichier est vide"):
        run("import_rpps", write_communes(tmp_path / "vide.txt", ""), "--ecrire")
    line = ImportRun.objects.get()
    assert line.statut == "refused" and "vide" in line.phrase


def test_refused_rows_are_written_where_asked(tmp_path: Path) -> None:
    bad = write_communes(tmp_path / "c.csv", COMMUNES + "7836,Courte,COM,78,1,78200,,,\n")
    text = run("import_communes", bad, "--rapport", tmp_path / "rejets.csv")
    assert "Lignes refusées : 1" in text
    lines = (tmp_path / "rejets.csv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(lines, delimiter=";"))
    assert rows == [{"ligne": "17", "colonne": "code_insee", "raison": "code INSEE de 5 caractères attendu"}]


def test_many_closures_ask_for_confirmer(tmp_path: Path) -> None:
    run("import_communes", write_communes(tmp_path / "c.csv"), "--ecrire")
    few = "\n".join(COMMUNES.splitlines()[:14]) + "\n"
    with pytest.raises(CommandError, match="--confirmer"):
        run("import_communes", write_communes(tmp_path / "d.csv", few), "--ecrire")
    run("import_communes", write_communes(tmp_path / "d.csv", few), "--ecrire", "--confirmer")
    assert Commune.objects.filter(ferme_le=None).count() == 13


@pytest.mark.parametrize("key", SOURCES)
def test_every_source_has_its_command(key: str) -> None:
    with pytest.raises(CommandError, match="introuvable"):
        run(f"import_{key}", "/nulle/part.txt")


# --- made-up directory ----------------------------------------------------------------------------
def test_a_made_up_directory_goes_through_every_importer(tmp_path: Path) -> None:
    text = run("generer_annuaire", tmp_path, "--personnes", 2000, "--graine", 7)
    assert "2000 personnes" in text
    for command, name in (
        ("communes", "communes.csv"),
        ("finess", "etalab-cs1100507-stock.csv"),
        ("rpps", "PS_LibreAcces_Personne_activite.txt"),
        ("rpps_savoir_faire", "PS_LibreAcces_SavoirFaire.txt"),
        ("rpps_diplomes", "PS_LibreAcces_Dipl_AutExerc.txt"),
    ):
        first = run(f"import_{command}", tmp_path / name, "--ecrire")
        assert "Lignes refusées : 0" in first, first
        again = run(f"import_{command}", tmp_path / name, "--ecrire")
        assert all(
            line.endswith(": 0")
            for line in again.splitlines()
            if line.startswith(("Créés", "Modifiés", "Fermés"))
        )
    assert ProfessionnelRpps.objects.count() == 2000
    assert StructureFiness.objects.count() == 166


def test_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    one, other, third = (
        write_annuaire(tmp_path / name, people=300, seed=seed)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert one.activites.read_bytes() == other.activites.read_bytes() != third.activites.read_bytes()
    assert 1.4 < one.lignes / 300 < 2.0


# --- all or nothing -------------------------------------------------------------------------------
def test_two_imports_at_once_are_refused(tmp_path: Path) -> None:
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(AlreadyRunning, match="Un autre import est en cours"):
            run_import(SOURCES["communes"], write_communes(tmp_path / "c.csv"), write=True)
        with other.cursor() as cursor:  # the server frees the lock of a closed connection only a moment later
            cursor.execute("select pg_advisory_unlock(%s)", [LOCK])
    finally:
        other.close()
    run_import(SOURCES["communes"], write_communes(tmp_path / "c.csv"), write=True)


def test_the_database_notices_a_killed_import_while_a_statement_runs(tmp_path: Path) -> None:
    """Two minutes of an index at national size would otherwise hold the next run off."""
    seen = []

    def note(stage: str, share: float) -> None:
        with connection.cursor() as cursor:
            cursor.execute("show client_connection_check_interval")
            seen.append(cursor.fetchone()[0])

    run_import(SOURCES["communes"], write_communes(tmp_path / "c.csv"), write=True, progress=note)
    assert "2s" in seen


@pytest.mark.django_db(transaction=True)
@pytest.mark.security("REL-7")
def test_an_import_killed_half_way_leaves_the_old_data_whole(tmp_path: Path) -> None:
    """The process is killed while its transaction is open; the next run then works."""
    files = write_annuaire(tmp_path / "a", people=3000, seed=3)
    seed_all(apps)  # the tables of a transactional test start empty
    run_import(SOURCES["communes"], files.communes, write=True)
    program = (
        "import os, sys, django; django.setup()\n"
        "from pathlib import Path\n"
        "from portal.referentiels.importers.catalogue import SOURCES\n"
        "from portal.referentiels.importers.runner import run_import\n"
        "def stop(stage, share):\n"
        "    if stage == 'index':\n"
        "        print('open', flush=True); os.kill(os.getpid(), 9)\n"
        "run_import(SOURCES['rpps'], Path(sys.argv[1]), write=True, progress=stop)\n"
    )
    database = connection.settings_dict
    killed = subprocess.run(
        [sys.executable, "-c", program, str(files.activites)],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "portal.settings.test",
            "DATABASE_URL": _url(database),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (killed.returncode, killed.stdout.strip()) == (-9, "open"), killed.stderr
    assert ProfessionnelRpps.objects.count() == 0
    deadline = time.monotonic() + 10
    while True:
        try:
            report = run_import(SOURCES["rpps"], files.activites, write=True)
            break
        except AlreadyRunning:
            # The server notices the lost client within moments.
            assert time.monotonic() < deadline
            time.sleep(0.2)
    assert report.counts["Créés (professionnels)"] == 3000


def _url(database: dict[str, Any]) -> str:
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path="/" + str(database["NAME"])))
