"""Staging tables: unlogged, all text, made and dropped inside the transaction of the import.

A killed import leaves nothing: the table never existed for anybody else (but the one that two sessions read: see
SecondSession.publish). Column names of staging tables are ours
(never the file's), so that no text of a file reaches the SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection, transaction

from portal.common.database_rights import WORKSHOP

from .entete import Entete
from .lignes import Care, Lignes

# How long an import waits for somebody else's lock.
LOCK_TIMEOUT = "60s"


class Staging:
    """An all-text unlogged table of the current transaction.

    `limits`: longest value of a column, in characters; a longer one fails the COPY (StringDataRightTruncation), which
    costs nothing, where a check by row costs half a microsecond. `kept`: the columns read afterwards. They come first
    in the rows; of the others only the first byte stays (type "char"), so that the file is read, written and walked
    over for half its size. All are kept when none is named.
    """

    def __init__(
        self,
        name: str,
        columns: Sequence[str],
        *,
        kept: Sequence[str] = (),
        limits: Mapping[str, int] | None = None,
    ) -> None:
        self.name = name
        self.columns = tuple(columns)
        self.kept = tuple(column for column in kept if column in self.columns)
        self.limits = limits or {}

    def create(self) -> None:
        """Also drops what an earlier import of the same transaction left."""
        ordered = [*self.kept, *(column for column in self.columns if column not in self.kept)]
        columns = [f'"{column}" {self._type(column)}' for column in ordered]
        execute(f"drop table if exists {self.name}")
        # Compression and statistics of a table read twice and dropped would only cost time.
        execute(f"create unlogged table {self.name} ({', '.join(columns)}) with (autovacuum_enabled = false)")

    def _type(self, column: str) -> str:
        if self.kept and column not in self.kept:
            return '"char"'
        return f"varchar({self.limits[column]})" if column in self.limits else "text"

    def drop(self) -> None:
        execute(f"drop table {self.name}")

    def copy_blocks(self, blocks: Iterable[bytes], *, separator: str = "\t") -> None:
        """COPY text blocks as they are; empty fields become NULL."""
        columns = ", ".join(f'"{column}"' for column in self.columns)
        statement = (
            f"copy {self.name} ({columns}) from stdin "
            f"(format text, delimiter '{separator}', null '', freeze true)"
        )
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for block in blocks:
                if block:
                    copy.write(block)

    def copy_rows(self, rows: Iterable[Sequence[str | None]]) -> int:
        """COPY rows of Python values, None as NULL; answers how many."""
        number = 0
        with connection.cursor() as cursor, cursor.copy(f"copy {self.name} from stdin (freeze true)") as copy:
            for row in rows:
                copy.write_row(row)
                number += 1
        return number


def load_delimited(staging: Staging, lines: Lignes, *, separator: str) -> Lignes:
    """COPY a delimited file into `staging`; what the COPY refuses is read again with more care.

    Raises StringDataRightTruncation when a value passes the limits of `staging`: the caller stages without limits.
    """
    while True:
        try:
            # COPY FREEZE wants the table made in the same subtransaction.
            with transaction.atomic():
                staging.create()
                staging.copy_blocks(lines, separator=separator)
            return lines
        except psycopg.errors.StringDataRightTruncation:
            raise
        except (psycopg.errors.BadCopyFileFormat, psycopg.DataError):
            if lines.care is Care.CAREFUL:
                raise
            lines = lines.again(Care(lines.care + 1))


def staging_columns(entete: Entete) -> list[str]:
    """Our names for the columns we know, `x<rank>` for the others, one more for a trailing separator."""
    ours = {position: name for name, position in entete.positions.items()}
    return [ours.get(rank, f"x{rank}") for rank in range(entete.separators + 1)]


def execute(sql: str, parameters: Any = None) -> int:
    """Run one statement; answers the number of rows touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def tell_size(table: str) -> None:
    """Let the planner know how many rows a working table has: 300 of them are read, where ANALYZE reads 30 000.

    Without it the planner takes the file for the small side of every join.
    """
    execute("set local default_statistics_target = 1")
    execute(f"analyze {table}")
    execute("reset default_statistics_target")


def scalar(sql: str, parameters: Any = None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
        return row[0] if row else None


def rows(sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def bulk_settings() -> None:
    """Memory and plan settings of a big set-based transaction, for this transaction only."""
    settings = (
        ("work_mem", "256MB"),
        ("maintenance_work_mem", "256MB"),
        ("hash_mem_multiplier", "2"),
        ("synchronous_commit", "on"),
        ("jit", "off"),
        # Two sessions share a first load already; and the first of several rows met is that of the file.
        ("max_parallel_workers_per_gather", "0"),
        ("statement_timeout", "0"),
        # They also wait for each other.
        ("idle_in_transaction_session_timeout", "0"),
        # Two sessions of one import may wait for a reader that waits for one of them: the server cannot tell.
        ("lock_timeout", LOCK_TIMEOUT),
        ("synchronize_seqscans", "off"),
        # A killed import frees the database within seconds, not at the end of the statement under way.
        ("client_connection_check_interval", "2s"),
        # Working tables are made there: the account that runs the portal may make none among ours.
        ("search_path", f"{WORKSHOP}, public"),
    )
    asked = ", ".join(["set_config(%s, %s, true)"] * len(settings))
    execute(f"select {asked}", [word for setting in settings for word in setting])
