"""Indexes set aside during a first load: building them once is several times faster than feeding them."""

from __future__ import annotations

from dataclasses import dataclass

from .staging import execute, rows, scalar

_FOUND = """
    select c.oid::regclass::text, pg_get_indexdef(c.oid), t.relname, con.conname, pg_get_constraintdef(con.oid)
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_class t on t.oid = i.indrelid
    left join pg_constraint con on con.conindid = c.oid and con.conrelid = t.oid
    where t.oid = any(%s::regclass[])
      and not exists (select from pg_constraint f where f.conindid = c.oid and f.contype = 'f')
    order by c.relname
"""

_NUMBERED = """
    select attrelid::regclass::text, attname from pg_attribute
    where attrelid = any(%s::regclass[]) and attidentity <> ''
"""


_OURS = "select bool_and(pg_has_role(relowner, 'USAGE')) from pg_class where oid = any(%s::regclass[])"


def are_ours(*tables: str) -> bool:
    """Whether this account owns these tables."""
    return bool(scalar(_OURS, [list(tables)]))


@dataclass(frozen=True, slots=True)
class SuspendedIndexes:
    """What to run to have the keys (primary and unique constraints) and the other indexes back."""

    keys: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    numbered: tuple[tuple[str, str], ...] = ()

    def build_keys(self) -> None:
        for table, column in self.numbered:
            execute(f"alter table {table} alter column {column} set cache 1")
        for statement in self.keys:
            execute(statement)

    def build_others(self) -> None:
        for statement in self.others:
            execute(statement)


def begin_first_load(table: str) -> SuspendedIndexes:
    """Set the indexes of a table nobody reads yet aside. Rows that a killed import left there are thrown away: nothing
    points to them."""
    indexes = suspend_indexes(table)
    execute(f"{'truncate' if are_ours(table) else 'delete from'} {table}")
    return indexes


def suspend_indexes(*tables: str, holding: str = "") -> SuspendedIndexes:
    """Drop the indexes and keys of `tables` (those whose definition holds this text); the caller builds them again
    before its transaction ends.

    Only for tables that are still empty: dropping an index shuts readers out until the commit, and nobody reads an
    empty directory. A failure rolls the transaction back, and every index with it. A key that another table refers
    to stays. Nothing is dropped by an account that does not own the tables (portal.common.database_rights): its first
    load feeds the indexes as it goes, and takes longer.
    """
    if not are_ours(*tables):
        return SuspendedIndexes()
    keys, others = [], []
    for index, definition, table, constraint, constraint_definition in rows(_FOUND, [list(tables)]):
        if holding not in definition:
            continue
        if constraint:
            execute(f'alter table {table} drop constraint "{constraint}"')
            keys.append(f'alter table {table} add constraint "{constraint}" {constraint_definition}')
        else:
            execute(f"drop index {index}")
            others.append(definition)
    numbered = tuple(rows(_NUMBERED, [list(tables)]))
    for table, column in numbered:
        # Numbers drawn by the thousand: a sequence met for each row costs a quarter of writing it.
        execute(f"alter table {table} alter column {column} set cache 1000")
    return SuspendedIndexes(tuple(keys), tuple(others), numbered)
