"""What one request writes in the logs: method, route, status, user id; never path or query, which hold tokens."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django_structlog import signals
from django_structlog.middlewares import RequestMiddleware

logger = structlog.get_logger(__name__)


def connect() -> None:
    """Importing this module connects its receivers; called from `ready` so that the import has a reason."""


def current_reference() -> str:
    """Return the id of the request or task being served, or an empty string outside of any."""
    context = structlog.contextvars.get_contextvars()
    return str(context.get("correlation_id") or context.get("request_id") or context.get("task_id") or "")


def describe_request(request: HttpRequest) -> dict[str, Any]:
    """Return what may be logged of a request. The user is read only if the view already loaded it: no query here."""
    match = request.resolver_match
    user = getattr(request, "_cached_user", None)
    return {
        "method": request.method,
        "route": match.route if match else "",
        "user_id": str(user.pk) if user is not None and user.pk else None,
    }


def _replace_request(request: HttpRequest, log_kwargs: dict[str, Any]) -> None:
    log_kwargs.pop("request", None)
    log_kwargs.update(describe_request(request))


class RequestLogMiddleware(RequestMiddleware):
    """django-structlog's, for the one line we keep: no event of start, no text of the request made to be dropped.

    What it does of an exception, and what it gives to the tasks a page asks for, is the library's.
    """

    def prepare(self, request: HttpRequest) -> None:
        """A reference of ours: one given from outside is never taken."""
        structlog.contextvars.bind_contextvars(request_id=str(uuid.uuid4()))

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        if hasattr(request, "_raised_exception"):
            super().handle_response(request, response)
            return
        level = self._log_level_for_status_code(response.status_code)
        logger.log(level, "request_finished", code=response.status_code, **describe_request(request))
        response["X-Request-ID"] = current_reference()
        structlog.contextvars.clear_contextvars()


@receiver(signals.bind_extra_request_failed_metadata)
def on_failure(request: HttpRequest, log_kwargs: dict[str, Any], **_signal: object) -> None:
    _replace_request(request, log_kwargs)


@receiver(signals.update_failure_response)
def name_failed_response(response: HttpResponse, **_signal: object) -> None:
    response["X-Request-ID"] = current_reference()
