"""The front on a Debian, made by the very words of docs/installation.md, and read by a real nginx."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from portal.launcher.place import ROOT
from tests.cps.front import server_certificate

NGINX = ROOT / "deploy" / "nginx"
INSTALLATION = (ROOT / "docs" / "installation.md").read_text()


def documented() -> str:
    """What the `sed` of the document makes of the template."""
    found = re.search(
        r"^ *sed (-e .*?) deploy/nginx/portail\.conf\.template", INSTALLATION, re.DOTALL | re.MULTILINE
    )
    assert found is not None
    arguments = shlex.split(found.group(1).replace("\\\n", " "))
    template = NGINX / "portail.conf.template"
    return subprocess.run(
        ["sed", *arguments, str(template)], capture_output=True, text=True, check=True
    ).stdout


def test_nothing_of_the_containers_is_left() -> None:
    text = "\n".join(line for line in documented().splitlines() if not line.lstrip().startswith("#"))
    for word in ("${", "web:8000", "/dev/std", "127.0.0.11", "http2 on"):
        assert word not in text, word
    assert "server_name portail.exemple.fr;" in text
    assert "listen 443 ssl http2;" in text


@pytest.mark.parametrize("card", [False, True], ids=["portal", "portal and card"])
def test_nginx_reads_it(tmp_path: Path, card: bool) -> None:
    server_certificate(tmp_path)
    for name in ("carte.pem", "carte.key", "autorites-cartes.pem"):
        shutil.copy(tmp_path / "portail.pem", tmp_path / name)
    (tmp_path / "carte-secret.conf").write_text('set $carte_secret "un-secret";\n')
    for file in NGINX.glob("*.conf"):
        shutil.copy(file, tmp_path)
    texts = [documented(), *([(NGINX / "debian-carte.conf").read_text()] if card else [])]
    temporary = "".join(
        f"{k}_temp_path {tmp_path}/{k};\n" for k in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        moved(
            f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n{temporary}"
            + "\n".join(texts)
            + "}\n",
            tmp_path,
        )
    )
    for file in ("carte-tls.conf", "proxy.conf"):
        (tmp_path / file).write_text(moved((NGINX / file).read_text(), tmp_path))
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
    assert program, "nginx is missing: apt-get install nginx-light"
    command = [program, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def moved(text: str, folder: Path) -> str:
    for place in ("/etc/nginx/certificats", "/etc/nginx/portail", "/var/log/nginx"):
        text = text.replace(place, str(folder))
    # Ordinary accounts may not take these ports.
    return text.replace("listen 443", "listen 127.0.0.1:18443").replace("listen 80", "listen 127.0.0.1:18080")
