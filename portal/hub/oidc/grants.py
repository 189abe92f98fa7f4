"""Codes and tokens in the database: each is spent by one conditional statement, so that of many who present the same
one at the same instant a single one wins, and presenting it again ends everything that came from it (OP-4, OP-5).

Written in SQL because each of these runs at every entry into a partner: one statement each.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from accounts import journal
from accounts.models import User
from portal.common import prepared
from portal.hub.oidc.models import OpenIdGrant

CODE_LIFE = timedelta(seconds=60)
ACCESS_LIFE = timedelta(minutes=10)


@dataclass(frozen=True)
class Entry:
    """What an authorization grants, before its code is made."""

    client_pk: int
    user_id: int
    session_id: int
    scopes: list[str]
    nonce: str
    redirect_uri: str
    challenge: str
    level: int
    methods: list[str]
    proved_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Granted:
    """A live grant, as found by its code or its refresh token."""

    id: UUID
    scopes: list[str]
    nonce: str
    redirect_uri: str
    challenge: str
    level: int
    methods: list[str]
    proved_at: datetime | None
    session_id: int | None
    ends_at: datetime
    public_id: UUID | None
    token_scopes: list[str]


@dataclass(frozen=True)
class Tokens:
    access: str
    refresh: str
    seconds: int


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def make_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


# --- authorization code ----------------------------------------------------------------------------------
_OPEN = """
INSERT INTO hub_openidgrant (id, client_id, user_id, session_id, scopes, nonce, redirect_uri, challenge, level,
    methods, proved_at, code_hash, code_expires_at, ends_at, ended_reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '')
RETURNING NOT EXISTS (
    SELECT 1 FROM hub_openidgrant AS o WHERE o.session_id = %s AND o.client_id = %s AND o.ended_at IS NULL)
"""


def open_code(entry: Entry) -> tuple[str, bool]:
    """Write the grant and its code; the code, and whether this session enters that application for the first time."""
    code, now = make_token(), timezone.now()
    with prepared.cursor() as cursor:
        cursor.execute(
            _OPEN,
            [
                uuid4(),
                entry.client_pk,
                entry.user_id,
                entry.session_id,
                entry.scopes,
                entry.nonce,
                entry.redirect_uri,
                entry.challenge,
                entry.level,
                json.dumps(entry.methods),
                entry.proved_at,
                digest(code),
                now + CODE_LIFE,
                entry.ends_at,
                entry.session_id,
                entry.client_pk,
            ],
        )
        is_first = bool(cursor.fetchone()[0])
    return code, is_first


_COLUMNS = """g.id, g.scopes, g.nonce, g.redirect_uri, g.challenge, g.level, g.methods, g.proved_at, g.session_id,
    g.ends_at, u.public_id"""
_LIVE = """g.ended_at IS NULL AND g.ends_at > %(now)s AND u.id = g.user_id AND u.status = 'active'
    AND s.id = g.session_id AND s.ended_at IS NULL"""
_REDEEM = f"""
UPDATE hub_openidgrant AS g SET code_used_at = %(now)s
FROM accounts_user AS u, accounts_usersession AS s
WHERE g.code_hash = %(hash)s AND g.client_id = %(client)s AND g.code_used_at IS NULL
    AND g.code_expires_at > %(now)s AND {_LIVE}
RETURNING {_COLUMNS}, g.scopes
"""  # noqa: S608 — constants of this module


def redeem_code(code: str, client_pk: int) -> Granted | None:
    """Spend the code; None when it is not live. A code shown twice, or by another client, ends what it gave."""
    found = _spend(_REDEEM, code, client_pk)
    if found is None:
        _cut_replayed_code(code, client_pk)
    return found


_REFRESH = f"""
UPDATE hub_openidtoken AS t SET used_at = %(now)s
FROM hub_openidgrant AS g, accounts_user AS u, accounts_usersession AS s
WHERE t.token_hash = %(hash)s AND t.is_refresh AND t.used_at IS NULL AND t.expires_at > %(now)s
    AND g.id = t.grant_id AND g.client_id = %(client)s AND {_LIVE}
