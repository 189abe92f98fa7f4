"""Headers of every response, whatever made it."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from portal.observability.middleware import PERMISSIONS_POLICY

pytestmark = [pytest.mark.urls("tests.observability.urls"), pytest.mark.django_db]

# What Chromium 156 knows (document.featurePolicy.features()), client hints aside: it complains of any other name.
KNOWN_FEATURES = frozenset(
    {
        *(
            "accelerometer",
            "aria-notify",
            "autoplay",
            "browsing-topics",
            "camera",
            "captured-surface-control",
        ),
        *("clipboard-read", "clipboard-write", "compute-pressure", "cross-origin-isolated", "deferred-fetch"),
        *(
            "digital-credentials-create",
            "digital-credentials-get",
            "display-capture",
            "encrypted-media",
            "fullscreen",
        ),
        *(
            "gamepad",
            "geolocation",
            "gyroscope",
            "hid",
            "identity-credentials-get",
            "idle-detection",
            "keyboard-map",
        ),
        *(
            "local-fonts",
            "local-network-access",
            "magnetometer",
            "microphone",
            "midi",
            "otp-credentials",
            "payment",
        ),
        *(
            "picture-in-picture",
            "publickey-credentials-create",
            "publickey-credentials-get",
            "screen-wake-lock",
        ),
        *("serial", "speaker-selection", "storage-access", "sync-xhr", "unload", "usb", "window-management"),
        "xr-spatial-tracking",
    }
)
PATHS = [
    "/bien/",
    "/introuvable/",
    "/lien/x/",
    "/refuse/",
    "/suspect/",
    "/limite/",
    "/sante/vivant",
    "/cookie/",
]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.security("WEB-1")
@pytest.mark.parametrize("path", PATHS)
def test_every_response_carries_the_defences(client: Client, path: str) -> None:
    headers = client.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "publickey-credentials-get=(self)" in headers["Permissions-Policy"]


@pytest.mark.security("WEB-1")
@pytest.mark.parametrize("path", PATHS)
def test_every_response_carries_a_strict_policy(client: Client, path: str) -> None:
    policy = client.get(path).headers["Content-Security-Policy"]

    for directive in (
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "report-uri /csp-rapport/",
    ):
        assert directive in policy
    assert "unsafe" not in policy


@pytest.mark.security("WEB-1")
def test_the_nonce_changes_with_every_page(client: Client) -> None:
    pages = [client.get("/script/") for _ in range(3)]
    nonces = {page.content.decode() for page in pages}

    assert len(nonces) == 3
    for page in pages:
        assert f"'nonce-{page.content.decode()}'" in page.headers["Content-Security-Policy"]


@pytest.mark.security("WEB-2")
@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_kept_by_a_cache_unless_its_view_says_so(client: Client, path: str) -> None:
    assert client.get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.security("WEB-2", "SES-1")
def test_a_cacheable_page_stays_so_only_without_cookie(client: Client) -> None:
    assert client.get("/publique/").headers["Cache-Control"] == "public, max-age=3600"
    assert client.get("/cookie/").headers["Cache-Control"] == "no-store"


@pytest.mark.security("WEB-7")
@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND"])
def test_odd_methods_are_refused(client: Client, method: str) -> None:
    response = client.generic(method, "/bien/", headers={"cookie": "secret=1"})

    assert response.status_code == 405
    assert b"secret" not in response.content
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.security("WEB-1")
def test_every_permission_named_is_one_that_browsers_know_and_is_named_once() -> None:
    """An unknown name is a warning in the console of every page."""
    directives = [re.fullmatch(r"([a-z-]+)=\((self)?\)", part) for part in PERMISSIONS_POLICY.split(", ")]
    assert all(directives)
    names = [found.group(1) for found in directives if found]
    assert set(names) <= KNOWN_FEATURES
    assert len(names) == len(set(names))
    assert {"camera", "microphone", "payment", "usb"} <= set(names)
