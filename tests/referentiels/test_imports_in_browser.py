"""The import pages with the real worker of a started portal: from the file to the report, and what goes wrong."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.referentiels.fichiers import legal_entity_line, write_finess
from tests.support.processes import LivePortal

pytestmark = pytest.mark.browser
DEPOSIT = "/administration/referentiels/importrun/deposer/"
LABEL = "Entités juridiques FINESS (extraction CSV)"
_SESSION = """
from django.http import HttpRequest
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from accounts import sessions
from accounts.models import User
agent = User.objects.filter(is_staff=True, is_superuser=False).first()
request = HttpRequest()
request.META = {"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": "Firefox/140.0 (X11; Linux)"}
request.session = import_module(settings.SESSION_ENGINE).SessionStore()
request.session[SESSION_KEY] = str(agent.pk)
request.session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
request.session[HASH_SESSION_KEY] = agent.get_session_auth_hash()
request.session.save()
sessions.open_session(request, agent, level=2, methods=["password", "totp"])
request.session.save()
print("session=" + request.session.session_key)
"""


def entities(number: int) -> list[str]:
    return [legal_entity_line(f"7810{rank:05d}", f"ENTITE {rank}") for rank in range(number)]


@pytest.fixture
def desk(page: Page, live_portal: LivePortal) -> Page:
    """The support's browser, signed in with two strong proofs; the database holds no legal entity."""
    with psycopg.connect(live_portal.database_url, autocommit=True) as database:
        database.execute("delete from referentiels_importrun")
        database.execute("delete from referentiels_structurefiness where type = 'ej'")
    key = re.findall(r"session=([\w-]+)", live_portal.manage("shell", "-c", _SESSION))[0]
    page.context.add_cookies([{"name": "sessionid", "value": key, "url": live_portal.url}])
    return page


def deposit(desk: Page, portal: LivePortal, file: Path) -> None:
    desk.goto(portal.url + DEPOSIT)
    expect(desk.get_by_role("heading", level=1)).to_have_text("Importer un fichier")
    desk.get_by_label("Que contient ce fichier ?").select_option(label=LABEL)
    desk.locator("input[type=file]").set_input_files(file)
    desk.get_by_role("button", name="Vérifier ce fichier").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text(f"Import : {LABEL}")


def look(desk: Page, check_accessibility: Any) -> None:
    check_accessibility(desk)
    desk.set_viewport_size({"width": 320, "height": 800})
    wide = desk.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{desk.url} scrolls sideways by {wide} px at 320 px"
    check_accessibility(desk)
    desk.set_viewport_size({"width": 1280, "height": 900})


def open_entities(portal: LivePortal) -> int:
    sql = "select count(*) from referentiels_structurefiness where type = 'ej' and ferme_le is null"
    with psycopg.connect(portal.database_url) as database:
        row = database.execute(sql).fetchone()
        return int(row[0]) if row else -1


@pytest.mark.feature("ROR-001")
@pytest.mark.security("REL-7", "ACC-1")
def test_a_good_file_goes_from_the_deposit_to_the_report_then_is_written(
    desk: Page, live_portal: LivePortal, tmp_path: Path, check_accessibility: Any
) -> None:
    desk.goto(live_portal.url + DEPOSIT)
    look(desk, check_accessibility)
    deposit(desk, live_portal, write_finess(tmp_path / "ej.csv", [*entities(40), "structureej;1"]))
    expect(desk.get_by_text("Le fichier est bon. Rien n’est encore écrit.")).to_be_visible(timeout=30_000)
    expect(desk.locator("dl.facts")).to_contain_text("Créés (structures)40")
    expect(desk.get_by_role("table")).to_contain_text("ligne trop courte : 2 champs au lieu de 23")
    look(desk, check_accessibility)
    assert open_entities(live_portal) == 0
    with desk.expect_download() as download:
        desk.get_by_role("link", name="Lignes refusées (CSV)").click()
    assert Path(download.value.path()).read_text("utf-8").splitlines()[1].startswith("42;ligne;")
    desk.get_by_role("button", name="Écrire ces changements").click()
    expect(desk.get_by_text("C’est fait : les changements sont écrits.")).to_be_visible(timeout=30_000)
    look(desk, check_accessibility)
    assert open_entities(live_portal) == 40


