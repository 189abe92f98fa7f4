"""Puts a card into a SoftHSM token: key made inside, objects labelled as on a real card.

SoftHSM bears one thread only; this module is used by the program that makes the cards and by tests, never by the agent.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pkcs11 import Attribute, KeyType, MechanismFlag, ObjectClass
from pkcs11.constants import CertificateType

from portal.simulators.cps import pki, table
from portal.simulators.cps.pki import Authority
from portal.simulators.cps.table import DemoCard

MODULES = (
    *("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
    *("/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"),
)
LABELS = {
    pki.AUTHENTICATION: ("Certificat d'Authentification CPS", "CPS_PRIV_AUT", b"\x20"),
    pki.SIGNATURE: ("Certificat de Signature CPS", "CPS_PRIV_SIG", b"\x10"),
}
_library: dict[str, Any] = {}


@dataclass(frozen=True)
class Written:
    """Folder of the token (its name is the token's number) and the certificates in it, by use."""

    folder: Path
    certificates: dict[str, x509.Certificate]


def find_module() -> Path | None:
    asked = os.environ.get("SOFTHSM2_MODULE")
    places = (asked, *MODULES) if asked else MODULES
    return next((Path(place) for place in places if Path(place).is_file()), None)


def is_available() -> bool:
    return shutil.which("softhsm2-util") is not None and find_module() is not None


def write_configuration(path: Path, tokens: Path) -> None:
    tokens.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")


def make_card(folder: Path, card: DemoCard, issuer: Authority, *, crl_base: str) -> Written:
    """A token of its own below `folder`, initialised with the card's label and codes."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    configuration = folder / "softhsm2.conf"
    write_configuration(configuration, folder / "jeton")
    command = ["softhsm2-util", "--init-token", "--free", "--label", card.label]
    command += ["--pin", table.PIN, "--so-pin", table.PUK]
    environment = os.environ | {"SOFTHSM2_CONF": str(configuration)}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    uses = [pki.AUTHENTICATION, pki.SIGNATURE] if card.use == pki.AUTHENTICATION else [card.use]
    certificates = {}
    with _session(configuration, card.label) as session:
        for use in uses:
            certificates[use] = _write_use(session, card, issuer, use, crl_base)
    token = next(path for path in (folder / "jeton").iterdir() if path.is_dir())
    return Written(token, certificates)


@contextmanager
def _session(configuration: Path, label: str) -> Iterator[Any]:
    former = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    try:
        library = _load()
        with library.get_token(token_label=label).open(rw=True, user_pin=table.PIN) as session:
            yield session
    finally:
        if former is None:
            os.environ.pop("SOFTHSM2_CONF", None)
        else:
            os.environ["SOFTHSM2_CONF"] = former


def _load() -> Any:
    """The module, started again so that it reads the folder named now."""
    if "it" in _library:
        _library["it"].reinitialize()
    else:
        _library["it"] = pkcs11.lib(str(find_module()))
    return _library["it"]


def _write_use(session: Any, card: DemoCard, issuer: Authority, use: str, crl_base: str) -> x509.Certificate:
    label, key_label, ident = LABELS[use]
    public, _private = session.generate_keypair(
        KeyType.RSA,
        2048,
        id=ident,
        label=key_label,
        store=True,
        capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
    )
    certificate = pki.issue(
        issuer,
        card.holder,
        _public_key(public),
        use=use,
        start=datetime.now(UTC) - card.age,
        days=card.days,
        crl_base=crl_base,
    )
    session.create_object(
        {
            Attribute.CLASS: ObjectClass.CERTIFICATE,
            Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
            Attribute.TOKEN: True,
            Attribute.PRIVATE: False,
            Attribute.LABEL: label,
            Attribute.ID: ident,
            Attribute.SUBJECT: certificate.subject.public_bytes(),
            Attribute.ISSUER: certificate.issuer.public_bytes(),
            Attribute.SERIAL_NUMBER: _der_integer(certificate.serial_number),
            Attribute.VALUE: certificate.public_bytes(Encoding.DER),
        }
    )
    return certificate


def _public_key(key: Any) -> rsa.RSAPublicKey:
    modulus = int.from_bytes(key[Attribute.MODULUS], "big")
    exponent = int.from_bytes(key[Attribute.PUBLIC_EXPONENT], "big")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _der_integer(value: int) -> bytes:
    content = value.to_bytes(value.bit_length() // 8 + 1, "big")
    return bytes([2, len(content)]) + content
