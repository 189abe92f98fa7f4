"""Settings of the worker processes these tests start: those of the run, with the relay of the test."""

from __future__ import annotations

import importlib
import os

globals().update(vars(importlib.import_module(os.environ["TEST_BASE_SETTINGS"])))

EMAIL_HOST = "127.0.0.1"
EMAIL_PORT = int(os.environ["TEST_RELAY_PORT"])
EMAIL_TIMEOUT = 20
