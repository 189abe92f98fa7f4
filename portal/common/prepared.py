"""Cursors whose statements PostgreSQL prepares once per connection: planning the joins of UserInfo costs ten times more
than running them. Counted and guarded like any other cursor of Django. For the few statements of every request.

settings.DATABASES sets `prepare_threshold`, without which psycopg never prepares (portal.settings.env).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

import psycopg
from django.db import connection
from django.db.models import AutoField, Model
from django.db.models.expressions import DatabaseDefault

M = TypeVar("M", bound=Model)


class _PreparedCursor(psycopg.Cursor[Any]):
    def execute(self, query: Any, params: Any = None, **options: Any) -> _PreparedCursor:
        try:
            super().execute(query, params, **{**options, "prepare": True})
        except psycopg.errors.FeatureNotSupported:
            # A migration changed the type of a column that the prepared statement returns: until this connection is
            # replaced, the statement is planned each time.
            if not self.connection.autocommit or connection.in_atomic_block:
                raise
            super().execute(query, params, **{**options, "prepare": False})
        return self


def cursor() -> Any:
    """As `connection.cursor()`, for statements of a fixed text; parameters travel apart from it."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    return connection._prepare_cursor(_PreparedCursor(connection.connection))  # type: ignore[attr-defined]


def run(statement: str, parameters: Any) -> int:
    """Number of rows the statement touched."""
    with cursor() as opened:
        opened.execute(statement, parameters)
        count: int = opened.rowcount
    return count


def row(statement: str, parameters: Any) -> tuple[Any, ...] | None:
    """First row of the answer."""
    with cursor() as opened:
        opened.execute(statement, parameters)
        found: tuple[Any, ...] | None = opened.fetchone()
    return found


@lru_cache(maxsize=32)
def columns(model: type[Model], alias: str) -> str:
    """Every column of a table, in the order `instance` reads them."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


@lru_cache(maxsize=32)
def _reading(model: type[Model]) -> tuple[list[str], list[tuple[int, Any, Any]]]:
    """Names of the fields, and those whose value the database gives in another form than Python's."""
    fields = model._meta.concrete_fields
    converted = [
        (index, converter, field.get_col(model._meta.db_table))
        for index, field in enumerate(fields)
        for converter in (
            *connection.ops.get_db_converters(field.get_col(model._meta.db_table)),
            *field.get_db_converters(connection),
        )
    ]
    return [field.attname for field in fields], converted


@lru_cache(maxsize=64)
def _inserting(model: type[Model], names: tuple[str, ...]) -> str:
    quoted = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(["%s"] * len(names))
    table, key = model._meta.db_table, model._meta.pk.column
    return f'INSERT INTO "{table}" ({quoted}) VALUES ({values}) RETURNING "{key}"'  # noqa: S608 — names of columns


def insert(new: M) -> M:
    """Write a new row as `save(force_insert=True)` would, without building the statement again. For models nobody hangs
    a signal on. A field left to its default of the database is not sent, and not read back."""
    sent = {}
    for field in new._meta.concrete_fields:
        value = field.pre_save(new, True)
        if isinstance(value, DatabaseDefault) or (value is None and isinstance(field, AutoField)):
            continue
        sent[str(field.column)] = field.get_db_prep_save(value, connection)
    found = row(_inserting(type(new), tuple(sent)), list(sent.values()))
    assert found is not None  # noqa: S101 — RETURNING answers for the row just written
    new.pk = found[0]
    new._state.adding, new._state.db = False, connection.alias
    return new


def instance(model: type[M], values: tuple[Any, ...]) -> M:
    """What the manager would give for this row."""
    names, converted = _reading(model)
    if converted:
        changed = list(values)
        for index, converter, expression in converted:
            changed[index] = converter(changed[index], expression, connection)
        values = tuple(changed)
    return model.from_db("default", names, values)
