"""Reading an open partner application, at every call of a partner: one prepared statement, never kept between calls,
so that an application that is closed or changed is so at once."""

from __future__ import annotations

from functools import lru_cache

from portal.common import prepared
from portal.hub.oidc.models import OpenIdClient

MAX_CLIENT_ID = 80
_AGREED = """(
    SELECT a.scopes FROM hub_openidconsent AS a
    WHERE a.client_id = c.id AND a.user_id = %(user)s AND a.revoked_at IS NULL AND a.version = c.consent_version)"""


@lru_cache(maxsize=4)
def _statement(condition: str, agreed: str) -> str:
    columns = prepared.columns(OpenIdClient, "c")
    return f"SELECT {columns}, {agreed} FROM hub_openidclient AS c WHERE {condition} AND c.is_active"  # noqa: S608


def known_shape(client_id: str) -> str:
    """The name when one of ours may look like it, else "": what no column holds (NUL, half a pair) is nobody's."""
    return client_id if len(client_id) <= MAX_CLIENT_ID and client_id.isprintable() else ""


def find_open(client_id: str) -> OpenIdClient | None:
    """The open application of this name. One query."""
    row = prepared.row(_statement("c.client_id = %(name)s", "NULL"), {"name": known_shape(client_id)})
    return prepared.instance(OpenIdClient, row[:-1]) if row else None


def find_for_person(user_id: int | None, *, client_id: str = "", pk: int = 0) -> OpenIdClient | None:
    """The open application of this name or key, with `agreed_scopes`: what this person agreed to release to it in its
    present version, or None. One query for both."""
    condition = "c.id = %(pk)s" if pk else "c.client_id = %(name)s"
    values = (
        {"user": user_id or 0, "pk": pk} if pk else {"user": user_id or 0, "name": known_shape(client_id)}
    )
    row = prepared.row(_statement(condition, _AGREED), values)
    if row is None:
        return None
    client = prepared.instance(OpenIdClient, row[:-1])
    client.agreed_scopes = row[-1]  # type: ignore[attr-defined]
    return client
