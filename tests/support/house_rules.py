"""Rules that every test runs under: no outside network, no unknown template variable, no order by luck.

Also records which rows of the feature checklist passed, for `bin/test --features`.
"""

from __future__ import annotations

import ipaddress
import json
import os
import random
import socket
import sys
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support import features

ROOT = Path(__file__).resolve().parent.parent.parent
SEED = os.environ.setdefault("PORTAIL_TEST_SEED", str(random.SystemRandom().randrange(10**6)))
RECORD = "PORTAIL_FEATURES_RECORD"


class OutsideNetwork(RuntimeError):
    """A test tried to leave the machine."""


class UnknownTemplateVariable(str):
    """Django's `string_if_invalid`: raises for our templates, is the usual empty string for a library's.

    Django asks its truth first: false means "apply the filters to an empty value", as without this guard.
    """

    __slots__ = ()
    silent = False

    def __bool__(self) -> bool:
        return not self.silent and _is_ours(_template_being_rendered())

    def __contains__(self, key: object) -> bool:
        return key == "%s"

    def __mod__(self, variable: object) -> str:
        origin = _template_being_rendered()
        raise AssertionError(f"unknown template variable « {variable} » in {os.path.relpath(origin, ROOT)}")


def _is_ours(origin: str) -> bool:
    return origin.startswith(str(ROOT)) and "site-packages" not in origin


def _template_being_rendered() -> str:
    """File of the innermost template node on the stack, or "" when there is none."""
    frame = sys._getframe(2)
    while frame is not None:
        node = frame.f_locals.get("self")
        origin = getattr(node, "origin", None)
        if origin is not None and frame.f_code.co_name in {"render", "render_annotated", "_render"}:
            return str(getattr(origin, "name", ""))
        frame = frame.f_back  # type: ignore[assignment]
    return ""


# --- network -------------------------------------------------------------------------------------


def is_local(address: Any) -> bool:
    """True for Unix sockets and loopback; a name is local only when it is `localhost`."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    try:
        return ipaddress.ip_address(host.split("%", 1)[0]).is_loopback
    except ValueError:
        return host in {"localhost", "", socket.gethostname()}


def _refuse_outside_network() -> None:
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _check(address)
        return connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _check(address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None:
            _check((name, 0))
        return getaddrinfo(host, *args, **kwargs)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign]
    socket.getaddrinfo = guarded_getaddrinfo


def _check(address: Any) -> None:
    if not is_local(address):
        raise OutsideNetwork(f"no test leaves this machine: {address!r}")


# --- querysets -----------------------------------------------------------------------------------


class Shuffler:
    """Gives the rows of a queryset without order in any order, as the database may."""

    on = True
    random = random.Random(SEED)

    @classmethod
    def install(cls) -> None:
        from django.db.models import QuerySet  # noqa: PLC0415  after the settings

        fetch_all = QuerySet._fetch_all

        def shuffled(self: Any) -> None:
            fresh = self._result_cache is None
            fetch_all(self)
            if fresh and cls.on and len(self._result_cache) > 1 and not self.ordered:
                cls.random.shuffle(self._result_cache)

        QuerySet._fetch_all = shuffled  # type: ignore[method-assign]


# --- hooks ---------------------------------------------------------------------------------------


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    from django.apps import apps  # noqa: PLC0415  after the environment is set
    from django.conf import settings  # noqa: PLC0415
    from django.template import engines  # noqa: PLC0415

    _refuse_outside_network()
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # whitenoise warns when it is absent
    for options in settings.TEMPLATES:
        options["OPTIONS"]["string_if_invalid"] = UnknownTemplateVariable()
    if apps.ready:  # the engine is built already: an app looked at a template while it loaded
        for backend in engines.all():
            backend.engine.string_if_invalid = UnknownTemplateVariable()
    Shuffler.install()


def pytest_report_header() -> str:
    return f"seed of shuffled querysets: PORTAIL_TEST_SEED={SEED}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Carry the proved rows on the report: the only thing that travels between xdist processes."""
    for item in items:
        for name in ("feature", "security"):
            for mark in item.iter_markers(name):
                item.user_properties.extend((name, row) for row in mark.args)
        unknown = [
            row for name, row in item.user_properties if name == "feature" and row not in _known_rows()
        ]
        if unknown:
            raise pytest.UsageError(
                f"{item.nodeid}: no such row in tests/features.csv: {', '.join(map(str, unknown))}"
            )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    Shuffler.random.seed(SEED + item.nodeid)
    Shuffler.on = item.get_closest_marker("ordered_by_luck") is None
    UnknownTemplateVariable.silent = item.get_closest_marker("shows_unknown_variables") is not None
    return (yield)


@cache
def _known_rows() -> frozenset[str]:
    return frozenset([*features.rows(), *features.CONTRADICTIONS])


class Record:
    """Rows proved and rows broken, over the several pytest runs of one `bin/test`."""

    def __init__(self) -> None:
        self.passed: dict[str, set[str]] = {"feature": set(), "security": set()}
        self.failed: dict[str, set[str]] = {"feature": set(), "security": set()}

    def note(self, report: pytest.TestReport) -> None:
        if report.when != "call" and not report.failed:
            return
        kept = self.failed if report.failed else self.passed
        for name, row in report.user_properties:
            if name in kept and (report.passed or report.failed):
                kept[name].add(str(row))

    def write(self, path: Path) -> None:
        """Add to the file: `bin/test` empties it before its first run."""
        old = json.loads(path.read_text()) if path.exists() else {}
        merged: dict[str, dict[str, list[str]]] = {}
        for name in ("feature", "security"):
            known = old.get(name, {})
            failed = self.failed[name] | set(known.get("failed", []))
            passed = (self.passed[name] | set(known.get("passed", []))) - failed
            merged[name] = {"passed": sorted(passed), "failed": sorted(failed)}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(merged, indent=1) + "\n")


_record = Record()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _record.note(report)


def pytest_sessionfinish() -> None:
    target = os.environ.get(RECORD)
    if target and "PYTEST_XDIST_WORKER" not in os.environ:
        _record.write(Path(target))
