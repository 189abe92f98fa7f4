"""Fixtures shared by every test; what each one gives is described in tests/support/README.md."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from pytest_django.plugin import blocking_manager_key

from tests.support.browser import (
    CHROMIUM_ARGUMENTS,
    PATIENCE_MS,
    WIDTHS,
    Keyboard,
    chromium_path,
    find_problems,
)
from tests.support.gestures import settled_gestures
from tests.support.outbox import Outbox
from tests.support.processes import LivePortal, SmsGateway, SmtpCatcher

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright runs an event loop in the main thread


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """Counters and codes of a test never reach the next one."""
    yield
    from django.core.cache import cache  # noqa: PLC0415

    cache.clear()


@pytest.fixture(scope="session", autouse=True)
def _flush_passes_the_journal() -> Iterator[None]:
    """Tests that commit empty every table behind them, but the security journal refuses TRUNCATE (DAT-1).

    Only here: the trigger is put aside for the length of that one transaction by ALTER TABLE, which PostgreSQL
    grants to the owner of the table alone. The product knows no way round it, and no setting of a session opens one.
    """
    from django.db.backends.postgresql.operations import DatabaseOperations  # noqa: PLC0415

    plain = DatabaseOperations.execute_sql_flush

    def flush(operations: Any, sql_list: list[str]) -> Any:
        trigger = "ALTER TABLE accounts_securityevent {} TRIGGER journal_refuses_truncate"
        return plain(operations, [trigger.format("DISABLE"), *sql_list, trigger.format("ENABLE")])

    DatabaseOperations.execute_sql_flush = flush
    yield
    DatabaseOperations.execute_sql_flush = plain


def _empties_the_tables(item: pytest.Item) -> bool:
    """True for the tests that commit: Django truncates every table behind them."""
    marker = item.get_closest_marker("django_db")
    asked = marker is not None and bool(marker.kwargs.get("transaction"))
    return asked or bool({"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ())))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """What the migrations seeded is there again after a test that emptied the tables.

    A hook, not a fixture: it must run after the teardown of pytest-django's own fixtures, which truncate.
    """
    yield
    if nextitem is not None and _empties_the_tables(item):
        from django.apps import apps  # noqa: PLC0415

        from portal.referentiels.seed import seed_all  # noqa: PLC0415

        with item.config.stash[blocking_manager_key].unblock():
            seed_all(apps)


@pytest.fixture
def plateforme(settings: Any) -> Iterator[Callable[[str], Any]]:
    """`plateforme("esante-cvl")` runs the rest of the test under that profile and returns it."""
    from portal.plateformes import current  # noqa: PLC0415

    def switch(name: str) -> Any:
        settings.PLATEFORME = name
        _forget(current)
        return current()

    yield switch
    _forget(current)


def _forget(cached: Any) -> None:
    clear = getattr(cached, "cache_clear", None)
    if clear is not None:
        clear()


@pytest.fixture
def outbox(db: None) -> Outbox:
    """Mails and SMS queued by the test, read in the outbox table; nothing is sent."""
    return Outbox()


# --- stand-ins as processes ----------------------------------------------------------------------


@pytest.fixture(scope="session")
def _smtp_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmtpCatcher]:
    catcher = SmtpCatcher("portal.simulators.smtp_catcher", "email", tmp_path_factory.mktemp("smtp"))
    yield catcher
    catcher.stop()


@pytest.fixture
def smtp_catcher(_smtp_process: SmtpCatcher, settings: Any) -> SmtpCatcher:
    """A real SMTP server, empty and obedient; Django's mail settings point to it."""
    _smtp_process.reset()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = _smtp_process.host, _smtp_process.port
    return _smtp_process


@pytest.fixture(scope="session")
def _sms_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmsGateway]:
    gateway = SmsGateway("portal.simulators.sms_gateway", "sms", tmp_path_factory.mktemp("sms"))
    yield gateway
    gateway.stop()


@pytest.fixture
def sms_gateway(_sms_process: SmsGateway, settings: Any) -> SmsGateway:
    """A real HTTP SMS gateway, empty and obedient; settings.SMS_URL points to it."""
    _sms_process.reset()
    settings.SMS_URL = _sms_process.url
    return _sms_process


