"""Every command of ours answers to --help: what an operator types first."""

from __future__ import annotations

import pytest
from django.core.management import get_commands, load_command_class

OURS = sorted(
    (name, app)
    for name, app in get_commands().items()
    if isinstance(app, str) and app.split(".")[0] in {"portal", "accounts", "maillage", "ror"}
)


@pytest.mark.parametrize(("name", "app"), OURS)
def test_it_says_what_it_does_and_takes(name: str, app: str) -> None:
    text = load_command_class(app, name).create_parser("manage.py", name).format_help()
    assert f"manage.py {name}" in text


def test_there_are_some() -> None:
    assert len(OURS) > 15
