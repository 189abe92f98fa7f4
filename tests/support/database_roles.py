"""The accounts of the database that own nothing, taken for the length of a test."""

from __future__ import annotations

from django.db import connection

from portal.common import database_rights
from portal.launcher import postgres


def make_roles() -> None:
    """Both roles, with the rights that a migration gives them."""
    with connection.cursor() as cursor:
        for role in (postgres.APPLICATION, postgres.READER):
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE ROLE {role}")
    database_rights.give("default")


def become_application() -> None:
    """What the product does next, it does as the account that runs it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {postgres.APPLICATION}")


def leave() -> None:
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
