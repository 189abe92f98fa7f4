"""A file deposited by an agent: a name of ours, closed to others, and a report that no spreadsheet computes."""

from __future__ import annotations

import csv
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.referentiels import depots
from portal.referentiels.importers.report import Report
from portal.referentiels.models import ImportRun
from tests.hub.people import make_agent, make_person, sign_in
from tests.referentiels.fichiers import COMMUNES

pytestmark = [pytest.mark.django_db, pytest.mark.security("UPL-2", "WEB-6")]
LIST = "/administration/referentiels/importrun/"


@pytest.fixture(autouse=True)
def told(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    settings.VAR_DIR = tmp_path / "var"
    ids: list[str] = []
    monkeypatch.setattr(depots, "_tell_worker", ids.append)
    return ids


def deposit(browser: Client, name: str) -> ImportRun:
    sent = SimpleUploadedFile("x.csv", COMMUNES.encode(), content_type="text/csv")
    sent.name = name
    answer = browser.post(LIST + "deposer/", {"source": "communes", "fichier": sent})
    assert answer.status_code == 302, answer.content.decode()
    return ImportRun.objects.latest("cree_le")


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/cron.d/x.csv",
        "..\\..\\x.csv",
        "a\u202ecsv.exe",
        "n\r\nX: y.csv",
        "<b>x</b>.csv",
        "é" * 300,
    ],
)
def test_the_name_is_a_label_and_the_file_lies_under_a_name_of_ours(name: str, settings: Any) -> None:
    run = deposit(sign_in(make_agent(), level=2), name)
    kept = Path(run.chemin)
    assert kept.resolve().is_relative_to(Path(settings.VAR_DIR).resolve())
    assert not kept.resolve().is_relative_to(Path(settings.STATIC_ROOT).resolve())
    assert kept.name == str(run.pk)
    assert stat.S_IMODE(kept.stat().st_mode) & 0o137 == 0, oct(kept.stat().st_mode)
    assert "/" not in run.nom_fichier and "\\" not in run.nom_fichier and run.nom_fichier.isprintable()


def test_nobody_but_an_agent_deposits_or_reads(tmp_path: Path) -> None:
    run = deposit(sign_in(make_agent(), level=2), "x.csv")
    rejects = tmp_path / "rejets.csv"
    rejects.write_text("ligne;colonne;raison\n")
    ImportRun.objects.filter(pk=run.pk).update(chemin_rejets=str(rejects))
    for browser in (
        Client(),
        sign_in(make_person("un.autre"), level=2),
        sign_in(make_agent("deux"), level=1),
    ):
        for path in ("", "deposer/", f"{run.pk}/change/", f"{run.pk}/lignes-refusees.csv"):
            assert browser.get(LIST + path).status_code in {302, 403}, path
        for path in ("deposer/", f"{run.pk}/ecrire/", f"{run.pk}/relancer/"):
            assert browser.post(LIST + path).status_code in {302, 403}, path
    run.refresh_from_db()
    assert run.statut == ImportRun.Statut.DEPOSE
    answer: Any = sign_in(make_agent("trois"), level=2).get(f"{LIST}{run.pk}/lignes-refusees.csv")
    assert answer["Content-Disposition"].startswith("attachment") and "no-store" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert b"".join(answer.streaming_content) == rejects.read_bytes()


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"])
def test_no_cell_of_the_report_is_a_formula(cell: str, tmp_path: Path) -> None:
    path = tmp_path / "rejets.csv"
    report = Report("communes", rejects_path=path)
    report.reject(2, cell, cell)
    report.forget_rejects()
    with path.open(encoding="utf-8", newline="") as file:
        _, row = csv.reader(file, delimiter=";")
    assert row == ["2", f"'{cell}", f"'{cell}"]