def test_a_truncated_file_is_refused_with_its_reason(
    desk: Page, live_portal: LivePortal, tmp_path: Path, check_accessibility: Any
) -> None:
    path = write_finess(tmp_path / "ej.csv", entities(5))
    path.write_bytes(path.read_bytes()[:-60])
    deposit(desk, live_portal, path)
    expect(desk.get_by_text("Ce fichier est refusé. Rien n’est écrit.")).to_be_visible(timeout=30_000)
    expect(desk.get_by_text("sa dernière ligne est incomplète")).to_be_visible()
    expect(desk.get_by_role("button", name="Écrire ces changements")).to_have_count(0)
    expect(desk.get_by_role("link", name="Déposer un autre fichier")).to_be_visible()
    look(desk, check_accessibility)


def test_a_file_that_closes_much_asks_before_it_writes(
    desk: Page, live_portal: LivePortal, tmp_path: Path, check_accessibility: Any
) -> None:
    live_portal.manage(
        "import_finess_juridique", str(write_finess(tmp_path / "a.csv", entities(40))), "--ecrire"
    )
    deposit(desk, live_portal, write_finess(tmp_path / "b.csv", entities(36)))
    expect(desk.get_by_text("Ce fichier demande votre accord.")).to_be_visible(timeout=30_000)
    expect(desk.get_by_text("fermerait 4 structures sur 40 (10,0 %)")).to_be_visible()
    look(desk, check_accessibility)
    desk.get_by_role("button", name="Écrire ces changements").click()
    expect(desk.get_by_role("alert")).to_contain_text("Cochez cette case")
    look(desk, check_accessibility)
    assert open_entities(live_portal) == 40
    desk.get_by_label("J’accepte que ce fichier ferme plus de 5 %").check()
    desk.get_by_role("button", name="Écrire ces changements").click()
    expect(desk.get_by_text("C’est fait : les changements sont écrits.")).to_be_visible(timeout=30_000)
    assert open_entities(live_portal) == 36


@contextmanager
def structures_locked(portal: LivePortal) -> Iterator[None]:
    """The import under way waits for its table."""
    with psycopg.connect(portal.database_url) as database:
        database.execute("lock table referentiels_structurefiness in access exclusive mode")
        yield
        database.rollback()


def test_two_files_deposited_at_once_are_both_read(
    desk: Page, live_portal: LivePortal, tmp_path: Path, check_accessibility: Any
) -> None:
    other = desk.context.new_page()
    with structures_locked(live_portal):
        deposit(desk, live_portal, write_finess(tmp_path / "a.csv", entities(3)))
        deposit(other, live_portal, write_finess(tmp_path / "b.csv", entities(4)))
        expect(desk.get_by_text("Vérification en cours.")).to_be_visible(timeout=30_000)
        expect(desk.get_by_role("progressbar")).to_be_visible()
        look(desk, check_accessibility)
    for tab in (desk, other):
        expect(tab.get_by_text("Le fichier est bon.")).to_be_visible(timeout=60_000)


def workers_of(portal: LivePortal) -> dict[int, int]:
    """Celery's processes of this portal: pid → parent."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes()
            given = (folder / "environ").read_bytes()
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if b"celery" in words and b"worker" in words and str(portal.folder).encode() in given:
            found[int(folder.name)] = parent
    return found


def test_a_worker_killed_half_way_is_told_and_the_import_starts_again(
    desk: Page, live_portal: LivePortal, tmp_path: Path, check_accessibility: Any
) -> None:
    with structures_locked(live_portal):
        deposit(desk, live_portal, write_finess(tmp_path / "a.csv", entities(3)))
        expect(desk.get_by_text("Vérification en cours.")).to_be_visible(timeout=30_000)
        processes = workers_of(live_portal)
        children = [
            pid for pid, parent in processes.items() if parent in processes and pid not in processes.values()
        ]
        assert children
        for child in children:
            os.kill(child, signal.SIGKILL)
    ago = "update referentiels_importrun set commence_le = commence_le - interval '5 minutes'"
    with psycopg.connect(live_portal.database_url, autocommit=True) as database:
        database.execute(ago)
    expect(desk.get_by_text("L’import s’est interrompu")).to_be_visible(timeout=30_000)
    look(desk, check_accessibility)
    assert open_entities(live_portal) == 0
    desk.get_by_role("button", name="Relancer cet import").click()
    expect(desk.get_by_text("Le fichier est bon.")).to_be_visible(timeout=60_000)
