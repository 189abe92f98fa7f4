"""The front: what it must say, and what it must never let through."""

from __future__ import annotations

import re

import pytest

from portal.launcher.place import ROOT

CONFIGURATION = (ROOT / "deploy" / "nginx" / "portail.conf.template").read_text()
PROXY = (ROOT / "deploy" / "nginx" / "proxy.conf").read_text()
FORGEABLE = [
    *("X-Forwarded-Host", "X-Real-IP", "Forwarded", "X-SSL-Client-Verify", "X-SSL-Client-Cert"),
]


@pytest.mark.security("ABU-3")
def test_forwarded_headers_are_written_by_the_front_only() -> None:
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in PROXY
    assert "proxy_set_header X-Forwarded-Proto $scheme;" in PROXY
    for header in FORGEABLE:
        assert f'proxy_set_header {header} "";' in PROXY


def test_every_place_that_reaches_the_portal_uses_these_headers() -> None:
    places = re.findall(r"location [^{]+\{([^}]*)\}", CONFIGURATION)
    proxied = [place for place in places if "proxy_pass" in place]
    assert len(proxied) >= 3
    assert all("include /etc/nginx/portail/proxy.conf;" in place for place in proxied)


def test_only_modern_tls_is_spoken_and_plain_http_is_sent_there() -> None:
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in CONFIGURATION
    assert "return 308 https://${PORTAIL_HOTE}$request_uri;" in CONFIGURATION
    assert "ssl_reject_handshake on;" in CONFIGURATION


@pytest.mark.security("DAT-2")
def test_the_access_log_keeps_neither_path_nor_address() -> None:
    logged = CONFIGURATION[CONFIGURATION.index("log_format") : CONFIGURATION.index("access_log")]
    for variable in ("$request_uri", "$uri", "$args", "$remote_addr", "$http_referer", '$request"'):
        assert variable not in logged


def test_each_server_names_its_log_so_that_none_inherits_the_one_of_nginx_conf() -> None:
    servers = re.split(r"^server \{", CONFIGURATION, flags=re.MULTILINE)
    assert len(servers) == 4
    assert "access_log" not in servers[0]
    assert all(
        re.search(r"^    access_log (off|/dev/stdout portail);", one, re.MULTILINE) for one in servers[1:]
    )


def test_no_connection_to_the_portal_is_kept_and_its_name_is_looked_up_again() -> None:
    upstream = re.search(r"upstream portail \{([^}]*)\}", CONFIGURATION)
    assert upstream is not None
    assert "keepalive" not in upstream.group(1)
    assert "resolve" in upstream.group(1) and "zone " in upstream.group(1)
    assert "resolver 127.0.0.11" in CONFIGURATION


def test_internal_pages_are_closed_to_the_world() -> None:
    for path in ("/metriques", "/sante/pret"):
        assert re.search(rf"location = {path} \{{\s+return 404;", CONFIGURATION)


def test_the_only_variable_put_in_at_start_is_the_host() -> None:
    assert set(re.findall(r"\$\{(\w+)\}", CONFIGURATION)) == {"PORTAIL_HOTE"}


def test_braces_are_balanced_and_directives_ended() -> None:
    for text in (CONFIGURATION, PROXY):
        bare = "\n".join(line for line in text.splitlines() if not line.strip().startswith("#"))
        bare = re.sub(r"'[^']*'|\$\{\w+\}", "x", bare)
        assert bare.count("{") == bare.count("}")
        for line in (line.strip() for line in bare.splitlines()):
            assert not line or line[-1] in "{};" or line.startswith(("log_format", "x"))
