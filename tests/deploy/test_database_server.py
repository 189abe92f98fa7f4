"""One way to run PostgreSQL: what `bin/run` starts, the compose file and its archiving say the same."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from django.db import connection

from portal.launcher.place import ROOT

# What a national import needs (docs/donnees-nationales.md), and what keeps typed text out of the server's log.
NAMES = ("wal_buffers", "max_wal_size", "wal_level", "log_error_verbosity", "log_min_error_statement")
# A log that is copied says more, and to somebody.
COPIED = {"wal_level": "replica", "max_wal_senders": "10"}


def given(file: str) -> dict[str, str]:
    services: Any = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))["services"]
    return dict(word.split("=", 1) for word in services["db"]["command"] if "=" in word)


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_the_server_of_the_demo_is_set_like_the_delivered_one(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        assert cursor.fetchone() == (given("docker-compose.yml")[name],)


def test_archiving_changes_nothing_else() -> None:
    usual, archiving = given("docker-compose.yml"), given("deploy/archives.yml")
    assert (usual | COPIED).items() <= archiving.items()


def test_the_document_names_the_same_values() -> None:
    text = (ROOT / "docs" / "donnees-nationales.md").read_text(encoding="utf-8")
    for name in NAMES[:3]:
        assert f"`{name} = {given('docker-compose.yml')[name]}`" in text
