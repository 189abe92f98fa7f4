"""A backup made of a database in use, restored elsewhere by the real command, and compared by other means than ours."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import sql

from accounts import journal, journal_seal, keyed
from accounts.models import SecurityEvent, User
from portal.backup import create, files, keys, restore
from portal.backup.errors import BackupError
from portal.hub.oidc.keys import forget_ring, ring
from portal.launcher.place import ROOT
from tests.conftest import _own_database

pytestmark = [pytest.mark.security("REL-12"), pytest.mark.django_db(transaction=True)]
ODD = "Zoë\tœuvre\\N « l’été »\n\\.\nfin 😀"


@pytest.fixture
def place(tmp_path: Path, settings: Any) -> Path:
    """Data folders of this test, with two files that somebody sent."""
    settings.VAR_DIR = tmp_path / "var"
    settings.MEDIA_ROOT = tmp_path / "var" / "depots"
    (settings.MEDIA_ROOT / "a" / "b").mkdir(parents=True)
    (settings.MEDIA_ROOT / "a" / "b" / "pièce.pdf").write_bytes(os.urandom(600_000))
    (settings.VAR_DIR / "imports").mkdir()
    (settings.VAR_DIR / "imports" / "vide.csv").touch()
    (settings.MEDIA_ROOT / "lien").symlink_to("/etc/passwd")
    return tmp_path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "cle"
    path.write_text("0123456789abcdefghijklmnopqrstuvwxyz-cle-de-sauvegarde\n")
    return path


@pytest.fixture
def people(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[User]:
    """Somebody, a sealed journal, a signing key, texts that a careless copy would damage."""
    user = User.objects.create_user("maud.lestienne", email="maud@example.org", nom=ODD, prenom="")
    for number in range(5):
        journal.record(journal.Action.SIGN_IN, subject=user, reason=ODD, number=number, empty=None)
    monkeypatch.setattr(journal_seal, "MARGIN", timedelta(seconds=-60))
    monkeypatch.setattr(journal_seal, "_OLDEST_TRANSACTION", "SELECT NULL, false")
    assert journal_seal.seal_pending() == 5
    forget_ring()  # another test may have left keys of rows that are gone
    ring()
    yield user
    forget_ring()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """Runs manage.py on an empty database and folder of its own; `.url` is the database's address."""
    url = _own_database("restauration")

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "VAR_DIR": str(tmp_path / "autre"),
            "DJANGO_SETTINGS_MODULE": "portal.settings.test",
            **more,
        }
        command = [sys.executable, str(ROOT / "manage.py"), *words]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=180
        )

    run.url = url  # type: ignore[attr-defined]
    yield run
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as own:
        name = url.split("?")[0].rsplit("/", 1)[1]
        own.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def contents(link: Any) -> dict[str, tuple[int, str]]:
    """Rows and digest of every table, computed by the server itself: nothing of the backup's code."""
    names = link.execute(
        "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'"
    ).fetchall()
    link.execute("set timezone to 'UTC'")
    found = {}
    for (name,) in names:
        rows = sql.SQL("select md5(t::text) as line from {} t").format(sql.Identifier(name))
        query = sql.SQL(
            "select count(*), coalesce(md5(string_agg(line, '' order by line)), '') from ({}) lines"
        )
        found[name] = link.execute(query.format(rows)).fetchone()
    numbers = link.execute("select sequencename, last_value from pg_sequences").fetchall()
    return found | {f"sequence {name}": (value or 0, "") for name, value in numbers}


def digests(folder: Path) -> dict[str, str]:
    found = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def ours() -> dict[str, tuple[int, str]]:
    with psycopg.connect(**connection.get_connection_params()) as link:
        return contents(link)


def saved(place: Path, key: Path) -> Path:
    out = StringIO()
    call_command("sauvegarder", str(place), "--cle", str(key), stdout=out)
    (path,) = place.glob("*.sauvegarde")
    assert str(path) in out.getvalue()
    return path


