"""The one table of scheduled work: every entry names a task that exists and a believable period."""

import pytest

from portal.celery import EVERY_HOUR, app


@pytest.mark.parametrize("name", sorted(app.conf.beat_schedule))
def test_every_beat_entry_resolves_to_a_task(name: str) -> None:
    app.loader.import_default_modules()
    entry = app.conf.beat_schedule[name]
    assert entry["task"] in app.tasks
    assert 1 <= float(entry["schedule"]) <= 24 * EVERY_HOUR


def test_what_is_stuck_in_the_outbox_is_swept_at_least_every_minute() -> None:
    assert app.conf.beat_schedule["sweep-outbox"]["schedule"] <= 60
