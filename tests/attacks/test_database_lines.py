"""What PostgreSQL writes when it refuses a row: neither the row nor the statement, which hold an address (DAT-2)."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from django.db import connection

from portal.launcher.place import ROOT

pytestmark = pytest.mark.security("DAT-2")
WANTED = {"log_error_verbosity": "terse", "log_min_error_statement": "panic"}


@pytest.mark.django_db
@pytest.mark.parametrize("name", WANTED)
def test_our_own_server_quotes_nothing(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting(%s), current_setting('log_parameter_max_length_on_error')", [name]
        )
        assert cursor.fetchone() == (WANTED[name], "0")


@pytest.mark.parametrize("file", ["docker-compose.yml", "deploy/archives.yml"])
def test_the_delivered_server_quotes_nothing(file: str) -> None:
    services: Any = yaml.safe_load((ROOT / file).read_text(encoding="utf-8"))["services"]
    words = services["db"]["command"]
    given = dict(word.split("=", 1) for word in words if "=" in word)
    assert {name: given.get(name) for name in WANTED} == WANTED