# --- the whole product ---------------------------------------------------------------------------


@pytest.fixture(scope="session")
def live_portal_for(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], LivePortal]]:
    """`live_portal_for("entractes")`: the product under that profile, started once per run."""
    running: dict[str, LivePortal] = {}

    def get(name: str) -> LivePortal:
        if name not in running:
            portal = LivePortal(
                folder=tmp_path_factory.mktemp(f"portal-{name}"),
                database_url=_own_database(f"live_{name}"),
                redis_url=_own_redis(len(running)),
                plateforme=name,
            )
            running[name] = portal
            portal.start()
        return running[name]

    yield get
    for portal in running.values():
        portal.stop()


@pytest.fixture(scope="session")
def live_portal(live_portal_for: Callable[[str], LivePortal]) -> LivePortal:
    """The product under the default profile: gunicorn, worker, beat, stand-ins, demo people."""
    return live_portal_for("enrs-idf")


def _own_database(name: str) -> str:
    """A fresh database beside the tests' own, on the same server."""
    import psycopg  # noqa: PLC0415
    from psycopg import sql  # noqa: PLC0415

    base = os.environ["DATABASE_URL"]
    name = f"{name.replace('-', '_')}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    parts = urlsplit(base)
    # urlunsplit drops the empty host of a socket address ("//user@/name"): written out by hand.
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{name}{query}"


def _own_redis(rank: int) -> str:
    """A pair of Valkey databases above those of the tests' processes (numbered from the top)."""
    base = os.environ["REDIS_URL"].split("?", 1)[0]
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return f"{base}?db={30 - 2 * (rank + 3 * worker)}"


# --- browser -------------------------------------------------------------------------------------


LONGEST_FIRST = (
    "tests/run/test_whole_start.py",
    "tests/run/",
    "tests/backup/",
    "tests/parcours/test_identite_forte.py",
    "tests/parcours/",
    "tests/referentiels/",
    "tests/deploy/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever opens a page is a browser test, marked by hand or not.

    The files that start whole programs go first: left for the end, they keep one process at work beside an idle one.
    """
    for item in items:
        if {"page", "context", "browser", "phone_page"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("browser")
    items.sort(key=lambda item: _rank(item.nodeid))


def _rank(nodeid: str) -> int:
    """Place of the test among those that take long; all the others share the last."""
    found = (rank for rank, start in enumerate(LONGEST_FIRST) if nodeid.startswith(start))
    return next(found, len(LONGEST_FIRST))


@pytest.fixture(scope="session", autouse=True)
def _patience() -> None:
    """`expect(…)` waits as long as the actions do: on a machine at work five seconds are soon over."""
    expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session", autouse=True)
def _gestures() -> Iterator[None]:
    """What a test does on a page waits for the page's scripts."""
    with settled_gestures():
        yield


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """The machine's own Chromium."""
    return {"executable_path": chromium_path(), "args": CHROMIUM_ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    return {
        "locale": "fr-FR",
        "timezone_id": "Europe/Paris",
        "viewport": {"width": WIDTHS["wide"], "height": 900},
        "reduced_motion": "reduce",
    }


@pytest.fixture
def phone_page(browser: Any, browser_context_args: dict[str, Any]) -> Iterator[Any]:
    """A page as wide as a phone (390 px), in a session of its own."""
    phone = {"viewport": {"width": WIDTHS["phone"], "height": 844}, "has_touch": True}
    context = browser.new_context(**{**browser_context_args, **phone})
    yield context.new_page()
    context.close()


@pytest.fixture
def check_accessibility() -> Callable[[Any], None]:
    """`check_accessibility(page)` fails with axe's findings of moderate impact or more."""

    def check(page: Any) -> None:
        problems = find_problems(page)
        assert not problems, "\n".join(problems)

    return check


@pytest.fixture
def run_keyboard() -> Callable[[Any], Keyboard]:
    """`run_keyboard(page)`: walk a page without a mouse."""
    return Keyboard


@pytest.fixture
def short_folder() -> Generator[Path, None, None]:
    """A folder whose path is short enough for Unix sockets."""
    import tempfile  # noqa: PLC0415

    folder = Path(tempfile.mkdtemp(prefix="portail-test-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
