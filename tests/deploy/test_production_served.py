"""Production settings served for real: the nginx of the document, TLS, and the web as its unit starts it.

What is proved: pages come, nothing of the demo answers, and neither a reload nor a restart loses a request.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import connection

from portal.launcher import children
from portal.launcher.place import ROOT
from tests.cps.front import server_certificate
from tests.deploy.test_debian_nginx import documented
from tests.deploy.test_systemd import words
from tests.support.processes import free_port, listens, wait_until

HOST = "localhost"
SECRET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"


class Production:
    """The port is held here, as portail-web.socket holds it; gunicorn is started and stopped at will."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.held = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.inside = self.held.getsockname()[1]
        self.port, self.plain = free_port(), free_port()
        server_certificate(folder)
        self.environment = self._environment()
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        subprocess.run(collect, cwd=ROOT, env=self.environment, check=True)
        self.web = self.start_web()
        self.front = self._start_front()
        self.trusted = ssl.create_default_context(cafile=str(folder / "portail.pem"))
        wait_until(lambda: self.inside_answer("/sante/vivant").status_code == 200, 180, "the portal's answer")

    def _environment(self) -> dict[str, str]:
        database = os.environ["DATABASE_URL"]
        place = re.sub(r"@([^/]*)/[^?]*", rf"@\1/{connection.settings_dict['NAME']}", database)
        return {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "DJANGO_SETTINGS_MODULE": "portal.settings.production",
            "SITE_URL": f"https://{HOST}:{self.port}",
            "ALLOWED_HOSTS": HOST,
            "DATABASE_URL": place,
            "REDIS_URL": os.environ["REDIS_URL"],
            "EMAIL_URL": "smtp://127.0.0.1:1",
            "SMS_URL": "https://127.0.0.1:1/sms",
            "SECRET_KEY": SECRET,
            "CODE_PEPPER": SECRET[::-1],
            "TRUSTED_PROXY_COUNT": "1",
            "VAR_DIR": str(self.folder / "var"),
        }

    def start_web(self) -> subprocess.Popen[bytes]:
        """The command of the unit, given the socket as systemd gives it: descriptor 3, for the process it starts."""
        held = self.held.fileno()

        def give() -> None:
            os.dup2(held, 3)
            os.set_inheritable(3, True)

        command = " ".join([sys.executable, *words("portail-web")[1:]])
        with (self.folder / "web.log").open("ab") as log:
            return subprocess.Popen(
                ["sh", "-c", f"LISTEN_FDS=1 LISTEN_PID=$$ exec {command}"],
                **{"cwd": ROOT, "env": self.environment, "stdout": log, "stderr": log},
                pass_fds=(3,),
                preexec_fn=give,
            )

    def _start_front(self) -> subprocess.Popen[bytes]:
        text = documented()
        for old, new in {
            "portail.exemple.fr": HOST,
            "127.0.0.1:8000": f"127.0.0.1:{self.inside}",
            "listen 443": f"listen 127.0.0.1:{self.port}",
            "listen 80": f"listen 127.0.0.1:{self.plain}",
            "/etc/nginx/certificats": str(self.folder),
            "/etc/nginx/portail": str(self.folder),
            "/var/log/nginx": str(self.folder),
        }.items():
            assert old in text, old
            text = text.replace(old, new)
        # The crowd of this test is no hospital: how many pass is proved elsewhere.
        text = re.sub(r"rate=\d+r/s", "rate=100000r/s", text)
        proxy = (ROOT / "deploy" / "nginx" / "proxy.conf").read_text()
        (self.folder / "proxy.conf").write_text(proxy)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)
        (self.folder / "nginx.conf").write_text(
            f"daemon off;\nmaster_process off;\npid {self.folder}/pid;\nerror_log stderr error;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{temporary}{text}\n}}\n"
        )
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
        assert program, "nginx is missing: apt-get install nginx-light"
        command = [program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
        child = children.spawn(command, log=self.folder / "nginx.log", cwd=self.folder)
        wait_until(lambda: child.poll() is not None or listens(self.port), what="nginx")
        assert child.poll() is None, children.tail(self.folder / "nginx.log")
        return child

    def inside_answer(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.inside}{path}", timeout=60)

    def visitor(self) -> httpx.Client:
        return httpx.Client(verify=self.trusted, base_url=f"https://{HOST}:{self.port}", timeout=60)

    def restart(self) -> None:
        self.web.send_signal(signal.SIGTERM)
        assert self.web.wait(40) == 0
        self.web = self.start_web()

    def workers(self) -> set[str]:
        return set(Path(f"/proc/{self.web.pid}/task/{self.web.pid}/children").read_text().split())

    def stop(self) -> None:
        children.stop(self.front, seconds=5)
        self.web.send_signal(signal.SIGTERM)
        assert self.web.wait(40) == 0
        self.held.close()


class Crowd:
    """Visitors who never stop asking for pages and sending forms; every answer and every broken line is counted."""

    def __init__(self, production: Production) -> None:
        self.production = production
        self.seen: Counter[Any] = Counter()
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._walk, args=(number,)) for number in range(4)]
        for thread in self.threads:
            thread.start()

    def _walk(self, number: int) -> None:
        with self.production.visitor() as visitor:
            while not self.over.is_set():
                try:
                    # A form without its protection is refused by the portal itself, and writes nothing.
                    answer = visitor.post("/connexion/") if number % 2 else visitor.get("/sante/vivant")
                    self.seen[answer.request.method, answer.status_code] += 1
                except httpx.HTTPError as error:
                    self.seen[type(error).__name__] += 1

    def total(self) -> int:
        return sum(self.seen.values())

    def wait_more(self, count: int) -> None:
        goal = self.total() + count
        wait_until(lambda: self.total() >= goal, 180, "more answers")

    def leave(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(90)


@pytest.fixture
def production(db: None, tmp_path: Path) -> Iterator[Production]:
    started = Production(tmp_path)
    yield started
    started.stop()


@pytest.mark.security("REL-11", "WEB-7")
def test_production_answers_hides_the_demo_and_loses_nothing_when_it_is_replaced(
    production: Production,
) -> None:
    only_what_is_public(production)
    crowd = Crowd(production)
    try:
        crowd.wait_more(20)
        before = production.workers()
        production.web.send_signal(signal.SIGHUP)
        wait_until(
            lambda: len(production.workers() - before) == 2 and not production.workers() & before,
            120,
            "new workers",
        )
        crowd.wait_more(20)
        production.restart()
        crowd.wait_more(40)
    finally:
        crowd.leave()
    assert set(crowd.seen) == {("GET", 200), ("POST", 403)}, crowd.seen


def only_what_is_public(production: Production) -> None:
    assert production.inside_answer("/sante/pret").json()["controles"]["base"] == "ok"
    assert b"portal_provider_up" in production.inside_answer("/metriques").content
    assert production.inside_answer("/connexion/").status_code == 400
    with production.visitor() as visitor:
        page = visitor.get("/connexion/")
        assert page.status_code == 200
        style = re.search(r'href="(/static/[^"]+\.css)"', page.text)
        assert style is not None and visitor.get(style.group(1)).status_code == 200
        assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        for path in ("/metriques", "/sante/pret", "/demo/", "/demo/messages/", "/demo/messages.json"):
            assert visitor.get(path).status_code == 404, path
    plain = httpx.get(f"http://127.0.0.1:{production.plain}/connexion/", headers={"Host": HOST})
    assert (plain.status_code, plain.headers["Location"]) == (308, f"https://{HOST}/connexion/")
