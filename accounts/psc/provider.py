"""What Pro Santé Connect publishes about itself: its addresses and its keys, read once and kept in this process.

Only two origins are trusted, those of the settings: an address elsewhere makes the whole document refused.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from accounts.psc.line import HTTP_OK, Line
from accounts.psc.reasons import PscRefused, Reason

PublicKey = RSAKey | ECKey

METADATA_SECONDS = 3600
KEYS_SECONDS = 3600
# When PSC is away, what it last said still serves this long.
STALE_SECONDS = 24 * 3600
# An unknown key makes us look again, at most this often (RP-2).
REFETCH_SECONDS = 60
MIN_RSA_BITS = 2048
MAX_KEYS = 50


@dataclass(frozen=True)
class Metadata:
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    end_session_endpoint: str


@dataclass
class _Kept:
    """One value read from PSC. Times are monotonic seconds."""

    value: Any = None
    read_at: float = 0.0
    refetched_at: float | None = None

    def age(self) -> float:
        return time.monotonic() - self.read_at if self.value is not None else float("inf")


@dataclass
class _Memory:
    metadata: dict[str, _Kept] = field(default_factory=dict)
    keys: dict[str, _Kept] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_memory = _Memory()


def forget() -> None:
    """Drop what was read; the next question asks PSC again."""
    with _memory.lock:
        _memory.metadata.clear()
        _memory.keys.clear()


# --- addresses ------------------------------------------------------------------------------------------------
def metadata(line: Line) -> Metadata:
    """PscRefused(DISCOVERY) when the document names another issuer or an address outside the trusted origins."""
    config = settings.PSC
    if not config.environment:
        raise PscRefused(Reason.CLOSED)
    kept = _memory.metadata.setdefault(config.discovery_url, _Kept())
    if kept.age() < METADATA_SECONDS:
        return _as_metadata(kept.value)
    try:
        fresh = _read_metadata(line)
    except PscRefused:
        if kept.age() < STALE_SECONDS:
            return _as_metadata(kept.value)
        raise
    _memory.metadata[config.discovery_url] = _Kept(fresh, time.monotonic())
    return fresh


def known_metadata() -> Metadata | None:
    """What is known without asking anything; for sign-out, which must not wait."""
    kept = _memory.metadata.get(settings.PSC.discovery_url)
    return _as_metadata(kept.value) if kept is not None and kept.value is not None else None


def _as_metadata(value: Any) -> Metadata:
    assert isinstance(value, Metadata)  # noqa: S101  only _read_metadata writes there
    return value


def _read_metadata(line: Line) -> Metadata:
    config = settings.PSC
    answer = line.get(config.discovery_url)
    if answer.status != HTTP_OK:
        raise PscRefused(Reason.UNAVAILABLE, status=answer.status)
    document = answer.json()
    if document.get("issuer") != config.issuer:
        raise PscRefused(Reason.DISCOVERY)
    back = {config.issuer}
    aliases = document.get("mtls_endpoint_aliases")
    # With a client certificate, PSC may name other addresses on its own host for the calls that show it.
    mtls: Mapping[str, Any] = aliases if config.certificate and isinstance(aliases, dict) else {}
    return Metadata(
        issuer=config.issuer,
        authorization_endpoint=_address(document, "authorization_endpoint", {config.authorization_url}),
        token_endpoint=_address({**document, **mtls}, "token_endpoint", back),
        userinfo_endpoint=_address({**document, **mtls}, "userinfo_endpoint", back),
        jwks_uri=_address(document, "jwks_uri", back),
        end_session_endpoint=_address(document, "end_session_endpoint", back),
    )


def _address(document: Mapping[str, Any], name: str, allowed: set[str]) -> str:
    value = document.get(name)
    if not isinstance(value, str) or "#" in value or _origin(value) not in {_origin(url) for url in allowed}:
        raise PscRefused(Reason.DISCOVERY)
    return value


def _origin(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ("", url)
    return parts.scheme, parts.netloc


# --- keys -----------------------------------------------------------------------------------------------------
def find_key(line: Line, kid: str, algorithm: str) -> PublicKey:
    """The published key of that name, read again (at most once a minute) when it is not there.

    PscRefused(UNKNOWN_KEY) when PSC publishes no such key. `kid` may be empty when PSC publishes one key only.
    """
    url = metadata(line).jwks_uri
    with _memory.lock:
        kept = _memory.keys.setdefault(url, _Kept())
    if kept.age() >= KEYS_SECONDS:
        _refresh(line, url, kept)
    found = _pick(kept.value, kid, algorithm)
    if found is None and _may_refetch(kept):
        kept.value, kept.read_at = _read_keys(line, url), time.monotonic()
        found = _pick(kept.value, kid, algorithm)
    if found is None:
        raise PscRefused(Reason.UNKNOWN_KEY)
    return found


def _refresh(line: Line, url: str, kept: _Kept) -> None:
    try:
        kept.value, kept.read_at = _read_keys(line, url), time.monotonic()
    except PscRefused:
        if kept.age() >= STALE_SECONDS:
            raise


def _may_refetch(kept: _Kept) -> bool:
    with _memory.lock:
        now = time.monotonic()
        if kept.refetched_at is not None and now - kept.refetched_at < REFETCH_SECONDS:
            return False
        kept.refetched_at = now
        return True


def _pick(keys: list[tuple[str, str, PublicKey]], kid: str, algorithm: str) -> PublicKey | None:
    wanted = ECKey if algorithm.startswith("ES") else RSAKey
    usable = [(name, key) for name, alg, key in keys if alg in {"", algorithm} and isinstance(key, wanted)]
    if not kid:
        return usable[0][1] if len(usable) == 1 else None
    return next((key for name, key in usable if name == kid), None)


def _read_keys(line: Line, url: str) -> list[tuple[str, str, PublicKey]]:
    answer = line.get(url)
    if answer.status != HTTP_OK:
        raise PscRefused(Reason.UNAVAILABLE, status=answer.status)
    published = answer.json().get("keys")
    if not isinstance(published, list):
        raise PscRefused(Reason.UNREADABLE)
    return [found for raw in published[:MAX_KEYS] if (found := _as_key(raw)) is not None]


def _as_key(raw: Any) -> tuple[str, str, PublicKey] | None:
    """(kid, alg, public key), or None for a key that signs nothing for us: secret, encryption, too short, broken."""
    if not isinstance(raw, dict) or raw.get("kty") not in {"RSA", "EC"} or raw.get("use", "sig") != "sig":
        return None
    public = {
        name: raw[name] for name in ("kty", "n", "e", "crv", "x", "y") if isinstance(raw.get(name), str)
    }
    if public["kty"] == "RSA" and len(public.get("n", "")) * 6 < MIN_RSA_BITS:
        return None
    try:
        key = import_key(public)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, RSAKey):
        if key.public_key.key_size < MIN_RSA_BITS:
            return None
    elif not isinstance(key, ECKey):
        return None
    kid, algorithm = raw.get("kid", ""), raw.get("alg", "")
    if not isinstance(kid, str) or not isinstance(algorithm, str):
        return None
    return kid, algorithm, key
