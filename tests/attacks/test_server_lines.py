"""What the web server itself says of a broken request: JSON as all our lines, without address nor word of it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from portal.launcher.place import ROOT

pytestmark = pytest.mark.security("DAT-2")

SPEAK = """
import portal.serving
from gunicorn.config import Config
from gunicorn.glogging import Logger

config = Config()
config.set("logconfig_dict", portal.serving.logconfig_dict)
log = Logger(config)
log.info("Listening at: %s (%s)", "http://127.0.0.1:8000", 4321)
log.warning("Invalid request from ip=%s: %s", "203.0.113.9", "Invalid HTTP Version: 'key=temoin-de-jeton'")
log.error("Error handling request %s", "/mot-de-passe/choisir/?key=temoin-de-jeton")
"""


def test_a_broken_request_leaves_no_address_and_no_word_in_the_log() -> None:
    said = subprocess.run([sys.executable, "-c", SPEAK], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in said.stderr.splitlines()]
    assert [line["level"] for line in lines] == ["info", "warning", "error"]
    assert said.stdout == ""
    for witness in ("203.0.113.9", "temoin", "choisir"):
        assert witness not in said.stderr
