"""What the roles that own nothing may do in the database (DAT-1, DAT-6).

The owner of the tables migrates them, imports whole national files from the command line and restores backups. The
role named after it with `_application` runs web, worker and scheduler: it reads and writes rows, but owns no table,
makes none outside the workshop of the imports, and of the journals may only read and add. The role with `_lecture`
reads the national data and the journals, for figures. Both are made by whoever administers the server
(docs/installation.md); a role that does not exist is given nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from django.apps import apps
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

APPLICATION, READER = "_application", "_lecture"
WORKSHOP = "atelier"
"""Schema of the working tables of an import, which no other session ever sees (portal.referentiels.importers)."""
READABLE_APPS = frozenset({"referentiels", "maillage"})
PURGE = "accounts_purge_journal(timestamptz, integer)"
_MAINTAIN_SINCE = 170_000


def give(using: str) -> None:
    """Rights on the tables of the account that asks; called at the end of each migration, forward or back."""
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, ARRAY(SELECT rolname::text FROM pg_roles WHERE rolname IN "
            "(current_user || %s, current_user || %s))",
            [APPLICATION, READER],
        )
        owner, roles = cursor.fetchone()
        there = set(connection.introspection.table_names(cursor))
        for suffix, rights in ((APPLICATION, _application), (READER, _reader)):
            if owner + suffix in roles:
                role = connection.ops.quote_name(owner + suffix)
                for what in rights(connection, there):
                    cursor.execute(f"{what} {'FROM' if what.startswith('REVOKE') else 'TO'} {role}")


def _application(connection: BaseDatabaseWrapper, there: Set[str]) -> Iterator[str]:
    usual, journals = _tables(there)
    yield "GRANT USAGE ON SCHEMA public"
    yield from _on(connection, "GRANT SELECT, INSERT, UPDATE, DELETE ON", usual)
    # An earlier version may have given more.
    yield from _on(connection, "REVOKE UPDATE, DELETE, TRUNCATE ON", journals)
    yield from _on(connection, "GRANT SELECT, INSERT ON", journals)
    for table, columns in journals.items():
        if columns:
            yield from _on(connection, f"GRANT UPDATE ({_list(connection, columns)}) ON", [table])
    yield "GRANT SELECT ON django_migrations"
    yield "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public"
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace(%s), to_regprocedure(%s)", [WORKSHOP, PURGE])
        workshop, purge = cursor.fetchone()
    if workshop:
        yield f"GRANT USAGE, CREATE ON SCHEMA {WORKSHOP}"
    if purge:
        yield f"GRANT EXECUTE ON FUNCTION {PURGE}"
    if connection.pg_version >= _MAINTAIN_SINCE:  # type: ignore[attr-defined]
        # VACUUM after an import; on an older server the autovacuum does it later.
        yield from _on(connection, "GRANT MAINTAIN ON", _of_apps({"referentiels"}, there))


def _reader(connection: BaseDatabaseWrapper, there: Set[str]) -> Iterator[str]:
    _, journals = _tables(there)
    yield "GRANT USAGE ON SCHEMA public"
    yield from _on(connection, "GRANT SELECT ON", [*_of_apps(READABLE_APPS, there), *journals])


def _tables(there: Set[str]) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Tables whose rows live and die, and the journals with the columns that may change after a row was added."""
    usual: list[str] = []
    journals: dict[str, tuple[str, ...]] = {}
    for model in _models(there):
        columns = getattr(model, "changeable_columns", None)
        if columns is None:
            usual.append(model._meta.db_table)
        else:
            journals[model._meta.db_table] = columns
    return usual, journals


def _of_apps(labels: Set[str], there: Set[str]) -> list[str]:
    return [model._meta.db_table for model in _models(there) if model._meta.app_label in labels]


def _models(there: Set[str]) -> Iterator[type[models.Model]]:
    """Those whose table is there: after a migration back, some are not."""
    return (
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.db_table in there
    )


def _on(connection: BaseDatabaseWrapper, words: str, tables: Iterable[str]) -> Iterator[str]:
    """One statement for all these tables, none when there are none."""
    if named := _list(connection, tables):
        yield f"{words} {named}"


def _list(connection: BaseDatabaseWrapper, names: Iterable[str]) -> str:
    return ", ".join(connection.ops.quote_name(name) for name in names)