RETURNING {_COLUMNS}, t.scopes
"""  # noqa: S608 — constants of this module


def spend_refresh(token: str, client_pk: int) -> Granted | None:
    """Spend a refresh token; None when it is not live. One shown twice ends its family, whoever shows it."""
    found = _spend(_REFRESH, token, client_pk)
    if found is None:
        _cut_replayed_refresh(token)
    return found


def _spend(statement: str, token: str, client_pk: int) -> Granted | None:
    parameters: dict[str, Any] = {"hash": digest(token), "client": client_pk, "now": timezone.now()}
    with prepared.cursor() as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    if row is None:
        return None
    values = list(row)
    values[6] = json.loads(values[6]) if isinstance(values[6], str) else values[6]
    return Granted(*values)


def _cut_replayed_code(code: str, client_pk: int) -> None:
    found = OpenIdGrant.objects.filter(code_hash=digest(code)).select_related("client", "user").first()
    if found is not None and (found.code_used_at is not None or found.client_id != client_pk):
        _end_replayed(found, "code_replayed")


def _cut_replayed_refresh(token: str) -> None:
    found = (
        OpenIdGrant.objects.filter(
            tokens__token_hash=digest(token), tokens__is_refresh=True, tokens__used_at__isnull=False
        )
        .select_related("client", "user")
        .first()
    )
    if found is not None:
        _end_replayed(found, "refresh_replayed")


def _end_replayed(grant: OpenIdGrant, reason: str) -> None:
    """End the family, once; the line in the journal is for the owner of the account."""
    if end([grant.pk], reason):
        journal.record(
            journal.Action.PARTNER_ACCESS_REPLAYED,
            subject=grant.user,
            outcome="refused",
            client=grant.client.client_id,
            name=grant.client.name,
            what=reason,
        )


# --- tokens ------------------------------------------------------------------------------------------------
def issue(
    grant_id: UUID, scopes: list[str], ends_at: datetime, *, refresh_scopes: list[str] | None = None
) -> Tokens:
    """Write the tokens of a grant in one statement. refresh_scopes None: no refresh token."""
    now = timezone.now()
    access, expires_at = make_token(), min(now + ACCESS_LIFE, ends_at)
    rows: list[Any] = [grant_id, False, digest(access), scopes, expires_at]
    refresh = ""
    if refresh_scopes is not None:
        refresh = make_token()
        rows += [grant_id, True, digest(refresh), refresh_scopes, ends_at]
    places = ", ".join(["(%s, %s, %s, %s, %s)"] * (len(rows) // 5))
    with prepared.cursor() as cursor:
        cursor.execute(
            "INSERT INTO hub_openidtoken (grant_id, is_refresh, token_hash, scopes, expires_at) "  # noqa: S608
            f"VALUES {places}",
            rows,
        )
    return Tokens(access, refresh, max(1, int((expires_at - now).total_seconds())))


def open_machine_grant(client_pk: int, scopes: list[str]) -> Tokens:
    """Access of the application itself, about nobody; ends with its access token."""
    now = timezone.now()
    grant = OpenIdGrant.objects.create(client_id=client_pk, scopes=scopes, ends_at=now + ACCESS_LIFE)
    return issue(grant.pk, scopes, grant.ends_at)


# --- ending --------------------------------------------------------------------------------------------------
def end(ids: Sequence[UUID], reason: str) -> int:
    """End grants and, with them, every token they gave; return how many were live."""
    return OpenIdGrant.objects.filter(pk__in=list(ids), ended_at=None).update(
        ended_at=timezone.now(), ended_reason=reason
    )


def end_for_application(user: User, client_pk: int, reason: str) -> int:
    """End every access of an application to this person's data."""
    return OpenIdGrant.objects.filter(user=user, client_id=client_pk, ended_at=None).update(
        ended_at=timezone.now(), ended_reason=reason
    )
