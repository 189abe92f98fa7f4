"""Keyed digests of what must be recognised and never read back, and encryption of what must be read back.

Both keys come from settings (CODE_PEPPER, SECRET_KEY): a stolen database gives no code, link, phone or TOTP secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def digest(purpose: str, value: str) -> str:
    """HMAC-SHA256 of `value` in hexadecimal; two purposes never give the same digest for one value."""
    message = f"{purpose}\0{value}".encode("utf-8", "surrogatepass")
    return hmac.new(settings.CODE_PEPPER.encode(), message, hashlib.sha256).hexdigest()


def same(left: str, right: str) -> bool:
    """Constant-time comparison of two ASCII digests."""
    return hmac.compare_digest(left.encode(), right.encode())


class Undecipherable(ValueError):
    """The text was not encrypted by this product, or with keys that are gone."""


def encrypt(text: str) -> str:
    return _fernet().encrypt(text.encode()).decode("ascii")


def decrypt(sealed: str, *, max_age_seconds: int | None = None) -> str:
    """Give the text back; raise Undecipherable when it is forged, too old, or sealed with a key that is gone."""
    if not _has_one_spelling(sealed):
        raise Undecipherable("sealed text refused")
    try:
        return _fernet().decrypt(sealed.encode("ascii"), ttl=max_age_seconds).decode()
    except InvalidToken:
        raise Undecipherable("sealed text refused") from None


def _has_one_spelling(sealed: str) -> bool:
    """Base64 readers skip what they do not know: many texts would open alike, and what may serve once serve often."""
    try:
        return base64.urlsafe_b64encode(base64.urlsafe_b64decode(sealed)).decode("ascii") == sealed
    except ValueError:
        return False


def _fernet() -> MultiFernet:
    """The first key seals; the fallbacks only open, so that SECRET_KEY can be rotated."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(_key(str(secret))) for secret in secrets])


def _key(secret: str) -> bytes:
    material = hmac.new(settings.CODE_PEPPER.encode(), f"accounts.keyed\0{secret}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(material.digest())
