"""Sessions in PostgreSQL under the SHA-256 of their key: a stolen table opens no session (PWD-6).

The cookie holds the key, 256 random bits; a key the visitor brings and that names no session is never adopted (SES-1).
"""

from __future__ import annotations

import hashlib
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from portal.common import prepared

if TYPE_CHECKING:
    from accounts.models import UserSession


def hash_key(session_key: str) -> str:
    return hashlib.sha256(session_key.encode("utf-8", "replace")).hexdigest()


ANONYMOUS_SECONDS = 3600
"""Life of a session nobody signed in to, since it was last written: a form being filled, what a sign-out tells."""


_CREATE = """
INSERT INTO accounts_storedsession (session_data, expire_date, session_key) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""
_UPDATE = "UPDATE accounts_storedsession SET session_data = %s, expire_date = %s WHERE session_key = %s"

_RENAME = """
UPDATE accounts_storedsession SET session_data = %s, expire_date = %s, session_key = %s WHERE session_key = %s
"""


@lru_cache(maxsize=1)
def _reading() -> tuple[str, Any, Any]:
    """The statement that reads a session, with the two models of what it may bring beside the content."""
    opened, user = apps.get_model("accounts", "UserSession"), apps.get_model("accounts", "User")
    statement = f"""
    SELECT c.session_data, {prepared.columns(opened, "s")}, {prepared.columns(user, "u")}
    FROM accounts_storedsession AS c
    LEFT JOIN accounts_usersession AS s ON s.session_key_hash = c.session_key
    LEFT JOIN accounts_user AS u ON u.id = s.user_id
    WHERE c.session_key = %s AND c.expire_date > %s
    """  # noqa: S608 — names of columns
    return statement, opened, user


class SessionStore(DatabaseStore):
    opened: UserSession | None = None
    """Who opened this session, with their account: read with its content, as it was at that instant."""

    @classmethod
    def get_model_class(cls) -> Any:
        return apps.get_model("accounts", "StoredSession")

    @property
    def key_hash(self) -> str:
        """Name of the session in the database, "" before it is saved once."""
        return hash_key(self.session_key) if self.session_key else ""

    def _get_new_session_key(self) -> str:
        return secrets.token_urlsafe(32)

    def load(self) -> dict[str, Any]:
        """Content, {} when there is no such session any more. One query, the owner included."""
        statement, opened, user = _reading()
        found = prepared.row(statement, [self.key_hash, timezone.now()])
        if found is None:
            self._session_key = None
            return {}
        first = 1 + len(opened._meta.concrete_fields)
        if found[1] is not None:
            self.opened = prepared.instance(opened, found[1:first])
            self.opened.user = prepared.instance(user, found[first:])
        content: dict[str, Any] = self.decode(found[0])
        return content

    def exists(self, session_key: str | None) -> bool:
        return (
            bool(session_key) and self.model.objects.filter(session_key=hash_key(session_key or "")).exists()
        )

    def get_session_cookie_age(self) -> int:
        """Short for a visitor; a signed-in session has its own ends (accounts.sessions)."""
        return super().get_session_cookie_age() if self._is_somebodys() else ANONYMOUS_SECONDS

    def get_expire_at_browser_close(self) -> bool:
        return super().get_expire_at_browser_close() or not self._is_somebodys()

    def _is_somebodys(self) -> bool:
        return SESSION_KEY in self

    def save(self, must_create: bool = False) -> None:
        """One statement, as Django's own save would: a new row when `must_create`, else the row there is."""
        if self.session_key is None:
            self.create()
            return
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        row = [self.encode(data), self.get_expiry_date(), self.key_hash]
        with prepared.cursor() as cursor:
            cursor.execute(_CREATE if must_create else _UPDATE, row)
            is_written = cursor.rowcount == 1
        if not is_written:
            raise CreateError if must_create else UpdateError

    def cycle_key(self) -> None:
        """The same content under a new key (SES-1): the row changes its name, where Django writes another and deletes
        this one."""
        data, old = self._session, self.session_key  # type: ignore[attr-defined]
        if old is None:
            self.create()
            return
        new = self._get_new_session_key()
        row = [self.encode(data), self.get_expiry_date(), hash_key(new), hash_key(old)]
        if prepared.run(_RENAME, row) != 1:
            super().cycle_key()
            return
        self._session_key, self.modified = new, True

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        self._get_or_create_session_key()  # type: ignore[attr-defined]
        return self.model(
            session_key=self.key_hash, session_data=self.encode(data), expire_date=self.get_expiry_date()
        )

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            self.model.objects.filter(session_key=hash_key(key)).delete()
