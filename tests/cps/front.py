"""A real nginx with the configuration of the card host, in front of a portal under test."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from portal.launcher import children
from portal.launcher.place import ROOT
from tests.support.processes import free_port, listens, wait_until

NGINX = ROOT / "deploy" / "nginx"
CARD_HOST = "carte.testserver"
SECRET = "un-secret-que-seul-le-frontal-connait-0123456789"


def write_pem(path: Path, certificate: x509.Certificate, key: rsa.RSAPrivateKey) -> Path:
    """Certificate and key in one file, as a TLS client loads them."""
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + pem)
    return path


def server_certificate(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_pem(folder / "portail.pem", made, key)
    shutil.copy(folder / "portail.pem", folder / "portail.key")


@dataclass
class Front:
    """`portal` is host:port of the application; `authorities` what the browser is told to offer cards of."""

    folder: Path
    portal: str
    authorities: bytes
    port: int = field(default_factory=free_port)
    _child: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    @property
    def url(self) -> str:
        return f"https://{self.host}"

    def start(self) -> None:
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
        assert program, "nginx is missing: apt-get install nginx-light"
        certificates = self.folder / "certificats"
        certificates.mkdir()
        server_certificate(certificates)
        (certificates / "autorites-cartes.pem").write_bytes(self.authorities)
        (self.folder / "nginx.conf").write_text(self._configuration(certificates))
        command = [program, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
        log = self.folder / "nginx.log"
        self._child = children.spawn(command, log=log, cwd=self.folder)
        wait_until(lambda: listens(self.port), what=f"nginx listening\n{children.tail(log)}")

    def stop(self) -> None:
        if self._child is not None:
            children.stop(self._child, seconds=5)
            self._child = None

    def _configuration(self, certificates: Path) -> str:
        """The template as it is delivered; only places, names and ports are put in."""
        card = (NGINX / "carte.conf.template").read_text()
        card = card.replace("${PORTAIL_CARTE_HOTE}", "localhost").replace("${PORTAIL_CARTE_SECRET}", SECRET)
        card = card.replace("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;")
        # The directive is newer than the nginx of Debian 12; the image has it.
        card = re.sub(r"\n\s*http2 on;", "", card)
        for name in ("carte-tls.conf", "carte-proxy.conf"):
            text = (NGINX / name).read_text().replace("Host $host;", f"Host {self.host};")
            (self.folder / name).write_text(text.replace("/etc/nginx/certificats", str(certificates)))
            card = card.replace(f"/etc/nginx/portail/{name}", str(self.folder / name))
        card = card.replace("/etc/nginx/certificats", str(certificates))
        temporary = "".join(
            f"{kind}_temp_path {self.folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return (
            f"daemon off;\nmaster_process off;\npid {self.folder}/pid;\nerror_log stderr warn;\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{temporary}"
            "limit_req_zone $binary_remote_addr zone=portes:1m rate=100r/s;\n"
            f"upstream portail {{ server {self.portal}; }}\n{card}\n}}\n"
        )
