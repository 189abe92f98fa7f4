"""The guards every test runs under do bite."""

from __future__ import annotations

import os
import socket
import warnings
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.template import Context, Engine, engines
from django.template.loader import get_template

from portal.launcher.place import ROOT
from tests.support.house_rules import OutsideNetwork, UnknownTemplateVariable, is_local
from tests.support.servers import take_database_pair


def test_no_connection_leaves_the_machine() -> None:
    with socket.socket() as sock, pytest.raises(OutsideNetwork):
        sock.connect(("192.0.2.1", 80))
    with socket.socket() as sock, pytest.raises(OutsideNetwork):
        sock.connect_ex(("192.0.2.1", 80))
    with pytest.raises(OutsideNetwork):
        socket.getaddrinfo("portail.example.org", 443)


@pytest.mark.parametrize(
    ("address", "local"),
    [
        (("127.0.0.1", 80), True),
        (("::1", 80, 0, 0), True),
        (("localhost", 80), True),
        ("/tmp/some.sock", True),
        (("10.0.0.1", 80), False),
        (("0.0.0.0", 80), False),
        (("example.org", 80), False),
        (("127.0.0.1.example.org", 80), False),
    ],
)
def test_only_loopback_is_local(address: Any, local: bool) -> None:
    assert is_local(address) is local


def test_an_unknown_variable_of_our_templates_fails(settings: Any) -> None:
    assert isinstance(engines["django"].engine.string_if_invalid, UnknownTemplateVariable)
    template = get_template("simulators/messages.html").template
    with pytest.raises(AssertionError, match=r"unknown template variable « .* » in templates/"):
        template.render(Context({"request": None}))


def test_an_unknown_variable_of_a_library_prints_nothing() -> None:
    engine = Engine(string_if_invalid=UnknownTemplateVariable())
    assert engine.from_string("a{{ unknown }}b{{ unknown|length }}").render(Context()) == "ab0"


def test_a_missing_variable_in_a_condition_is_no_fault() -> None:
    engine = Engine(string_if_invalid=UnknownTemplateVariable(), dirs=[str(ROOT / "templates")])
    assert engine.from_string("{% if unknown %}a{% else %}b{% endif %}").render(Context()) == "b"


def test_rows_without_order_come_in_any_order(db: None) -> None:
    Group.objects.bulk_create(Group(name=str(number)) for number in range(30))
    orders = {tuple(Group.objects.values_list("name", flat=True)) for _ in range(5)}
    assert len(orders) > 1
    ordered = {tuple(Group.objects.order_by("pk").values_list("name", flat=True)) for _ in range(5)}
    assert len(ordered) == 1


@pytest.mark.ordered_by_luck
def test_the_shuffle_can_be_put_aside(db: None) -> None:
    Group.objects.bulk_create(Group(name=str(number)) for number in range(30))
    assert len({tuple(Group.objects.values_list("name", flat=True)) for _ in range(5)}) == 1


def test_a_warning_is_an_error() -> None:
    with pytest.raises(DeprecationWarning):
        warnings.warn("old", DeprecationWarning, stacklevel=1)


@pytest.mark.parametrize("turn", [1, 2])
def test_the_cache_is_empty_for_each_test(turn: int) -> None:
    assert cache.get("trace") is None
    cache.set("trace", turn)


def test_each_worker_has_its_own_pair_of_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.settings import env  # noqa: PLC0415

    pairs = []
    for worker in ("gw0", "gw1"):
        monkeypatch.setenv("REDIS_URL", "unix:///tmp/v.sock?db=99")
        take_database_pair(worker)
        pairs.append(env.redis_urls(os.environ["REDIS_URL"]))
    assert pairs[0] == ("redis+socket:///tmp/v.sock?virtual_host=2", "unix:///tmp/v.sock?db=3")
    assert pairs[1] == ("redis+socket:///tmp/v.sock?virtual_host=4", "unix:///tmp/v.sock?db=5")


def test_a_profile_is_changed_for_one_test_only(plateforme: Any) -> None:
    assert plateforme("esante-cvl").key == "esante-cvl"


def test_the_next_test_is_back_on_the_default_profile() -> None:
    from portal.plateformes import current  # noqa: PLC0415

    assert current().key == "enrs-idf"
