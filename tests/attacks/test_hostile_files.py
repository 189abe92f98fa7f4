"""National files made to fill the memory or to crash the reader: refused whole, with a sentence, nothing changed."""

from __future__ import annotations

import gzip
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.referentiels.importers.finess.plus import iter_array
from portal.referentiels.importers.report import FileRefused
from portal.referentiels.models import Commune
from tests.referentiels.conftest import importer  # noqa: F401  a fixture
from tests.referentiels.fichiers import COMMUNES

pytestmark = [pytest.mark.django_db, pytest.mark.security("WEB-8", "REL-7")]
MB = 1 << 20


@pytest.mark.parametrize(
    "text",
    [
        COMMUNES + '"' + "a" * 300_000 + "\n",
        COMMUNES + "a" * (3 * MB) + "\n",
        "a" * (3 * MB) + "\n" + COMMUNES,
        COMMUNES.splitlines()[0] + "\n" + '"' * 200_001 + "\n",
    ],
    ids=["quote without end", "line without end", "header without end", "quotes"],
)
def test_a_field_or_a_line_without_end_is_refused(
    importer: Callable[..., object],  # noqa: F811
    tmp_path: Path,
    text: str,
) -> None:
    path = tmp_path / "communes.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FileRefused):
        importer("communes", path)
    assert not Commune.objects.exists()


@pytest.mark.parametrize(
    "content",
    [
        b'{"pmej": [' + b"[" * 200_000,
        b'{"pmej": [' + b"9" * 6000 + b"]}",
        b'{"pmej": ["' + b"a" * 1000,
        b'{"pmej": [{"a": "\xff"}]}',
    ],
    ids=["nested", "figures", "string without end", "bytes"],
)
def test_a_hostile_document_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(content)
    with pytest.raises(FileRefused):
        list(iter_array(path, "pmej"))


def test_a_damaged_archive_is_refused_with_a_sentence(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"pmej": [' + b'{"a": 1},' * 5000 + b"{}]}")
    path = tmp_path / "s.json.gz"
    for start in (12, 30, len(whole) - 6):
        path.write_bytes(whole[:start] + b"\xff\xff\xff\xff" + whole[start + 4 :])
        with pytest.raises(FileRefused):
            list(iter_array(path, "pmej"))


def test_a_zip_bomb_stays_small_in_memory(tmp_path: Path) -> None:
    """Half a gigabyte of one string in half a megabyte: refused long before it is whole."""
    path = tmp_path / "s.json.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(b'{"pmej": ["')
        for _ in range(256):
            file.write(b"a" * (2 * MB))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FileRefused):
        list(iter_array(path, "pmej"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 * 1024  # kB
