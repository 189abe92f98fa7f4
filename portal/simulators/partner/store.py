"""What the application remembers: links with people of the portal, sessions, sign-ins under way, sign-outs heard.

One SQLite file, mode 0600, at home in the demo's own folder. Passwords are hashed as a careful application would.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.simulators.partner.people import ACCOUNTS, Account

PENDING_SECONDS = 15 * 60
SESSION_SECONDS = 4 * 3600
TRIES = 5
KEPT_LOGOUTS = 50
_SCHEMA = """
create table if not exists account (username text primary key, salt blob not null, hash blob not null);
create table if not exists link (iss text not null, sub text not null, username text not null unique,
    primary key (iss, sub));
create table if not exists pending (state text primary key, browser text not null, nonce text not null,
    verifier text not null, at real not null);
create table if not exists session (key text primary key, iss text not null, sub text not null, sid text not null,
    username text, content text not null, tries integer not null default 0, at real not null, ended text);
create table if not exists heard (jti text primary key, at real not null);
create table if not exists logout (id integer primary key autoincrement, at real not null, outcome text not null,
    sid text not null, ended integer not null);
"""


@dataclass(frozen=True)
class Pending:
    """A sign-in that left for the portal."""

    browser: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Session:
    """`username` is empty until the person linked their local account; `ended` says why it is over."""

    key: str
    iss: str
    sub: str
    sid: str
    username: str
    content: dict[str, Any]
    tries: int
    ended: str


class Store:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with self._open() as db:
            db.executescript(_SCHEMA)
            for account in ACCOUNTS:
                salt = secrets.token_bytes(16)
                row = (account.username, salt, _hash(account.password, salt))
                db.execute("insert or ignore into account values (?, ?, ?)", row)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self.path, timeout=10)
        try:
            with db:
                yield db
        finally:
            db.close()

    # --- sign-ins under way ---------------------------------------------------------------------------------
    def begin(self, state: str, pending: Pending) -> None:
        with self._open() as db:
            db.execute("delete from pending where at < ?", [time.time() - PENDING_SECONDS])
            row = (state, pending.browser, pending.nonce, pending.verifier, time.time())
            db.execute("insert into pending values (?, ?, ?, ?, ?)", row)

    def take(self, state: str, browser: str) -> Pending | None:
        """The sign-in of that state if this browser began it; it serves once."""
        with self._open() as db:
            row = db.execute(
                "delete from pending where state = ? and browser = ? and at > ? returning browser, nonce, verifier",
                [state, browser, time.time() - PENDING_SECONDS],
            ).fetchone()
        return Pending(*row) if row else None

    # --- local accounts ---------------------------------------------------------------------------------------
    def check(self, username: str, password: str) -> Account | None:
        """The local account, when the password is its own; one hash whatever the name."""
        with self._open() as db:
            row = db.execute("select salt, hash from account where username = ?", [username]).fetchone()
        salt, wanted = row or (b"nobody", b"")
        is_right = hmac.compare_digest(_hash(password, salt), wanted)
        return account_of(username) if is_right else None

    def linked(self, iss: str, sub: str) -> str:
        """Local account of a person of the portal, "" when they linked none."""
        with self._open() as db:
            row = db.execute("select username from link where iss = ? and sub = ?", [iss, sub]).fetchone()
        return str(row[0]) if row else ""

    def link(self, session: Session, username: str) -> bool:
        """Tie the local account to the person of this session; False when it is somebody else's already."""
        try:
            with self._open() as db:
                db.execute("insert into link values (?, ?, ?)", [session.iss, session.sub, username])
                db.execute("update session set username = ? where key = ?", [username, session.key])
        except sqlite3.IntegrityError:
            return False
        return True

    def unlink(self, session: Session) -> None:
        with self._open() as db:
            db.execute("delete from link where iss = ? and sub = ?", [session.iss, session.sub])
            db.execute(
                "update session set username = null where iss = ? and sub = ?", [session.iss, session.sub]
            )

    # --- sessions -----------------------------------------------------------------------------------------------
    def open_session(self, iss: str, sub: str, sid: str, content: dict[str, Any]) -> str:
        """A new session; its key goes in a cookie."""
        key = secrets.token_urlsafe(32)
        row = (key, iss, sub, sid, self.linked(iss, sub) or None, json.dumps(content), time.time())
        with self._open() as db:
            db.execute("delete from session where at < ?", [time.time() - SESSION_SECONDS])
            db.execute(
                "insert into session (key, iss, sub, sid, username, content, at) values (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        return key

    def session(self, key: str) -> Session | None:
        """The session of a cookie, ended ones included; None when it is unknown or too old."""
        with self._open() as db:
            row = db.execute(
                "select key, iss, sub, sid, username, content, tries, ended from session where key = ? and at > ?",
                [key, time.time() - SESSION_SECONDS],
            ).fetchone()
        if row is None:
            return None
        return Session(row[0], row[1], row[2], row[3], row[4] or "", json.loads(row[5]), row[6], row[7] or "")

    def keep(self, session: Session, content: dict[str, Any]) -> None:
        with self._open() as db:
            db.execute("update session set content = ? where key = ?", [json.dumps(content), session.key])

    def count_try(self, session: Session) -> int:
        """Note a wrong password on the link page; how many remain."""
        with self._open() as db:
            row = db.execute(
                "update session set tries = tries + 1 where key = ? returning tries", [session.key]
            ).fetchone()
        return max(0, TRIES - int(row[0]))

    def end(self, key: str, reason: str) -> None:
        with self._open() as db:
            db.execute("update session set ended = ? where key = ? and ended is null", [reason, key])

    # --- sign-outs told by the portal -----------------------------------------------------------------------
    def is_new(self, jti: str) -> bool:
        """Note a sign-out by its name; False when it was heard before (a replay)."""
        with self._open() as db:
            return db.execute("insert or ignore into heard values (?, ?)", [jti, time.time()]).rowcount == 1

    def end_told(self, iss: str, sid: str, sub: str) -> int:
        """End the session of that `sid`, or every session of `sub` when no session is named; how many."""
        column, value = ("sid", sid) if sid else ("sub", sub)
        with self._open() as db:
            return db.execute(
                f"update session set ended = 'portal' where iss = ? and {column} = ? and ended is null",  # noqa: S608
                [iss, value],
            ).rowcount

    def note_logout(self, outcome: str, sid: str = "", ended: int = 0) -> None:
        with self._open() as db:
            row = (time.time(), outcome, sid, ended)
            number = db.execute(
                "insert into logout (at, outcome, sid, ended) values (?, ?, ?, ?)", row
            ).lastrowid
            db.execute("delete from logout where id <= ?", [(number or 0) - KEPT_LOGOUTS])

    def logouts(self) -> list[dict[str, Any]]:
        """The latest sign-outs received, newest first."""
        with self._open() as db:
            rows = db.execute("select at, outcome, sid, ended from logout order by id desc").fetchall()
        return [dict(zip(("at", "outcome", "sid", "ended"), row, strict=True)) for row in rows]

    def clear(self) -> None:
        """Forget links, sessions and sign-outs: the next entry is a first one."""
        with self._open() as db:
            for table in ("link", "pending", "session", "heard", "logout"):
                db.execute(f"delete from {table}")  # noqa: S608 — names above


def account_of(username: str) -> Account | None:
    return next((account for account in ACCOUNTS if account.username == username), None)


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode()[:500], salt=salt, n=2**14, r=8, p=1)
