"""What is inside the encrypted stream: entries, each a head, blocks of bytes and a tail, then one closing word.

The length of an entry is unknown when it begins (a table under COPY), so blocks carry their own. The closing word
counts the entries: an archive without it was never finished.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from portal.backup.cipher import SealedReader, SealedWriter
from portal.backup.errors import SealBroken

BLOCK = 1 << 18
MAX_WORD = 1 << 24
_HEAD, _DATA, _TAIL, _END = b"E", b"D", b"F", b"Z"
_MALFORMED = "Le contenu de cette sauvegarde ne se lit pas : elle vient d'une autre version du portail."


class EntryWriter:
    """`write` the bytes; what is put in `tail` is kept behind them, with their number and SHA-256."""

    def __init__(self, sealed: SealedWriter) -> None:
        self._sealed, self._pending, self._digest = sealed, bytearray(), hashlib.sha256()
        self.size = 0
        self.tail: dict[str, Any] = {}

    def write(self, data: bytes | memoryview) -> None:
        self._pending += data
        if len(self._pending) >= BLOCK:
            self.flush()

    def flush(self) -> None:
        if self._pending:
            block = bytes(self._pending)
            self._pending.clear()
            self._digest.update(block)
            self.size += len(block)
            _word(self._sealed, _DATA, block)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


class ArchiveWriter:
    """Entries one after the other into `sealed`; `finish` when all are there."""

    def __init__(self, sealed: SealedWriter) -> None:
        self._sealed, self._count = sealed, 0

    @contextmanager
    def entry(self, kind: str, name: str, **head: Any) -> Iterator[EntryWriter]:
        _word(self._sealed, _HEAD, _json({"kind": kind, "name": name, **head}))
        writer = EntryWriter(self._sealed)
        yield writer
        writer.flush()
        _word(self._sealed, _TAIL, _json({**writer.tail, "size": writer.size, "sha256": writer.sha256}))
        self._count += 1

    def add(self, kind: str, name: str, content: Any) -> None:
        """A small entry of JSON."""
        with self.entry(kind, name) as entry:
            entry.write(_json(content))

    def finish(self) -> None:
        _word(self._sealed, _END, _json({"entries": self._count}))


class Entry:
    """`head` at once, `tail` once the blocks have all been read."""

    def __init__(self, sealed: SealedReader, head: dict[str, Any]) -> None:
        self._sealed, self.head = sealed, head
        self.kind, self.name = str(head["kind"]), str(head["name"])
        self.tail: dict[str, Any] = {}
        self._read = False

    def blocks(self) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        while True:
            mark, body = _next_word(self._sealed)
            if mark == _TAIL:
                break
            if mark != _DATA:
                raise SealBroken(_MALFORMED)
            digest.update(body)
            size += len(body)
            yield body
        self.tail, self._read = _read_json(body), True
        if (self.tail.get("size"), self.tail.get("sha256")) != (size, digest.hexdigest()):
            raise SealBroken(_MALFORMED)

    def content(self) -> Any:
        """The JSON of a small entry."""
        return json.loads(b"".join(self.blocks()))

    def skip(self) -> None:
        if not self._read:
            for _ in self.blocks():
                pass


def entries(sealed: SealedReader) -> Iterator[Entry]:
    """Each entry in order; those that the caller leaves unread are read over. Ends only on the closing word."""
    count = 0
    while True:
        mark, body = _next_word(sealed)
        if mark == _END:
            if _read_json(body).get("entries") != count or sealed.read(1):
                raise SealBroken(_MALFORMED)
            return
        if mark != _HEAD:
            raise SealBroken(_MALFORMED)
        entry = Entry(sealed, _read_json(body))
        yield entry
        entry.skip()
        count += 1


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _read_json(body: bytes) -> dict[str, Any]:
    found = json.loads(body)
    if not isinstance(found, dict):
        raise SealBroken(_MALFORMED)
    return found


def _word(sealed: SealedWriter, mark: bytes, body: bytes) -> None:
    sealed.write(mark + len(body).to_bytes(4, "big") + body)


def _next_word(sealed: SealedReader) -> tuple[bytes, bytes]:
    head = sealed.read(5)
    size = int.from_bytes(head[1:], "big")
    if len(head) < 5 or size > MAX_WORD:
        raise SealBroken(_MALFORMED)
    body = sealed.read(size)
    if len(body) < size:
        raise SealBroken(_MALFORMED)
    return head[:1], body
