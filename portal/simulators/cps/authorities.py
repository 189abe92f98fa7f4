"""The test authorities of one folder: made once, read again at each start, their lists signed when asked for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from portal.simulators.cps import pki, table
from portal.simulators.cps.pki import Authority

ROOT_NAMES = {
    "fort": "TEST AC RACINE IGC-SIMULEE FORT",
    "standard": "TEST AC RACINE IGC-SIMULEE STANDARD",
    "ailleurs": "AC RACINE AILLEURS",
}
NAMES = {
    table.STRONG: ("fort", "TEST AC IGC-SIMULEE FORT PERSONNES"),
    table.STANDARD: ("standard", "TEST AC IGC-SIMULEE STANDARD PERSONNES"),
    table.ORGANISATIONS: ("standard", "TEST AC IGC-SIMULEE STANDARD ORGANISATIONS"),
    table.FOREIGN: ("ailleurs", "AC AILLEURS PERSONNES"),
}
# The foreign ones sign cards too, and no portal knows them.
FOREIGN = frozenset({"ailleurs", table.FOREIGN})


@dataclass(frozen=True)
class Authorities:
    """Roots and issuing authorities by their short name; both kinds of key stay in the folder."""

    roots: dict[str, Authority]
    issuers: dict[str, Authority]

    @property
    def known(self) -> list[Authority]:
        """Those a portal is told to trust."""
        roots = [one for key, one in self.roots.items() if key not in FOREIGN]
        return roots + [one for key, one in self.issuers.items() if key not in FOREIGN]

    def trust_file(self) -> bytes:
        return b"".join(one.pem() for one in self.known)

    def by_file(self, name: str) -> Authority | None:
        return next((one for one in self.known if one.file_name == name), None)

    def list_names(self) -> list[str]:
        return [f"{one.file_name}.crl" for one in self.known]


def make(*, bits: int = 3072) -> Authorities:
    roots = {key: pki.make_root(name, bits=bits) for key, name in ROOT_NAMES.items()}
    issuers = {
        key: pki.make_intermediate(name, roots[root], bits=bits) for key, (root, name) in NAMES.items()
    }
    return Authorities(roots, issuers)


def save(authorities: Authorities, folder: Path) -> None:
    """Keys are readable by nobody else; the file of trust is not writable."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for kind, found in (("racine", authorities.roots), ("emettrice", authorities.issuers)):
        for key, one in found.items():
            pem = one.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            _write(folder / f"{kind}-{key}.pem", pem + one.pem(), 0o600)
    _write(folder / "autorites.pem", authorities.trust_file(), 0o444)


def read(folder: Path) -> Authorities:
    return Authorities(
        {key: _read(folder / f"racine-{key}.pem") for key in ROOT_NAMES},
        {key: _read(folder / f"emettrice-{key}.pem") for key in NAMES},
    )


def signed_list(authority: Authority, *, stale: bool = False) -> bytes:
    """The list of now (DER), good for a day; a stale one ended a week ago."""
    life = timedelta(days=1)
    made = None
    if stale:
        made = pki.datetime.now(pki.UTC) - timedelta(days=8)
    listed = pki.revocation_list(authority, now=made, life=life)
    return listed.public_bytes(serialization.Encoding.DER)


def _read(path: Path) -> Authority:
    data = path.read_bytes()
    key = serialization.load_pem_private_key(data, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{path} holds no RSA key")
    return Authority(x509.load_pem_x509_certificates(data)[0], key)


def _write(path: Path, data: bytes, mode: int) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
        file.write(data)
