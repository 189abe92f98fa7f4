"""The encrypted stream: what goes in comes out, and nothing else ever does."""

from __future__ import annotations

import io
import os
import tracemalloc
from pathlib import Path

import pytest

from portal.backup import cipher
from portal.backup.archive import ArchiveWriter, entries
from portal.backup.cipher import CHUNK, TAG, SealedReader, SealedWriter, check_passphrase
from portal.backup.errors import BackupError, SealBroken

KEY = b"une-cle-de-sauvegarde-tiree-au-hasard-0123456789"
HEADER = len(cipher.MAGIC) + 1 + 16 + 7 + 16
pytestmark = pytest.mark.security("REL-12")


@pytest.fixture(autouse=True)
def _cheap_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cipher, "SCRYPT_LOG_N", 10)


def sealed(plain: bytes) -> bytes:
    file = io.BytesIO()
    with SealedWriter(file, KEY) as writer:
        writer.write(plain)
    return file.getvalue()


def opened(content: bytes, key: bytes = KEY) -> bytes:
    reader = SealedReader(io.BytesIO(content), key)
    return reader.read(1 << 30)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
def test_what_goes_in_comes_out(size: int) -> None:
    plain = os.urandom(size)
    assert opened(sealed(plain)) == plain


def test_the_same_bytes_are_never_written_twice_alike_nor_in_clear() -> None:
    plain = b"RPPS 99700000001 " * 1000
    assert sealed(plain)[HEADER:] != sealed(plain)[HEADER:]
    assert b"99700000001" not in sealed(plain)


def test_another_key_is_told_from_a_damaged_file() -> None:
    with pytest.raises(SealBroken, match="n'est pas celle de cette sauvegarde"):
        opened(sealed(b"secret"), KEY[::-1])


@pytest.mark.parametrize("kept", [0, 5, HEADER - 1, HEADER, HEADER + 10, HEADER + CHUNK + TAG, -1, -TAG])
def test_a_file_cut_anywhere_is_refused(kept: int) -> None:
    content = sealed(os.urandom(2 * CHUNK + 100))
    with pytest.raises(SealBroken, match="coupé"):
        opened(content[:kept])


def test_a_file_cut_between_two_chunks_is_called_cut() -> None:
    content = sealed(os.urandom(3 * CHUNK))
    with pytest.raises(SealBroken, match=r"est coupée\."):
        opened(content[: HEADER + 2 * (CHUNK + TAG)])


@pytest.mark.parametrize("at", [len(cipher.MAGIC) + 3, HEADER - 20, HEADER, HEADER + CHUNK, -1])
def test_one_changed_bit_is_refused(at: int) -> None:
    content = bytearray(sealed(os.urandom(2 * CHUNK)))
    content[at] ^= 1
    with pytest.raises(SealBroken):
        opened(bytes(content))


def test_chunks_moved_repeated_dropped_or_added_are_refused() -> None:
    content = sealed(os.urandom(3 * CHUNK))
    head, step = content[:HEADER], CHUNK + TAG
    one, two, three = (content[HEADER + n * step : HEADER + (n + 1) * step] for n in range(3))
    for order in ([two, one, three], [one, one, three], [one, three], [one, two, three, three]):
        with pytest.raises(SealBroken):
            opened(head + b"".join(order))


def test_a_header_that_asks_for_gigabytes_is_not_obeyed() -> None:
    content = bytearray(sealed(b"x"))
    content[len(cipher.MAGIC)] = 63
    with pytest.raises(SealBroken):
        opened(bytes(content))


def test_memory_does_not_grow_with_the_size(tmp_path: Path) -> None:
    path = tmp_path / "grand"
    block = os.urandom(1 << 16)

    def there_and_back(blocks: int) -> int:
        tracemalloc.start()
        with path.open("wb") as file, SealedWriter(file, KEY) as writer:
            for _ in range(blocks):
                writer.write(block)
        with path.open("rb") as file:
            reader = SealedReader(file, KEY)
            while reader.read(1 << 18):
                pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert there_and_back(1280) < 1.2 * there_and_back(128)


def test_an_archive_that_was_not_finished_is_refused() -> None:
    file = io.BytesIO()
    with SealedWriter(file, KEY) as writer:
        archive = ArchiveWriter(writer)
        archive.add("manifest", "", {"a": 1})
    reader = SealedReader(io.BytesIO(file.getvalue()), KEY)
    with pytest.raises(SealBroken):
        list(entries(reader))


def test_entries_come_back_in_order_even_when_some_are_not_read() -> None:
    file = io.BytesIO()
    big = os.urandom(700_000)
    with SealedWriter(file, KEY) as writer:
        archive = ArchiveWriter(writer)
        archive.add("manifest", "", {"é": [1, None]})
        with archive.entry("table", "t") as entry:
            entry.write(big)
            entry.tail["rows"] = 3
        archive.add("sequences", "", {})
        archive.finish()
    found = entries(SealedReader(io.BytesIO(file.getvalue()), KEY))
    assert next(found).content() == {"é": [1, None]}
    table = next(found)
    assert (table.kind, table.name, b"".join(table.blocks()) == big, table.tail["rows"]) == (
        "table",
        "t",
        True,
        3,
    )
    assert [entry.kind for entry in found] == ["sequences"]


@pytest.mark.parametrize("weak", [b"", b"court", b"a" * 80, b"\n" * 64])
def test_a_key_that_could_be_guessed_is_refused(weak: bytes) -> None:
    with pytest.raises(BackupError, match="openssl rand"):
        check_passphrase(weak)
    assert check_passphrase(KEY + b"\n") == KEY
