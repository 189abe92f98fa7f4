"""Tables out of a database and into another one by COPY, with the fingerprint of what they hold.

No program of PostgreSQL is needed, so the version of the server and of the machine do not matter: the same command
works in the demo, in the container and on any system. The schema is not copied: the migrations of the product make it.
Rows leave in the order of the key, written the same way everywhere: the fingerprint depends on the content alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection
from psycopg import sql

LOCK_TIMEOUT = "10s"
_WRITTEN_ALIKE = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "extra_float_digits": "3",
    "bytea_output": "hex",
    "lock_timeout": LOCK_TIMEOUT,
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}


@dataclass(frozen=True)
class Table:
    """`key`: columns that order the rows, with whether they are text (compared byte by byte)."""

    name: str
    columns: tuple[str, ...]
    key: tuple[tuple[str, bool], ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Table:
        key = tuple((str(name), bool(text)) for name, text in found["key"])
        return cls(str(found["name"]), tuple(map(str, found["columns"])), key)

    def copy_out(self) -> sql.Composed:
        columns = sql.SQL(", ").join(map(sql.Identifier, self.columns))
        words = [
            sql.SQL('{} collate "C"' if is_text else "{}").format(sql.Identifier(name))
            for name, is_text in self.key
        ]
        order = sql.SQL(" order by {}").format(sql.SQL(", ").join(words)) if words else sql.SQL("")
        return sql.SQL("copy (select {} from {}{}) to stdout").format(
            columns, sql.Identifier(self.name), order
        )

    def copy_in(self) -> sql.Composed:
        columns = sql.SQL(", ").join(map(sql.Identifier, self.columns))
        return sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(self.name), columns)


@dataclass(frozen=True)
class Fingerprint:
    rows: int
    sha256: str


def write_alike() -> None:
    """For the current transaction: texts of dates and numbers do not depend on the server's settings."""
    with connection.cursor() as cursor:
        for name, value in _WRITTEN_ALIKE.items():
            cursor.execute("select set_config(%s, %s, true)", [name, value])


def present() -> list[Table]:
    """Permanent tables of the product, by name. Unlogged ones are work in progress of an import: left out."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return [Table(name, tuple(columns), _key(columns, key)) for name, columns, key in cursor.fetchall()]


def _key(columns: list[str], key: list[list[Any]] | None) -> tuple[tuple[str, bool], ...]:
    """The primary key; without one, all columns give an order as well."""
    return tuple((str(name), bool(text)) for name, text in key or [[name, False] for name in columns])


def hold(tables: Iterable[Table]) -> None:
    """No migration may change the tables while we read them; reads and writes go on."""
    names = sql.SQL(", ").join(sql.Identifier(table.name) for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("lock table {} in access share mode").format(names))


def read(table: Table, write: Callable[[bytes | memoryview], None]) -> int:
    """Give the rows of a table to `write`, block by block; their number."""
    with connection.cursor() as cursor:
        with cursor.copy(table.copy_out()) as copy:
            for block in copy:
                write(block)
        return int(cursor.rowcount)


def fingerprint(table: Table) -> Fingerprint:
    digest = hashlib.sha256()
    rows = read(table, digest.update)
    return Fingerprint(rows, digest.hexdigest())


def load(table: Table, blocks: Iterable[bytes]) -> None:
    with connection.cursor() as cursor, cursor.copy(table.copy_in()) as copy:
        for block in blocks:
            copy.write(block)


def sequences() -> dict[str, int | None]:
    """Last number given by each sequence, None when it gave none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select sequencename, last_value from pg_sequences where schemaname = current_schema()"
        )
        return {str(name): value for name, value in cursor.fetchall()}


def set_sequences(values: dict[str, int | None]) -> None:
    with connection.cursor() as cursor:
        for name, value in values.items():
            quoted = connection.ops.quote_name(name)
            if value is None:
                cursor.execute(
                    "select setval(seqrelid::regclass, seqstart, false) from pg_sequence "
                    "where seqrelid = %s::regclass",
                    [quoted],
                )
            else:
                cursor.execute("select setval(%s::regclass, %s, true)", [quoted, value])


def empty(tables: Iterable[Table]) -> None:
    """What the migrations seeded goes: the backup holds it too."""
    names = sql.SQL(", ").join(sql.Identifier(table.name) for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("truncate {}").format(names))


def put_triggers_to_sleep() -> list[tuple[str, str]]:
    """Disable the triggers of the product for the load (histories and seals are in the backup); (table, trigger) each.

    The owner of the tables may do it, and no other session ever sees it: the transaction holds the tables.
    Foreign keys stay checked.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TRIGGERS)
        found = [(str(table), str(trigger)) for table, trigger in cursor.fetchall()]
    _triggers("disable", found)
    return found


def wake_triggers(found: list[tuple[str, str]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
    _triggers("enable", found)


def _triggers(word: str, found: list[tuple[str, str]]) -> None:
    statement = sql.SQL("alter table {} " + word + " trigger {}")
    with connection.cursor() as cursor:
        for table, trigger in found:
            cursor.execute(statement.format(sql.Identifier(table), sql.Identifier(trigger)))


def server_version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("show server_version")
        return str(cursor.fetchone()[0])


_TABLES = """
select c.relname,
       (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''),
       (select json_agg(json_build_array(a.attname, a.attcollation <> 0) order by k.rank)
          from pg_index i
          cross join lateral unnest(i.indkey) with ordinality as k(attnum, rank)
          join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
         where i.indrelid = c.oid and i.indisprimary)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = current_schema() and c.relkind in ('r', 'p') and c.relpersistence = 'p' and not c.relispartition
 order by c.relname collate "C"
"""
_TRIGGERS = """
select c.relname, t.tgname
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
 where n.nspname = current_schema() and not t.tgisinternal and t.tgenabled = 'O' and t.tgparentid = 0
 order by 1, 2
"""
