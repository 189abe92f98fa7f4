"""The broker as a web request may speak to it: short waits, no retry, one connection kept by each thread.

Opening a connection costs four times what putting a task on an open one does. The pool of Celery is not used: a thread
that waits there waits as long as the workers do.
"""

from __future__ import annotations

import os
import threading
import time

from celery import current_app
from kombu import Connection

TIMEOUT_SECONDS = 0.7
"""For each of the few round trips of one task: the whole stays under 2 s."""
AT_ONCE_SECONDS = 0.3
"""A kept connection that fails sooner than that was closed by a broker that may well be there again."""


class _Kept(threading.local):
    link: Connection | None = None
    place: tuple[int, str] = (0, "")
    """Process and address it was opened for: neither a fork nor another broker inherits it."""


_kept = _Kept()


def entrust(task: str, argument: str | int) -> None:
    """Put a task on the broker. Raises whatever its libraries raise when it does not take it in time."""
    start, is_kept = time.monotonic(), _is_open()
    try:
        _put(task, argument)
    except Exception:
        _close()
        if not is_kept or time.monotonic() - start > AT_ONCE_SECONDS:
            raise
        _put_afresh(task, argument)


def _put_afresh(task: str, argument: str | int) -> None:
    try:
        _put(task, argument)
    except Exception:
        _close()
        raise


def _put(task: str, argument: str | int) -> None:
    if not _is_open():
        _close()
        _open()
    current_app.send_task(task, args=[argument], connection=_kept.link, retry=False, ignore_result=True)


def _place() -> tuple[int, str]:
    return os.getpid(), str(current_app.conf.broker_write_url)


def _is_open() -> bool:
    return _kept.link is not None and _kept.place == _place()


def _open() -> None:
    options = {
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
        "retry_on_timeout": False,
        "max_retries": 0,
    }
    _kept.link = current_app.connection_for_write(connect_timeout=TIMEOUT_SECONDS, transport_options=options)
    _kept.place = _place()


def _close() -> None:
    link, _kept.link = _kept.link, None
    if link is not None and _kept.place[0] == os.getpid():
        link.release()
