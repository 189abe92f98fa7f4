"""Where the stand-ins keep every message they really received: one SQLite file, several processes."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

KEEP = 5000
_SCHEMA = """
create table if not exists message (
    id integer primary key autoincrement,
    channel text not null,
    recipient text not null,
    sender text not null,
    subject text not null,
    body text not null,
    html text not null,
    reference text not null,
    at text not null
)
"""


@dataclass(frozen=True)
class Message:
    """One mail or SMS as received. `channel` is "email" or "sms"; `at` is UTC, ISO 8601."""

    id: int
    channel: str
    to: str
    sender: str
    subject: str
    text: str
    html: str
    reference: str
    at: str

    @property
    def moment(self) -> datetime:
        """`at` as an aware datetime."""
        return datetime.fromisoformat(self.at)

    def public(self) -> dict[str, Any]:
        """What /demo/messages.json shows."""
        kept = asdict(self)
        return {key: kept[key] for key in ("id", "channel", "to", "subject", "text", "at")}


class MessageStore:
    """Append and read messages. The file (mode 0600) is made at first use."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    def add(
        self,
        channel: str,
        to: str,
        text: str,
        *,
        sender: str = "",
        subject: str = "",
        html: str = "",
        reference: str = "",
    ) -> int:
        """Keep a message and return its id; the oldest ones beyond KEEP go."""
        row = (channel, to, sender, subject, text, html, reference, datetime.now(UTC).isoformat())
        with self._open() as db:
            cursor = db.execute(
                "insert into message (channel, recipient, sender, subject, body, html, reference, at)"
                " values (?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            db.execute("delete from message where id <= ?", [(cursor.lastrowid or 0) - KEEP])
            return int(cursor.lastrowid or 0)

    def newest(self, limit: int = 200) -> list[Message]:
        """Newest first. Empty when no message ever came."""
        if not self.path.exists():
            return []
        with self._open() as db:
            rows = db.execute(
                "select id, channel, recipient, sender, subject, body, html, reference, at"
                " from message order by id desc limit ?",
                [limit],
            )
            return [Message(*row) for row in rows]

    def find(self, number: int) -> Message | None:
        """The message of that id, None when it never came or is gone."""
        if not self.path.exists():
            return None
        with self._open() as db:
            row = db.execute(
                "select id, channel, recipient, sender, subject, body, html, reference, at"
                " from message where id = ?",
                [number],
            ).fetchone()
            return Message(*row) if row else None

    def by_reference(self, channel: str, reference: str) -> int | None:
        """Id of the message already kept under the sender's own reference."""
        with self._open() as db:
            row = db.execute(
                "select id from message where channel = ? and reference = ?", [channel, reference]
            ).fetchone()
            return int(row[0]) if row else None

    def clear(self) -> None:
        if self.path.exists():
            with self._open() as db:
                db.execute("delete from message")

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
        db = sqlite3.connect(self.path, timeout=10)
        try:
            db.execute(_SCHEMA)
            with db:
                yield db
        finally:
            db.close()
