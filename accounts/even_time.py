"""Answers that take the same time for a known and an unknown account (ABU-1).

Writing a message and waking the workers takes some milliseconds an unknown account does not cost. The view waits until
a set moment, counted from its start, so that both answers leave at the same time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

DEFAULT_SECONDS = 0.25


def takes_even_time(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A POST to this view never answers before EVEN_TIME_SECONDS."""

    @wraps(view)
    def padded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        started = time.monotonic()
        try:
            return view(request, *args, **kwargs)
        finally:
            floor = float(getattr(settings, "EVEN_TIME_SECONDS", DEFAULT_SECONDS))
            time.sleep(max(0.0, started + floor - time.monotonic()))

    return padded
