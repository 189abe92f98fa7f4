"""A server that the caller gives is asked first: a sentence comes at once, and nothing has been started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from portal.launcher import instance, outside
from portal.launcher.errors import LaunchError
from portal.launcher.place import Place
from tests.support.processes import free_port


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("DATABASE_URL", "mysql://u@localhost/p", "DATABASE_URL doit commencer par postgresql://"),
        ("DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/p", "que nomme DATABASE_URL ne répond pas"),
        ("REDIS_URL", "localhost:6379", "REDIS_URL doit commencer par redis://"),
        ("REDIS_URL", "redis://127.0.0.1:1", "que nomme REDIS_URL ne répond pas"),
        ("EMAIL_URL", "relais.example.org", "EMAIL_URL doit avoir la forme"),
    ],
)
def test_a_wrong_or_silent_server_is_told_before_anything_is_made(
    tmp_path: Path, variable: str, value: str, sentence: str
) -> None:
    place = Place(
        plateforme="enrs-idf", port=free_port() % 60000 + 1024, var=tmp_path, given={variable: value}
    )
    candidate = instance.Instance(place, print)
    with pytest.raises(LaunchError) as caught:
        candidate.start()
    candidate.stop()
    assert sentence in str(caught.value)
    assert "secret" not in str(caught.value)
    assert not (place.folder / "postgresql").exists()


def test_servers_that_answer_are_taken_with_every_word_of_the_settings() -> None:
    database = os.environ["DATABASE_URL"]
    outside.require({"DATABASE_URL": f"{database}&prepared=off", "REDIS_URL": os.environ["REDIS_URL"]})


def test_a_postgresql_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "OLDEST_POSTGRES", 99)
    with pytest.raises(LaunchError, match="il faut PostgreSQL 99 ou plus"):
        outside.require({"DATABASE_URL": os.environ["DATABASE_URL"]})
