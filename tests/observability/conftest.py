"""The product's own log formatter, writing where a test can read."""

from __future__ import annotations

import json
import logging
import logging.config
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from portal.observability.logs import configure_structlog, logging_config


class Log:
    """Lines written so far: `text` as they are, `lines` as dictionaries."""

    def __init__(self) -> None:
        self.stream = StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def named(self, event: str) -> dict[str, Any]:
        found = [line for line in self.lines if line["event"] == event]
        assert len(found) == 1, self.text
        return found[0]


@pytest.fixture
def log() -> Iterator[Log]:
    """Everything from DEBUG up, through the formatter of `logging_config`."""
    configure_structlog()
    recorder = Log()
    config = logging.config.DictConfigurator(logging_config())
    handler = logging.StreamHandler(recorder.stream)
    handler.setFormatter(config.configure_formatter(logging_config()["formatters"]["json"]))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield recorder
    root.removeHandler(handler)
    root.setLevel(level)
