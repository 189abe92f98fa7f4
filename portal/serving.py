"""Gunicorn's configuration that is the same everywhere: `gunicorn --config python:portal.serving …`.

Several worker processes answer: each one's counters go to a folder they share, and /metriques adds them up (REL-13).
The folder is PROMETHEUS_MULTIPROC_DIR, or one made for this start; it is emptied at each start, so counters begin at 0.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from portal.observability.logs import logging_config

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_made = "" if os.environ.get(VARIABLE) else tempfile.mkdtemp(prefix="portail-compteurs-")
# Before any worker imports the product: prometheus_client looks at it once, when it is imported.
if _made:
    os.environ[VARIABLE] = _made


def _logs() -> dict[str, Any]:
    """What gunicorn says goes the way of all our lines: JSON, without address nor word of a request (DAT-2)."""
    config = logging_config()
    config["loggers"]["gunicorn.error"] = {"handlers": ["json"], "level": "INFO", "propagate": False}
    return config


logconfig_dict = _logs()


def on_starting(server: Any) -> None:
    folder = Path(os.environ[VARIABLE])
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.is_symlink() or folder.lstat().st_uid != os.geteuid():
        raise RuntimeError(f"{VARIABLE} : {folder} appartient à un autre compte.")
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)


def child_exit(server: Any, worker: Any) -> None:
    """A worker's gauges go with it; its counters stay, for a sum never goes down."""
    from prometheus_client import multiprocess  # noqa: PLC0415  after the variable is set

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    if _made:
        shutil.rmtree(_made, ignore_errors=True)
