"""Restoring a backup into an empty place, then proving that it is the same (REL-12).

Everything goes in one transaction, which is kept only once the last chunk of the file has proved sound and every table
gives the fingerprint that it had: a file that is cut, altered or opened with another key changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from accounts import journal_seal, sessions
from accounts.models import User, UserSession
from portal.backup import create, files, keys, tables
from portal.backup.archive import Entry, entries
from portal.backup.cipher import SealedReader
from portal.backup.errors import BackupError, SealBroken
from portal.messaging.selectors import outbox_figures

logger = structlog.get_logger(__name__)

WITNESSES = ("accounts_user", "accounts_securityevent")
"""A database whose migrations have just been applied holds no row of these: it counts as empty."""


@dataclass
class Restored:
    """What was done, and what the checks said."""

    at: str = ""
    plateforme: str = ""
    tables: int = 0
    rows: int = 0
    files: int = 0
    seconds: float = 0.0
    journal: journal_seal.Verdict = field(default_factory=lambda: journal_seal.Verdict(0, 0, None))
    waiting_messages: int = 0


@dataclass(frozen=True)
class Contents:
    """What a backup says of itself and was found to hold."""

    manifest: dict[str, Any]
    rows: int
    files: int


def look_through(path: Path, passphrase: bytes) -> Contents:
    """Read a backup to its end without writing anything. Raises SealBroken when it is not sound."""
    with _opened(path, passphrase) as found:
        manifest, rows, count = _manifest(next(found)), 0, 0
        for entry in found:
            entry.skip()
            rows += int(entry.tail.get("rows", 0))
            count += entry.kind == "file"
    return Contents(manifest, rows, count)


def take_secrets_out(path: Path, passphrase: bytes, folder: Path) -> list[Path]:
    """Write the secrets of a backup in `folder`, for a machine that has others. Nothing else is touched."""
    with _opened(path, passphrase) as found:
        _manifest(next(found))
        return keys.write(_secrets(next(found)), folder)


def restore(path: Path, passphrase: bytes, *, erase: bool = False) -> Restored:
    """Put a backup in the database and the folders of the settings. Raises BackupError; nothing is changed then,
    but for the tables that the migrations made in a database that had none.
    """
    began = time.monotonic()
    look_through(path, passphrase)
    with _opened(path, passphrase) as found:
        manifest = _manifest(next(found))
        _require_our_secrets(_secrets(next(found)))
        require_room(erase=erase)
        _make_tables(manifest)
        restored = Restored(at=str(manifest["at"]), plateforme=str(manifest["plateforme"]))
        _fill(manifest, found, restored)
    _catch_up()
    restored.journal = journal_seal.verify()
    restored.waiting_messages = outbox_figures().waiting
    restored.seconds = time.monotonic() - began
    logger.info("backup_restored", count=restored.rows, duration_ms=round(restored.seconds * 1000))
    return restored


def close_sessions() -> int:
    """End every open session with what it opened elsewhere: some were ended after the backup was made (SES-4)."""
    signed_in = User.objects.filter(portal_sessions__in=UserSession.objects.filter(ended_at=None)).distinct()
    return sum(sessions.end_all(user, "backup_restored") for user in signed_in.order_by("pk").iterator())


# --- before ------------------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path, passphrase: bytes) -> Iterator[Iterator[Entry]]:
    try:
        with path.open("rb") as file:
            yield entries(SealedReader(file, passphrase))
    except OSError as error:
        raise BackupError(f"{error.filename or path} : {error.strerror}.") from error


def _manifest(entry: Entry) -> dict[str, Any]:
    found = entry.content() if entry.kind == "manifest" else {}
    if found.get("format") != create.FORMAT:
        raise SealBroken(
            "Cette sauvegarde a été faite par une autre version du portail, qui ne se relit pas ici."
        )
    theirs, ours = str(found["plateforme"]), str(settings.PLATEFORME)
    if theirs != ours:
        raise BackupError(
            f"Cette sauvegarde est celle de la plateforme « {theirs} », ce portail est « {ours} » : "
            f"lancez la commande avec PLATEFORME={theirs}."
        )
    return dict(found)


def _secrets(entry: Entry) -> dict[str, str]:
    if entry.kind != "secrets":
        raise SealBroken("Cette sauvegarde ne contient pas les secrets du portail : elle n'est pas lue.")
    return dict(entry.content())


def _require_our_secrets(saved: dict[str, str]) -> None:
    if not keys.can_open(saved):
        raise BackupError(
            "Les secrets de cette machine (SECRET_KEY, CODE_PEPPER) ne sont pas ceux de la sauvegarde : ce qu'elle "
            "contient serait illisible. Sortez-les d'abord par --secrets DOSSIER, mettez-les en place, puis relancez."
        )


def is_empty() -> bool:
    """Whether the database holds nobody: no table, or tables just made by the migrations."""
    names = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for witness in names & set(WITNESSES):
            cursor.execute(sql.SQL("select exists (select from {})").format(sql.Identifier(witness)))
            if cursor.fetchone()[0]:
                return False
    return not names or names >= set(WITNESSES)


def require_room(*, erase: bool) -> None:
    if erase:
        return
    if not is_empty():
        raise BackupError(
            f"La base « {connection.settings_dict['NAME']} » n'est pas vide : rien n'est changé. Restaurez dans "
            "une base vide, ou ajoutez --ecraser pour remplacer tout ce qu'elle contient."
        )
    if occupied := files.occupied():
        raise BackupError(
            f"Le dossier {occupied[0]} n'est pas vide : rien n'est changé. Videz-le, ou ajoutez --ecraser."
        )


def _make_tables(manifest: dict[str, Any]) -> None:
    """The tables as they were when the backup was made, by the migrations of this version of the portal."""
    wanted = {(str(app), str(name)) for app, name in manifest["migrations"]}
    executor = MigrationExecutor(connection)
    if unknown := wanted - set(executor.loader.disk_migrations or {}):
        app, name = sorted(unknown)[0]
        raise BackupError(
            f"Cette sauvegarde vient d'une version plus récente du portail (migration {app}.{name} inconnue ici) : "
            "restaurez-la avec cette version."
        )
    applied = set(MigrationRecorder(connection).applied_migrations())
    if applied - wanted:
        raise BackupError(
            "Les tables de cette base sont plus récentes que la sauvegarde : restaurez dans une base sans aucune table."
        )
    if wanted - applied:
        executor.migrate(_last_of(wanted, executor))


def _last_of(wanted: set[tuple[str, str]], executor: MigrationExecutor) -> list[tuple[str, str]]:
    """The migrations that no other wanted one needs: asking for an earlier one too would mean going back to it."""
    nodes = executor.loader.graph.node_map
    known = [key for key in wanted if key in nodes]  # a squashed one stands for those it replaced
    return sorted(key for key in known if not {child.key for child in nodes[key].children} & wanted)


# --- the transaction ----------------------------------------------------------------------------------


def _fill(manifest: dict[str, Any], found: Iterator[Entry], restored: Restored) -> None:
    waiting = files.Staging()
    try:
        with transaction.atomic(durable=True):
            tables.write_alike()
            _load(manifest, found, restored, waiting)
    except DatabaseError as error:
        waiting.discard()
        raise BackupError(
            f"La base a refusé la restauration, rien n'est changé : {_first_line(error)}"
        ) from error
    except BaseException:
        waiting.discard()
        raise
    waiting.move_in()
    restored.files = waiting.count


def _load(
    manifest: dict[str, Any], found: Iterator[Entry], restored: Restored, waiting: files.Staging
) -> None:
    here = {table.name: table for table in tables.present()}
    saved = {table.name: table for table in map(tables.Table.from_json, manifest["tables"])}
    _require_same_columns(here, saved)
    asleep = tables.put_triggers_to_sleep()
    tables.empty(here.values())
    expected: dict[str, tables.Fingerprint] = {}
    numbers: dict[str, int | None] = {}
    for entry in found:
        if entry.kind == "table":
            tables.load(saved[entry.name], entry.blocks())
            expected[entry.name] = tables.Fingerprint(int(entry.tail["rows"]), str(entry.tail["sha256"]))
        elif entry.kind == "sequences":
            numbers = entry.content()
        elif entry.kind == "file":
            waiting.keep(entry.name, entry.blocks(), int(entry.head["mode"]))
    tables.set_sequences(numbers)
    tables.wake_triggers(asleep)
    _require_same_content(saved, expected)
    restored.tables, restored.rows = len(expected), sum(one.rows for one in expected.values())


def _require_same_columns(here: dict[str, tables.Table], saved: dict[str, tables.Table]) -> None:
    for name, table in saved.items():
        if name not in here or set(here[name].columns) != set(table.columns):
            raise BackupError(
                f"La table {name} n'est pas ici ce qu'elle était dans la sauvegarde : restaurez avec la version du "
                "portail qui l'a faite."
            )


def _require_same_content(saved: dict[str, tables.Table], expected: dict[str, tables.Fingerprint]) -> None:
    if missing := set(saved) - set(expected):
        raise SealBroken(f"La table {min(missing)} manque dans la sauvegarde : rien n'est changé.")
    for name, before in expected.items():
        now = tables.fingerprint(saved[name])
        if now != before:
            raise BackupError(
                f"La table {name} n'a pas l'empreinte de la sauvegarde ({now.rows} lignes au lieu de {before.rows}) : "
                "rien n'est gardé."
            )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


# --- after --------------------------------------------------------------------------------------------


def _catch_up() -> None:
    """Migrations added since the backup, fresh statistics, and no memory of what the database was."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command(
            "migrate", interactive=False, verbosity=0
        )  # the whole command: it also makes the new permissions
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    try:
        cache.clear()
    except Exception as error:  # noqa: BLE001  the cache clients raise errors of their own; nothing there is the truth
        logger.warning("cache_not_cleared", error=type(error).__name__.lower())
