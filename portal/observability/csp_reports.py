"""What browsers report of the content security policy: few, small, and without the address of a page."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import structlog

MAX_BYTES = 16 * 1024
MAX_REPORTS = 10
PER_MINUTE = 60
"""Per process: a report is a hint, a flood of them must not become a flood of logs."""

logger = structlog.get_logger(__name__)
_lock = threading.Lock()
_window = 0.0
_seen = 0


def has_room() -> bool:
    """Count one report of this minute; False once there were too many."""
    global _window, _seen
    with _lock:
        now = time.monotonic()
        if now - _window >= 60:
            _window, _seen = now, 0
        _seen += 1
        return _seen <= PER_MINUTE


def record(body: bytes) -> bool:
    """Log the directive and the blocked origin of each report; return False when the body is not one."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return False
    reports = list(_reports(content))
    for report in reports[:MAX_REPORTS]:
        logger.warning("csp_violation", **_describe(report))
    return bool(reports)


def _reports(content: Any) -> Iterator[dict[str, Any]]:
    """Accept both shapes: `{"csp-report": {…}}` and the Reporting API's list."""
    for item in content if isinstance(content, list) else [content]:
        report = item.get("csp-report") or item.get("body") if isinstance(item, dict) else None
        if isinstance(report, dict):
            yield report


def _describe(report: dict[str, Any]) -> dict[str, str]:
    directive = str(report.get("effective-directive") or report.get("effectiveDirective") or "")
    blocked = str(report.get("blocked-uri") or report.get("blockedURL") or "")
    return {
        "directive": directive if directive.replace("-", "").isalpha() and len(directive) < 40 else "other",
        "blocked_origin": _origin(blocked),
    }


def _origin(uri: str) -> str:
    """Return the host, or the bare word (« inline », « eval », « data »): paths may hold anything."""
    try:
        parts = urlsplit(uri)
        return (parts.hostname or parts.scheme or parts.path)[:80]
    except ValueError:
        return "other"
