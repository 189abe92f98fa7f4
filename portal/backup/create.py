"""Making a backup: one snapshot of the database, then the files and the secrets, into one encrypted file (REL-12)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from portal.backup import files, keys, tables
from portal.backup.archive import ArchiveWriter
from portal.backup.cipher import SealedWriter
from portal.backup.errors import BackupError

FORMAT = 1
SUFFIX = ".sauvegarde"

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Made:
    path: Path
    tables: int
    rows: int
    files: int
    size: int
    seconds: float


def target(wanted: Path, now: datetime) -> Path:
    """The file to write: `wanted`, or one named after the platform and the instant when it is a folder."""
    if wanted.is_dir():
        wanted = wanted / f"portail-{settings.PLATEFORME}-{now:%Y%m%dT%H%M%SZ}{SUFFIX}"
    if wanted.exists():
        raise BackupError(f"Le fichier {wanted} existe déjà : il n'est pas remplacé.")
    return wanted


def back_up(wanted: Path, passphrase: bytes) -> Made:
    """Write a backup while the portal serves. The file appears whole or not at all. Raises BackupError."""
    began = time.monotonic()
    now = timezone.now()
    path = target(wanted, now)
    with _whole_or_absent(path) as file:
        with SealedWriter(file, passphrase) as sealed:
            archive = ArchiveWriter(sealed)
            with _snapshot():
                found = tables.present()
                tables.hold(found)
                archive.add("manifest", "", _manifest(found, now))
                archive.add("secrets", "", keys.ours())
                rows = sum(_add_table(archive, table) for table in found)
                archive.add("sequences", "", tables.sequences())
            count = _add_files(archive)
            archive.finish()
        size = file.tell()
    made = Made(path, len(found), rows, count, size, time.monotonic() - began)
    logger.info("backup_made", count=rows, duration_ms=round(made.seconds * 1000))
    return made


@contextmanager
def _snapshot() -> Iterator[None]:
    """One unchanging view of the database for all the tables; the portal reads and writes meanwhile."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
        tables.write_alike()
        yield


def _manifest(found: list[tables.Table], now: datetime) -> dict[str, Any]:
    applied = MigrationRecorder(connection).applied_migrations()
    return {
        "format": FORMAT,
        "at": now.isoformat(),
        "plateforme": settings.PLATEFORME,
        "postgresql": tables.server_version(),
        "migrations": sorted(map(list, applied)),
        "tables": [table.as_json() for table in found],
    }


def _add_table(archive: ArchiveWriter, table: tables.Table) -> int:
    with archive.entry("table", table.name) as entry:
        rows = tables.read(table, entry.write)
        entry.tail["rows"] = rows
    return rows


def _add_files(archive: ArchiveWriter) -> int:
    """After the tables: a file named by a row was there before the row. One that went meanwhile is left out."""
    count = 0
    for found in files.walk():
        try:
            mode = found.path.stat().st_mode & 0o777
            content = files.blocks(found.path)
            first = next(content, b"")
        except FileNotFoundError:
            continue
        with archive.entry("file", found.name, mode=mode) as entry:
            entry.write(first)
            for block in content:
                entry.write(block)
        count += 1
    return count


@contextmanager
def _whole_or_absent(path: Path) -> Iterator[BinaryIO]:
    """A file beside `path`, readable by us only, put in its place once it is on the disk."""
    draft = path.with_name(f".{path.name}.en-cours")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except OSError as error:
        raise BackupError(
            f"La sauvegarde n'a pas pu être écrite dans {path.parent} : {error.strerror}."
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink()