def test_everything_comes_back_in_an_empty_place(
    place: Path, key: Path, people: User, elsewhere: Any, settings: Any
) -> None:
    file = saved(place, key)
    before = ours()
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"maud" not in file.read_bytes()

    done = elsewhere("restaurer", str(file), "--cle", str(key))

    assert done.returncode == 0, done.stderr
    assert "empreintes identiques" in done.stdout
    assert "chaîne intacte, 5 lignes scellées" in done.stdout
    with psycopg.connect(elsewhere.url) as link:
        after = contents(link)
        assert after == before
        assert before["accounts_user"][0] == 1
        assert before["hub_openidkey"][0] > 0
        assert link.execute("select nom from accounts_user").fetchone() == (ODD,)
        # The defences sleep during the load only: the journal is append-only again.
        with pytest.raises(psycopg.DatabaseError, match="Cannot delete"):
            link.execute("delete from accounts_securityevent")
    assert digests(place / "autre") == digests(place / "var")
    assert "depots/a/b/pièce.pdf" in digests(place / "autre")
    assert "depots/lien" not in digests(place / "autre")

    again = elsewhere("restaurer", str(file), "--cle", str(key))
    assert again.returncode == 1
    assert "n'est pas vide : rien n'est changé" in again.stderr
    assert "le nom de la base" in elsewhere("restaurer", str(file), "--cle", str(key), "--ecraser").stderr

    with psycopg.connect(elsewhere.url) as link:
        link.execute("update accounts_user set prenom = 'changé'")
    (place / "autre" / "depots" / "de-trop").write_text("x")
    name = elsewhere.url.split("?")[0].rsplit("/", 1)[1]
    words = ("--ecraser", "--confirmer", name, "--fermer-les-sessions")
    erased = elsewhere("restaurer", str(file), "--cle", str(key), *words)
    assert erased.returncode == 0, erased.stderr
    assert "Sessions fermées : 0" in erased.stdout
    with psycopg.connect(elsewhere.url) as link:
        assert contents(link) == before
    assert digests(place / "autre") == digests(place / "var")


