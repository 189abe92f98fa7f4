"""The issuer behind TLS, asking its clients for a certificate: what PSC announces in place of the shared secret."""

from __future__ import annotations

import argparse
import base64
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from portal.simulators.psc import __main__ as simulator
from portal.simulators.psc.issuer import OPENID
from portal.simulators.psc.state import REALM_PATH, Realm
from portal.simulators.psc.web import Server, _Conversation, json_answer
from tests.support.processes import free_port

CLIENT_NAME = "portail.region.example"
GUARDED = (f"{OPENID}/token", f"{OPENID}/userinfo")


@dataclass
class Authority:
    """A certification authority of our own; `issue` writes certificate and key to `folder`."""

    folder: Path
    name: str
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def __post_init__(self) -> None:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        builder = _builder(subject, subject, self.key.public_key(), datetime.now(UTC), 30)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_key_usage(is_authority=True), critical=True)
        self.certificate = builder.sign(self.key, hashes.SHA256())
        self.file = self.folder / f"{self.name}.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(
        self, name: str, *, use: Any = ExtendedKeyUsageOID.CLIENT_AUTH, days: int = 365, age: int = 1
    ) -> tuple[Path, Path]:
        """(certificate, key), the key for its owner only."""
        key = rsa.generate_private_key(65537, 2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        start = datetime.now(UTC) - timedelta(days=age)
        names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        builder = _builder(subject, self.certificate.subject, key.public_key(), start, days)
        made = (
            builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .sign(self.key, hashes.SHA256())
        )
        stem = f"{self.name}-{name}-{made.serial_number:x}"[:60]
        certificate, private = self.folder / f"{stem}.crt", self.folder / f"{stem}.key"
        certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        private.touch(mode=0o600)
        private.write_bytes(pem_of(key))
        return certificate, private


def pem_of(key: rsa.RSAPrivateKey, passphrase: bytes = b"") -> bytes:
    lock: Any = serialization.NoEncryption()
    if passphrase:
        lock = serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


def _builder(subject: x509.Name, issuer: x509.Name, key: Any, start: datetime, days: int) -> Any:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


class _Guard(_Conversation):
    """The token and UserInfo addresses know their client by its certificate, and by nothing else."""

    server: TlsIssuer

    def _serve(self) -> None:
        peer = self.connection.getpeercert() or {}  # type: ignore[attr-defined]
        names = [value for part in peer.get("subject", ()) for key, value in part if key == "commonName"]
        path = self.path.split("?")[0]
        if path in GUARDED:
            self.server.seen.append((path.rsplit("/", 1)[1], names[0] if names else ""))
            if names != [CLIENT_NAME]:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                self._send(json_answer({"error": "invalid_client"}, 401))
                return
        if path == GUARDED[0]:
            # What the front vouches for is worth the secret to the issuer behind it.
            assert "Authorization" not in self.headers, "the client sent a secret besides its certificate"
            known = self.server.realm.clients[simulator.CLIENT_ID]
            pair = base64.b64encode(f"{known.client_id}:{known.secret}".encode()).decode()
            self.headers["Authorization"] = f"Basic {pair}"
        super()._serve()


class TlsIssuer(Server):
    """`demands`: ssl.CERT_OPTIONAL (the address refuses) or CERT_REQUIRED (the handshake does)."""

    def __init__(self, port: int, realm: Realm, plain: Server, context: ssl.SSLContext) -> None:
        super().__init__(port, plain.router, [])
        self.RequestHandlerClass = _Guard
        self.realm = realm
        self.seen: list[tuple[str, str]] = []
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)


@dataclass
class MutualTls:
    """The whole service in this process: issuer over TLS on `port`, wallet in clear as in the demo."""

    folder: Path
    portal: str
    demands: ssl.VerifyMode = ssl.CERT_OPTIONAL

    def __post_init__(self) -> None:
        self.authority = Authority(self.folder, "autorite-organisations")
        self.elsewhere = Authority(self.folder, "autorite-ailleurs")
        port, wallet = free_port(), free_port()
        secret = self.folder / "client-secret"
        options = argparse.Namespace(
            port=free_port(), wallet_port=wallet, secret=secret, portal=[self.portal], smtp="", sms=""
        )
        self._plain, self._wallet, self.realm = simulator.make_servers(options)
        self.realm.issuer = f"https://localhost:{port}{REALM_PATH}"
        self.wallet = f"http://localhost:{wallet}"
        self.tls = TlsIssuer(port, self.realm, self._plain, self._context())
        for server in (self.tls, self._wallet):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def _context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.authority.issue("localhost", use=ExtendedKeyUsageOID.SERVER_AUTH))
        context.load_verify_locations(self.authority.file)
        context.verify_mode = self.demands
        return context

    @property
    def issuer(self) -> str:
        return self.realm.issuer

    def stop(self) -> None:
        for server in (self.tls, self._wallet):
            server.shutdown()
            server.server_close()
        self._plain.server_close()
