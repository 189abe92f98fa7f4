"""Address and device of a request."""

from __future__ import annotations

import pytest

from accounts import client as caller


@pytest.mark.security("ABU-3")
@pytest.mark.parametrize(
    ("proxies", "header", "expected"),
    [
        (0, "198.51.100.9", "192.0.2.1"),
        (1, "198.51.100.9", "198.51.100.9"),
        (1, "203.0.113.5, 198.51.100.9", "198.51.100.9"),
        (2, "203.0.113.5, 198.51.100.9, 192.0.2.77", "198.51.100.9"),
        (2, "198.51.100.9", "192.0.2.1"),
        (1, "pas une adresse", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "::ffff:198.51.100.9", "198.51.100.9"),
    ],
)
def test_the_address_comes_from_the_declared_number_of_proxies(rf, settings, proxies, header, expected):
    settings.TRUSTED_PROXY_COUNT = proxies
    request = rf.get("/", REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": header})
    assert caller.address(request) == expected


def test_without_an_address_the_limits_still_count_together(rf):
    request = rf.get("/", REMOTE_ADDR="")
    assert caller.address(request) is None and caller.network(request) == "inconnue"


def test_an_ipv6_visitor_counts_with_its_network(rf):
    one = rf.get("/", REMOTE_ADDR="2001:db8:1:2::1")
    two = rf.get("/", REMOTE_ADDR="2001:db8:1:2:ffff::9")
    assert caller.network(one) == caller.network(two) == "2001:db8:1:2::/64"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/131.0 Safari/537.36 Edg/131.0",
            "Edge sur Windows",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox sur Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
            "Safari sur iPhone",
        ),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/131.0 Mobile Safari/537.36", "Chrome sur Android"),
        ("", "Navigateur inconnu"),
        ("<script>alert(1)</script>", "Navigateur inconnu"),
    ],
)
def test_the_device_is_named_in_words(rf, agent, name):
    assert caller.device(rf.get("/", headers={"User-Agent": agent})) == name
