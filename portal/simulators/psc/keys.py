"""The issuer's RSA keys, their rotation, and signing in every wrong way the switches ask for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import uuid
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

BITS = 2048
PUBLISHED = 2
"""The key that signs and the one before it: tokens already given stay verifiable."""


class Key:
    def __init__(self) -> None:
        self.kid = uuid.uuid4().hex
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=BITS)

    def public(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": self.kid,
            "n": _number(numbers.n),
            "e": _number(numbers.e),
        }

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())


class KeyRing:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys = [Key()]

    @property
    def current(self) -> Key:
        with self._lock:
            return self._keys[0]

    def rotate(self) -> str:
        """Sign with a new key from now on; its kid."""
        new = Key()
        with self._lock:
            self._keys = [new, *self._keys][:PUBLISHED]
        return new.kid

    def published(self) -> dict[str, Any]:
        """The JWK set, with an encryption key as the real one has, which signs nothing."""
        with self._lock:
            keys = [key.public() for key in self._keys]
        return {"keys": [*keys, {**keys[-1], "kid": "chiffrement", "use": "enc", "alg": "RSA-OAEP"}]}

    def sign(self, claims: dict[str, Any], *, typ: str = "JWT") -> str:
        key = self.current
        return encode({"alg": "RS256", "typ": typ, "kid": key.kid}, claims, key.sign)

    def sign_wrongly(self, mode: str, claims: dict[str, Any], secret: str) -> str:
        """A token that a careless client would take: see failures.TOKEN."""
        kid = self.current.kid
        if mode == "alg_none":
            return encode({"alg": "none", "typ": "JWT"}, claims, lambda data: b"")
        if mode == "alg_hs256":
            return encode(
                {"alg": "HS256", "typ": "JWT", "kid": kid}, claims, lambda data: _hmac(secret, data)
            )
        if mode == "critical_header":
            header = {"alg": "RS256", "kid": kid, "crit": ["exemple"], "exemple": True}
            return encode(header, claims, self.current.sign)
        stranger = Key()
        if mode == "embedded_key":
            return encode({"alg": "RS256", "kid": kid, "jwk": stranger.public()}, claims, stranger.sign)
        shown = stranger.kid if mode == "unknown_kid" else kid
        return encode({"alg": "RS256", "typ": "JWT", "kid": shown}, claims, stranger.sign)


def encode(header: dict[str, Any], claims: dict[str, Any], sign: Any) -> str:
    data = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{data}.{b64(sign(data.encode()))}"


def claims_of(token: str) -> dict[str, Any]:
    """Claims of a token of ours, unverified; {} for what is no token."""
    try:
        part = token.split(".")[1]
        content = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def half_hash(text: str) -> str:
    """at_hash of OpenID Connect for RS256."""
    return b64(hashlib.sha256(text.encode()).digest()[:16])


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _hmac(secret: str, data: bytes) -> bytes:
    return hmac.new(secret.encode(), data, hashlib.sha256).digest()


def _number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))