def test_a_backup_of_an_older_version_is_brought_up_to_this_one(
    place: Path, key: Path, elsewhere: Any
) -> None:
    """Made before a migration existed: loaded as it was, then migrated; into tables of today, it is refused."""
    assert elsewhere("migrate", "--noinput").returncode == 0
    assert elsewhere("migrate", "sessions", "zero").returncode == 0
    saved = elsewhere("sauvegarder", str(place / "ancienne"), "--cle", str(key))
    assert saved.returncode == 0, saved.stderr
    url = _own_database("restauration_plus_tard")
    done = elsewhere("restaurer", str(place / "ancienne"), "--cle", str(key), DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    with psycopg.connect(url, autocommit=True) as link:
        applied = link.execute("select count(*) from django_migrations where app = 'sessions'").fetchone()
        assert applied == (1,)
        assert link.execute("select count(*) from django_session").fetchone() == (0,)
    with pytest.raises(BackupError, match="plus récentes que la sauvegarde"):
        restore.restore(place / "ancienne", keys.passphrase(str(key)), erase=True)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as own:
        name = url.split("?")[0].rsplit("/", 1)[1]
        own.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def test_a_file_that_is_not_sound_changes_nothing(
    place: Path, key: Path, people: User, elsewhere: Any
) -> None:
    content = saved(place, key).read_bytes()
    other = place / "autre-cle"
    other.write_text("une-autre-cle-tout-aussi-longue-que-la-premiere-0123\n")
    bad = place / "mauvais.sauvegarde"
    middle = bytearray(content)
    middle[len(content) // 2] ^= 1
    cases = [
        (content, other, "n'est pas celle de cette sauvegarde"),
        (content[: len(content) // 2], key, "coupée"),
        (content[:-1], key, "coupée"),
        (bytes(middle), key, "modifiée"),
        (b"PK\x03\x04" + content, key, "n'est pas une sauvegarde du portail"),
        (b"", key, "n'est pas une sauvegarde du portail"),
    ]
    for written, used, sentence in cases:
        bad.write_bytes(written)
        with pytest.raises(BackupError, match=sentence):
            restore.restore(bad, keys.passphrase(str(used)))
    done = elsewhere("restaurer", str(bad), "--cle", str(key))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    with psycopg.connect(elsewhere.url) as link:
        assert contents(link) == {}


def test_a_backup_is_read_over_without_touching_anything(place: Path, key: Path, people: User) -> None:
    file, out, before = saved(place, key), StringIO(), ours()
    call_command("restaurer", str(file), "--cle", str(key), "--verifier", stdout=out)
    assert "lisible et entière : enrs-idf" in out.getvalue()
    assert "2 fichiers" in out.getvalue()
    assert ours() == before


def test_the_snapshot_is_one_instant_while_people_go_on(
    place: Path, key: Path, people: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Somebody signs up, and somebody's row is written again, after the first table was read."""
    add_table, done = create._add_table, []

    def meanwhile(archive: Any, table: Any) -> int:
        if not done:
            with psycopg.connect(**connection.get_connection_params()) as link:
                link.execute("update accounts_user set nom = 'après'")
            done.append(True)
        return add_table(archive, table)

    monkeypatch.setattr(create, "_add_table", meanwhile)
    made = create.back_up(tmp_path / "f", keys.passphrase(str(key)))
    assert User.objects.get().nom == "après"
    with restore._opened(made.path, keys.passphrase(str(key))) as found:
        text = b"".join(
            b for e in found if (e.kind, e.name) == ("table", "accounts_user") for b in e.blocks()
        )
    assert "après" not in text.decode()
    assert "Zoë" in text.decode()


def test_secrets_travel_inside_and_foreign_ones_are_asked_for_first(
    place: Path, key: Path, people: User, settings: Any
) -> None:
    file = saved(place, key)
    kept = keyed.encrypt("secret d'authentification")
    call_command(
        "restaurer", str(file), "--cle", str(key), "--secrets", str(place / "sortis"), stdout=StringIO()
    )
    assert (place / "sortis" / "secret_key").read_text() == settings.SECRET_KEY
    assert (place / "sortis" / "code_pepper").stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="existe déjà"):
        call_command("restaurer", str(file), "--cle", str(key), "--secrets", str(place / "sortis"))

    was, settings.SECRET_KEY = settings.SECRET_KEY, "y" * 60
    with pytest.raises(CommandError, match="--secrets DOSSIER"):
        call_command(
            "restaurer",
            str(file),
            "--cle",
            str(key),
            "--ecraser",
            "--confirmer",
            settings.DATABASES["default"]["NAME"],
        )
    settings.SECRET_KEY_FALLBACKS = [was]
    assert keys.can_open({"SECRET_KEY": was, "CODE_PEPPER": settings.CODE_PEPPER})
    assert keyed.decrypt(kept) == "secret d'authentification"


def test_another_platform_s_backup_is_refused(place: Path, key: Path, people: User, settings: Any) -> None:
    file = saved(place, key)
    settings.PLATEFORME = "entractes"
    with pytest.raises(CommandError, match="PLATEFORME=enrs-idf"):
        call_command("restaurer", str(file), "--cle", str(key))


def test_a_backup_of_a_newer_version_is_refused_by_name(
    place: Path, key: Path, people: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = create._manifest

    def newer(*words: Any) -> dict[str, Any]:
        found = manifest(*words)
        return {**found, "migrations": [*found["migrations"], ["hub", "9999_demain"]]}

    monkeypatch.setattr(create, "_manifest", newer)
    file = saved(place, key)
    with pytest.raises(BackupError, match=r"hub\.9999_demain inconnue"):
        restore.restore(file, keys.passphrase(str(key)), erase=True)


def test_a_content_that_changed_on_the_way_is_not_kept(
    place: Path, key: Path, people: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fingerprints are computed again from what the database holds, before anything is kept."""
    file, before = saved(place, key), ours()
    wake = restore.tables.wake_triggers

    def spoil(found: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("update accounts_user set prenom = 'abîmé'")
        wake(found)

    monkeypatch.setattr(restore.tables, "wake_triggers", spoil)
    with pytest.raises(BackupError, match="accounts_user n'a pas l'empreinte"):
        restore.restore(file, keys.passphrase(str(key)), erase=True)
    assert ours() == before
    assert not any(folder.joinpath(".restauration").exists() for folder in files.folders().values())


def test_a_destination_that_cannot_be_written_leaves_nothing(
    place: Path, key: Path, people: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = saved(place, key)
    with pytest.raises(CommandError, match="existe déjà"):
        call_command("sauvegarder", str(file), "--cle", str(key))
    with pytest.raises(CommandError, match="n'a pas pu être écrite"):
        call_command("sauvegarder", str(place / "absent" / "f"), "--cle", str(key))

    def full(*_words: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(create, "_add_table", full)
    with pytest.raises(CommandError, match="No space left"):
        call_command("sauvegarder", str(place / "plein"), "--cle", str(key))
    assert not list(place.glob("*plein*"))


def test_without_a_key_the_command_says_how_to_make_one(place: Path, settings: Any) -> None:
    with pytest.raises(CommandError, match="BACKUP_KEY_FILE"):
        call_command("sauvegarder", str(place))
    with pytest.raises(CommandError, match="ne se lit pas"):
        call_command("sauvegarder", str(place), "--cle", str(place / "absente"))


def test_the_backup_is_journalled_before_the_snapshot(place: Path, key: Path, people: User) -> None:
    saved(place, key)
    assert SecurityEvent.objects.filter(action="database_saved").count() == 1
