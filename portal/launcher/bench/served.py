"""An anchor of the measures, served as the portal is."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from portal.launcher import parts, ports
from portal.launcher.errors import LaunchError
from portal.launcher.place import ROOT


@contextmanager
def served(application: str, environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """Port of a WSGI application under the same gunicorn settings as the portal, while the block runs."""
    port = ports.free_base([0])
    server = subprocess.Popen(
        parts.gunicorn(application, port),
        cwd=ROOT,
        env=dict(os.environ if environment is None else environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 20
        while not ports.listens(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise LaunchError("La page de comparaison n'a pas démarré.")
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)
