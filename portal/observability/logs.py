"""JSON logs that carry ids and never a person: no name, address, phone, code, token, URL or query (DAT-2).

Two nets, both applied to our own events and to what libraries log:
* an allow-list of keys: what is not listed is dropped, its key alone is kept in `dropped`;
* a scrubber of values: addresses, numbers and random-looking strings become a mark.
Messages of exceptions are never written (PostgreSQL quotes the offending e-mail in them): their type, their place in
the code and the violated constraint are.
"""

from __future__ import annotations

import logging.config
import re
import sys
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from structlog.typing import Processor

EventDict = MutableMapping[str, Any]

# fmt: off
ALLOWED_KEYS = frozenset({
    "event", "level", "logger", "timestamp", "request_id", "correlation_id", "task_id", "parent_task_id",
    "task", "user_id", "method", "route", "status", "code", "outcome", "state", "channel", "purpose",
    "attempts", "error", "reason", "kind", "step", "door", "factor", "exception", "sqlstate", "constraint",
    "count", "duration_ms", "age_seconds", "delay_seconds", "directive", "blocked_origin", "transport",
    "signal", "exitcode", "queue", "version", "platform", "component", "importer", "client_id", "dropped",
})
# fmt: on
"""Keys whose values are words of ours, ids or numbers. `code` is an HTTP status."""
FREE_KEYS = {
    "event",
    "level",
    "logger",
    "timestamp",
    "method",
    "route",
    "task",
    "exception",
    "dropped",
    "version",
}
"""Allowed keys whose values are not single words; the others must be one, in lower case (`smtp-450`, `sign_in`)."""

NUMERIC_SUFFIXES = ("_id", "_count", "_ms", "_seconds", "_bytes", "_rows")
MAX_TEXT = 300

