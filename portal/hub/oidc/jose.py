"""Signing and checking of tokens: the only module that knows which library does it (joserfc)."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

ALGORITHMS = ("RS256", "ES256")
# What a partner may sign its own assertions with.
ASSERTION_ALGORITHMS = ("RS256", "PS256", "ES256")
RSA_BITS = 2048
MAX_TOKEN = 8192
_ASYMMETRIC_TYPES = frozenset({"RSA", "EC"})


class BadToken(ValueError):
    """Not a token that one of these keys signed."""


@dataclass(frozen=True)
class Signer:
    """A private key parsed once: reading it costs a hundred signatures."""

    kid: str
    algorithm: str
    key: RSAKey | ECKey

    def sign(self, claims: dict[str, Any], *, kind: str = "JWT") -> str:
        """Compact JWS; kind is the `typ` of its header."""
        header = {"alg": self.algorithm, "kid": self.kid, "typ": kind}
        payload = json.dumps(claims, separators=(",", ":")).encode()
        return jws.serialize_compact(header, payload, self.key, algorithms=list(ALGORITHMS))


def generate(algorithm: str) -> tuple[str, str, dict[str, Any]]:
    """A new key: (kid, private PEM, public JWK). The kid is its RFC 7638 thumbprint."""
    key: RSAKey | ECKey = (
        RSAKey.generate_key(RSA_BITS, auto_kid=True)
        if algorithm == "RS256"
        else ECKey.generate_key("P-256", auto_kid=True)
    )
    public = {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig", "alg": algorithm}
    return key.thumbprint(), key.as_pem(private=True).decode(), public


def load_signer(kid: str, algorithm: str, pem: str) -> Signer:
    kind = RSAKey if algorithm == "RS256" else ECKey
    return Signer(kid, algorithm, kind.import_key(pem))


def load_keys(keys: list[dict[str, Any]]) -> KeySet:
    return KeySet.import_key_set({"keys": keys})


def verify(token: str, keys: KeySet, algorithms: tuple[str, ...] = ALGORITHMS) -> dict[str, Any]:
    """Claims of a token signed by one of `keys`; times are the caller's to judge. BadToken otherwise."""
    if not token.isascii() or len(token) > MAX_TOKEN:
        raise BadToken("shape")
    try:
        claims = json.loads(jws.deserialize_compact(token, keys, algorithms=list(algorithms)).payload)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadToken(type(error).__name__) from error
    if not isinstance(claims, dict):
        raise BadToken("claims")
    return claims


def check_public_keys(value: object) -> None:
    """ValueError unless `value` is a key set of public RSA or EC keys, each readable."""
    keys = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(keys, list) or not 1 <= len(keys) <= 10:
        raise ValueError("keys")
    if any(
        not isinstance(key, dict) or key.get("kty") not in _ASYMMETRIC_TYPES or "d" in key for key in keys
    ):
        raise ValueError("public RSA or EC keys only")
    try:
        load_keys(keys)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ValueError("unreadable key") from error


def half_hash(value: str) -> str:
    """`at_hash`: left half of the SHA-256, in base64url."""
    return base64.urlsafe_b64encode(hashlib.sha256(value.encode()).digest()[:16]).rstrip(b"=").decode()


def s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
