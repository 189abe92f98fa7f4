from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.referentiels.importers.catalogue import SOURCES
from portal.referentiels.importers.report import Report
from portal.referentiels.importers.runner import run_import
from tests.referentiels.fichiers import write_communes

# The published lists are used only when they are given: `bin/test --donnees DOSSIER`.
collect_ignore = [] if os.environ.get("PORTAIL_DONNEES") else ["test_listes_publiees.py"]

Importer = Callable[..., Report]


@pytest.fixture
def importer(db: None, tmp_path: Path) -> Importer:
    """`importer("rpps", path, write=True, confirmed=False, forced=False) -> Report`; refused rows in rejets.csv."""

    def run(source: str, path: Path, *, write: bool = True, **options: Any) -> Report:
        return run_import(SOURCES[source], path, write=write, rejects_path=tmp_path / "rejets.csv", **options)

    return run


@pytest.fixture
def communes(importer: Importer, tmp_path: Path) -> None:
    """Fifteen communes of the Yvelines, Paris and Eure-et-Loir."""
    importer("communes", write_communes(tmp_path / "communes.csv"))
