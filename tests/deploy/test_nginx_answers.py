"""The front as it is delivered, run for real: headers of pages, of the portal's errors and of its own (WEB-1)."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from portal.launcher import children
from portal.launcher.place import ROOT
from tests.cps.front import server_certificate
from tests.support.processes import free_port, listens, wait_until

NGINX = ROOT / "deploy" / "nginx"
PORTAL_POLICY = "default-src 'self'; object-src 'none'"
REFERENCE = "3f0e5a52-7a0c-4d3e-9a55-0c6a5a3f6b11"
pytestmark = pytest.mark.security("WEB-1")


class Portal(BaseHTTPRequestHandler):
    """Answers 404 to everything, with the headers that the portal puts everywhere."""

    last_headers: ClassVar[list[tuple[str, str]]] = []

    def do_GET(self) -> None:
        Portal.last_headers[:] = self.headers.items()
        self.send_response(404)
        for name, value in {
            "Content-Security-Policy": PORTAL_POLICY,
            "Strict-Transport-Security": "max-age=31536000",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            "X-Request-ID": REFERENCE,
            "Content-Length": "0",
        }.items():
            self.send_header(name, value)
        self.end_headers()

    do_POST = do_GET  # noqa: N815 — the name http.server looks for

    def log_message(self, *words: object) -> None:
        """Nothing on the terminal of the tests."""


class Front:
    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.plain = folder, free_port(), free_port()
        self.portal = ThreadingHTTPServer(("127.0.0.1", 0), Portal)
        threading.Thread(target=self.portal.serve_forever, daemon=True).start()
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
        assert program, "nginx is missing: apt-get install nginx-light"
        server_certificate(folder)
        (folder / "proxy.conf").write_text((NGINX / "proxy.conf").read_text())
        (folder / "nginx.conf").write_text(self._configuration())
        command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
        self.child = children.spawn(command, log=folder / "nginx.log", cwd=folder)
        wait_until(lambda: self.child.poll() is not None or listens(self.port), what="nginx")
        assert self.child.poll() is None, children.tail(folder / "nginx.log")

    def _configuration(self) -> str:
        """The template; only places, names and ports are put in."""
        text = (NGINX / "portail.conf.template").read_text()
        for old, new in {
            "${PORTAIL_HOTE}": "localhost",
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "listen 80": f"listen 127.0.0.1:{self.plain}",
            "server web:8000 resolve": f"server 127.0.0.1:{self.portal.server_port}",
            "resolver 127.0.0.11 valid=5s ipv6=off;": "",
            "/etc/nginx/certificats": str(self.folder),
            "/etc/nginx/portail": str(self.folder),
            "/dev/stdout": str(self.folder / "portail.log"),
            "error_log /dev/stderr warn;": "",
        }.items():
            assert old in text, old
            text = text.replace(old, new)
        # Newer than the nginx of Debian 12; the image has it.
        text = re.sub(r"\n\s*http2 on;", "", text)
        temporary = "".join(
            f"{kind}_temp_path {self.folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return (
            f"daemon off;\nmaster_process off;\npid {self.folder}/pid;\nerror_log stderr warn;\nevents {{}}\n"
            # As the nginx.conf of the image and of Debian have it.
            f"http {{\naccess_log {self.folder}/tout.log;\n{temporary}{text}\n}}\n"
        )

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"https://localhost:{self.port}{path}", verify=False)

    def stop(self) -> None:
        children.stop(self.child, seconds=5)
        self.portal.shutdown()
        self.portal.server_close()


@pytest.fixture
def front(short_folder: Path) -> Iterator[Front]:
    started = Front(short_folder)
    yield started
    started.stop()


def all_of(answer: httpx.Response, name: str) -> list[str]:
    return answer.headers.get_list(name)


def test_an_error_of_the_portal_keeps_its_own_policy_and_gets_hsts(front: Front) -> None:
    answer = front.get("/introuvable/")
    assert answer.status_code == 404
    assert all_of(answer, "Content-Security-Policy") == [PORTAL_POLICY]
    assert all_of(answer, "Strict-Transport-Security") == ["max-age=31536000; includeSubDomains; preload"]
    assert all_of(answer, "X-Content-Type-Options") == ["nosniff"]
    assert all_of(answer, "Referrer-Policy") == ["no-referrer"]
    assert all_of(answer, "Cache-Control") == ["no-store"]


def test_what_nginx_answers_by_itself_is_as_strict(front: Front) -> None:
    own = front.get("/metriques")
    front.portal.shutdown()
    front.portal.server_close()
    down = front.get("/")
    assert (own.status_code, down.status_code) == (404, 502)
    for answer in (own, down):
        assert all_of(answer, "Strict-Transport-Security") == ["max-age=31536000; includeSubDomains; preload"]
        assert all_of(answer, "X-Content-Type-Options") == ["nosniff"]
        assert all_of(answer, "Referrer-Policy") == ["same-origin"]
        assert all_of(answer, "Cache-Control") == ["no-store"]
        (policy,) = all_of(answer, "Content-Security-Policy")
        assert policy.startswith("default-src 'none'")
        assert "nginx/" not in answer.headers["Server"]


@pytest.mark.security("ABU-5", "ABU-6")
def test_the_rush_of_a_hospital_passes_and_a_flood_does_not(front: Front) -> None:
    with httpx.Client(base_url=f"https://localhost:{front.port}", verify=False) as line:
        # Twenty people of one address who sign in at the same instant: eight requests each at the doors.
        rush = [line.get("/connexion/").status_code for _ in range(150)]
        assert set(rush) == {404}, "the portal answered each of them"
        flood = [line.get("/connexion/verification/").status_code for _ in range(600)]
        assert 429 in flood


@pytest.mark.security("ABU-7")
def test_slow_visitors_hold_the_front_and_never_a_thread_of_the_portal(front: Front) -> None:
    Portal.last_headers.clear()
    trusting = ssl._create_unverified_context()
    begun = (
        b"GET /connexion/ HTTP/1.1\r\nHost: localhost\r\nX-Lent: ",
        b"POST /connexion/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\nidentifiant=",
        b"POST /connexion/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nident",
    )
    lines = []
    for number in range(60):
        line = trusting.wrap_socket(
            socket.create_connection(("127.0.0.1", front.port)), server_hostname="localhost"
        )
        line.sendall(begun[number % len(begun)])
        lines.append(line)
    time.sleep(1)
    assert Portal.last_headers == [], "nothing of a request reaches the portal before its last byte"
    assert front.get("/introuvable/").status_code == 404
    for line in lines:
        line.close()


@pytest.mark.security("CPS-3", "WEB-5")
def test_no_header_of_a_visitor_passes_for_one_of_the_front(front: Front) -> None:
    forged = [
        ("X-SSL-Client-Verify", "SUCCESS"),
        ("x-ssl-client-verify", "SUCCESS"),
        ("X_SSL_Client_Verify", "SUCCESS"),
        ("X-SSL_Client-Cert", "forged"),
        ("X-SSL-Client-Cert", "forged"),
        ("X-SSL-Client-Cert", "forged twice"),
        ("X-Portail-Carte", "x" * 64),
        ("X_Portail_Carte", "x" * 64),
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-For", "203.0.113.10, 203.0.113.11"),
        ("X_Forwarded_For", "203.0.113.9"),
        ("X-Forwarded-Host", "ailleurs.example"),
        ("X-Forwarded-Proto", "http"),
        ("X-Real-IP", "203.0.113.9"),
        ("Forwarded", "for=203.0.113.9;host=ailleurs.example"),
    ]
    with httpx.Client(verify=False) as line:
        line.get(f"https://localhost:{front.port}/", headers=forged)
    seen = [(name.lower().replace("_", "-"), value) for name, value in Portal.last_headers]
    assert [value for name, value in seen if name == "x-forwarded-for"] == ["127.0.0.1"]
    assert [value for name, value in seen if name == "x-forwarded-proto"] == ["https"]
    told = " ".join(value for _, value in seen)
    for word in ("SUCCESS", "forged", "x" * 64, "203.0.113", "ailleurs.example"):
        assert word not in told, word


@pytest.mark.security("WEB-5", "WEB-7")
def test_another_host_name_and_trace_are_not_served(front: Front) -> None:
    address = f"https://localhost:{front.port}/"
    with httpx.Client(verify=False) as line:
        assert line.request("TRACE", address).status_code == 405
        with pytest.raises(httpx.RemoteProtocolError):
            line.get(address, headers={"Host": "ailleurs.example"})
        for path in ("//metriques", "/%6detriques", "/x/../metriques", "/sante//pret", "/./sante/pret"):
            assert line.get(f"https://localhost:{front.port}{path}").headers["Server"] == "nginx", path


@pytest.mark.security("DAT-2")
def test_the_log_keeps_the_portal_s_reference_and_no_other_log_keeps_the_path(front: Front) -> None:
    front.get("/inscription/lien/un-secret-a-usage-unique/?code=123456")
    log = front.folder / "portail.log"
    line = json.loads(
        wait_until(lambda: log.exists() and log.read_text().strip(), what="the line of the log")
    )
    assert line["request_id"] == REFERENCE
    assert (line["status"], line["method"]) == (404, "GET")
    kept = "".join(file.read_text() for file in front.folder.glob("*.log"))
    assert "un-secret" not in kept and "123456" not in kept and "127.0.0.1" not in kept


def _announce(front: Front, length: int) -> httpx.Response:
    """Ask to send that much, and read what is answered before any of it leaves."""
    line = http.client.HTTPSConnection("localhost", front.port, context=ssl._create_unverified_context())
    line.putrequest("POST", "/assistance/")
    line.putheader("Content-Length", str(length))
    line.endheaders()
    answer = line.getresponse()
    found = httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())
    line.close()
    return found


def _page_of_the_front(answer: httpx.Response, status: int) -> str:
    """What a person reads when nginx answers alone: in French, styled, by the style that its policy names."""
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]
    (title,) = re.findall(r"<h1>(.*?)</h1>", answer.text)
    return title


def test_people_read_a_page_of_ours_when_nginx_answers_alone(front: Front) -> None:
    address = f"https://localhost:{front.port}"
    assert _page_of_the_front(_announce(front, 13_000_000), 413) == "Cet envoi est trop lourd"
    with httpx.Client(base_url=address, verify=False) as line:
        answers = (line.get("/connexion/") for _ in range(600))
        refused = next(answer for answer in answers if answer.status_code == 429)
    assert _page_of_the_front(refused, 429) == "Trop de demandes en même temps"
    front.portal.shutdown()
    front.portal.server_close()
    assert _page_of_the_front(front.get("/"), 502) == "Le portail est momentanément indisponible"


def test_the_pages_of_the_front_have_no_address_of_their_own(front: Front) -> None:
    assert front.get("/propre/indisponible").status_code == 404
