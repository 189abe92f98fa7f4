"""Made-up authorities and certificates for the tests of the card, and a session that answers challenges."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from accounts.cps.agent import protocol
from accounts.cps.anchors import Anchors
from accounts.cps.reasons import CardRefused
from portal.simulators.cps import authorities, pki
from portal.simulators.cps.authorities import Authorities
from portal.simulators.cps.pki import Holder

ORIGIN = "http://testserver"
HUGO = Holder("899700000013", "VALDENAIRE", "HUGO", "Médecin", "2900000013", profession=10)
CARD_URL = "/connexion/carte/"


@cache
def simulated() -> Authorities:
    """One set for the run: making keys is slow, and nothing writes to it but `revoked`."""
    return authorities.make(bits=2048)


@cache
def card_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def anchors(*, accept: Authorities | None = None) -> Anchors:
    found = [one.certificate for one in (accept or simulated()).known]
    roots = tuple(one for one in found if one.issuer == one.subject)
    return Anchors(roots, tuple(one for one in found if one.issuer != one.subject))


def card(holder: Holder = HUGO, *, issuer: str = "fort", **options: Any) -> x509.Certificate:
    """A certificate on the run's key."""
    key = options.pop("key", None) or card_key()
    return pki.issue(simulated().issuers[issuer], holder, key.public_key(), **options)


def base64_of(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def nothing_revoked(issuer: x509.Certificate, serial: int, now: datetime) -> CardRefused | None:
    return None


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Signer:
    """Plays the agent and its card: signs what a challenge asks for, with that certificate's key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey
    origin: str = ORIGIN

    def sign(self, asked: dict[str, str], *, pss: bool = False) -> str:
        text = protocol.signed_text(self.origin, asked["motif"], asked["alea"], asked["expire"])
        scheme: Any = padding.PKCS1v15()
        if pss:
            scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        return base64.b64encode(self.key.sign(text, scheme, hashes.SHA256())).decode()

    def fields(self, asked: dict[str, str], *, pss: bool = False, **changes: str) -> dict[str, str]:
        """The form that the page sends."""
        return {
            "alea": asked["alea"],
            "certificat": base64_of(self.certificate),
            "signature": self.sign(asked, pss=pss),
            "algorithme": "rsa-pss-sha256" if pss else "rsa-pkcs1-sha256",
            "next": "",
        } | changes


def signer(holder: Holder = HUGO, **options: Any) -> Signer:
    return Signer(card(holder, **options), options.get("key") or card_key())


def ask(client: Any) -> dict[str, str]:
    answer = client.post(f"{CARD_URL}defi/")
    assert answer.status_code == 200, answer.content
    asked: dict[str, str] = answer.json()
    return asked


Answer = Callable[..., Any]


def send(client: Any, fields: dict[str, str]) -> Any:
    return client.post(f"{CARD_URL}reponse/", fields)