_SCRUBBERS = (
    (re.compile(r"[^\s<>()\"',;=]+@[^\s<>()\"',;]+"), "[adresse]"),
    (re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>]+", re.IGNORECASE), "[url]"),
    (re.compile(r"\+?\d(?:[\s.\-]?\d){5,}"), "[numero]"),
    (re.compile(r"\b(?=[\w.~+/\-]*\d)(?=[\w.~+/\-]*[A-Za-z])[\w.~+/\-]{20,}={0,2}"), "[jeton]"),
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_WORD = re.compile(r"[a-z0-9][a-z0-9_.:\-]{0,79}")
_OUR_WORD = re.compile(r"(?:portal|accounts|ror|maillage|django|celery|kombu)(?:[._][A-Za-z_]+)*")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|«[^»]*»")
_PLACEHOLDER = re.compile(r"%(?:\((?P<name>\w+)\))?[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]")
_HOLE = "…"


def scrub_text(text: str) -> str:
    """Return `text` without addresses, URLs, numbers of six digits or more and tokens; UUIDs stay."""
    kept = _UUID.findall(text)
    text = _UUID.sub("\x00", text[: MAX_TEXT * 2])
    for pattern, mark in _SCRUBBERS:
        text = pattern.sub(mark, text)
    for uuid in kept:
        text = text.replace("\x00", uuid, 1)
    return text[:MAX_TEXT]


def _safe_argument(value: object) -> str:
    """Render one argument of a library's log call: numbers, UUIDs and our own dotted names pass, text does not."""
    if isinstance(value, (bool, int, float)):
        number = str(value)
        return number if len(number.split(".")[0].lstrip("-")) < 6 else _HOLE
    text = str(value)
    if _UUID.fullmatch(text) or _OUR_WORD.fullmatch(text):
        return text
    return type(value).__name__ if isinstance(value, BaseException) else _HOLE


def safe_message(template: str, arguments: object) -> str:
    """Fill the %-places of a library's message with safe arguments only: free text becomes « … ».

    A message that comes already filled loses what it quotes, which is how libraries mark somebody's input.
    """
    if not arguments:
        return scrub_text(_QUOTED.sub(_HOLE, template))
    queue = iter(arguments if isinstance(arguments, tuple) else ())

    def fill(match: re.Match[str]) -> str:
        name = match.group("name")
        if name and isinstance(arguments, Mapping):
            return _safe_argument(arguments.get(name, ""))
        return _safe_argument(next(queue, ""))

    return scrub_text(_PLACEHOLDER.sub(fill, template))


def read_library_record(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Replace the message of a record that does not come from structlog by its safe form."""
    arguments = event.pop("positional_args", None)
    if isinstance(arguments, tuple) and len(arguments) == 1 and isinstance(arguments[0], Mapping):
        arguments = arguments[0]
    event["event"] = safe_message(str(event["event"]), arguments)
    return event


def describe_exception(error: BaseException) -> dict[str, object]:
    """Return types and code places of an exception and its causes, and the constraint for a database error."""
    chain: list[str] = []
    found: dict[str, object] = {}
    current: BaseException | None = error
    while current is not None and len(chain) < 4:
        chain.append(f"{type(current).__name__} ({_places(current)})")
        diagnostic = getattr(current, "diag", None)
        if diagnostic is not None:
            found["sqlstate"] = getattr(current, "sqlstate", None)
            found["constraint"] = diagnostic.constraint_name
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return {"exception": " <- ".join(chain), **{key: value for key, value in found.items() if value}}


def _places(error: BaseException, last: int = 6) -> str:
    places = []
    frame = error.__traceback__
    while frame is not None:
        code = frame.tb_frame.f_code
        module = frame.tb_frame.f_globals.get("__name__", "?")
        places.append(f"{module}.{code.co_name}:{frame.tb_lineno}")
        frame = frame.tb_next
    return " > ".join(places[-last:])


def render_exception(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Turn `exc_info` into types and places: messages and local variables are left out."""
    info = event.pop("exc_info", None)
    record = event.get("_record")
    if not info and record is not None:
        info = record.exc_info
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event.update(describe_exception(error))
    return event


def drop_error_texts(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Forget the text of an exception that django-structlog adds to a failed task: its type and place are enough."""
    if str(event.get("logger", "")).startswith("django_structlog"):
        event.pop("error", None)
        if isinstance(event.get("exception"), BaseException):
            event.setdefault("exc_info", event.pop("exception"))
    return event


def keep_allowed_keys(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Drop every key that is not allowed and scrub the values that stay."""
    kept: EventDict = {}
    dropped = []
    for key, value in event.items():
        if key.startswith("_"):
            continue
        if key in ALLOWED_KEYS or (key.endswith(NUMERIC_SUFFIXES) and _is_number_or_uuid(value)):
            kept[key] = _clean_value(key, value)
        else:
            dropped.append(key)
    if dropped:
        kept["dropped"] = sorted(scrub_text(str(key)) for key in dropped)
    return kept


def _is_number_or_uuid(value: object) -> bool:
    return isinstance(value, (int, float, UUID)) or bool(_UUID.fullmatch(str(value)))


def _clean_value(key: str, value: object) -> object:
    if key == "code":
        return value if isinstance(value, int) and 100 <= value <= 599 else _HOLE
    if key == "sqlstate":
        return value if re.fullmatch(r"[0-9A-Z]{5}", str(value)) else _HOLE
    if value is None or isinstance(value, (bool, int, float)) or key in {"timestamp", "exception"}:
        return value
    if key in {"level", "logger", "method", "route"}:
        return _clean_known(str(value))
    text = scrub_text(str(value))
    if key in FREE_KEYS or key.endswith("_id") or _WORD.fullmatch(text):
        return text
    return _HOLE


@lru_cache(maxsize=512)
def _clean_known(value: str) -> str:
    """Of what takes few values: names of levels, loggers, methods and routes of our own."""
    return scrub_text(value)


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure_structlog() -> None:
    """Send structlog's events through the standard library's handlers, so that one formatter writes them all."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def configure_worker_logging(**_signal: object) -> None:
    """Give Celery's processes the same logs as the web's; connect it to `celery.signals.setup_logging`."""
    logging.config.dictConfig(settings.LOGGING)
    configure_structlog()


def logging_config(*, level: str = "INFO") -> dict[str, Any]:
    """Return Django's LOGGING: one JSON line per event on standard error, from `level` up."""
    quiet = {"level": "WARNING"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*_SHARED, read_library_record],
                "pass_foreign_args": True,
                "use_get_message": False,
                "processors": [
                    drop_error_texts,
                    render_exception,
                    keep_allowed_keys,
                    structlog.processors.JSONRenderer(),
                ],
                "keep_exc_info": False,
                "keep_stack_info": False,
            }
        },
        "handlers": {"json": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["json"], "level": level},
        "loggers": {
            # Django's own handlers would write a second, unscrubbed line and mail the administrators.
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # SQL and protocol details hold what people typed.
            "django.db.backends": quiet,
            # Every request already has its line; this one is the net under the middleware that writes it.
            "django.request": {"level": "ERROR"},
            "httpx": quiet,
            "httpcore": quiet,
            "kombu": quiet,
        },
    }
