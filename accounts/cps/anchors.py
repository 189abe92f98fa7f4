"""The authorities whose cards are accepted, from files the product cannot change (CPS-4), never from the network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from django.conf import settings

from accounts.cps.certificate import common_name

SIMULATED = "IGC-SIMULEE"
_SUFFIXES = frozenset({".pem", ".crt", ".cer"})


class AnchorsError(Exception):
    """The authorities cannot be used; the message is a French sentence for the operator."""


@dataclass(frozen=True)
class Anchors:
    roots: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...]

    @property
    def all(self) -> tuple[x509.Certificate, ...]:
        return self.roots + self.intermediates

    def named(self, name: x509.Name) -> list[x509.Certificate]:
        return [authority for authority in self.all if authority.subject == name]


def current() -> Anchors | None:
    """The authorities of the settings, None when card sign-in is closed. Raises AnchorsError."""
    path = str(settings.CPS_TRUST_ANCHORS or "")
    if not path:
        return None
    return _load(Path(path), _state(Path(path)), bool(settings.CPS_ACCEPT_SIMULATED_AUTHORITY))


def is_open() -> bool:
    """True when cards can be checked here; false also for authorities that cannot be used (the checks say why)."""
    try:
        return current() is not None
    except AnchorsError:
        return False


def load(path: Path, *, accept_simulated: bool = False) -> Anchors:
    """Read a PEM or DER file, or every such file of a folder. Raises AnchorsError."""
    found: list[x509.Certificate] = []
    for file in _files(path):
        found += _read(file)
    authorities = tuple(certificate for certificate in found if _is_authority(certificate))
    if len(authorities) != len(found):
        raise AnchorsError(f"{path} contient un certificat qui n’est pas celui d’une autorité.")
    roots = tuple(one for one in authorities if one.issuer == one.subject)
    if not roots:
        raise AnchorsError(f"{path} ne contient aucune autorité racine.")
    if not accept_simulated and (names := [n for n in map(_name_of, authorities) if SIMULATED in n.upper()]):
        raise AnchorsError(f"{path} contient l’autorité d’essai « {names[0]} », refusée ici.")
    return Anchors(roots, tuple(one for one in authorities if one.issuer != one.subject))


@lru_cache(maxsize=8)
def _load(path: Path, state: tuple[float, ...], accept_simulated: bool) -> Anchors:
    """`state` makes a replaced file read again."""
    return load(path, accept_simulated=accept_simulated)


def _state(path: Path) -> tuple[float, ...]:
    return tuple(file.stat().st_mtime for file in _files(path))


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES)
    raise AnchorsError(f"{path} n’existe pas : CPS_TRUST_ANCHORS doit nommer le fichier des autorités.")


def _read(file: Path) -> list[x509.Certificate]:
    try:
        data = file.read_bytes()
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificates(data)
        return [x509.load_der_x509_certificate(data)]
    except (OSError, ValueError, x509.InvalidVersion) as error:
        raise AnchorsError(f"{file} ne peut pas être lu : {type(error).__name__}.") from None


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _name_of(authority: x509.Certificate) -> str:
    return f"{common_name(authority.subject)} {authority.subject.rfc4514_string()}"
