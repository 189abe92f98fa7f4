"""Addresses of partners: what may be registered. At run time they are compared letter by letter (OP-1)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_ALLOWED = re.compile(r"\A[A-Za-z0-9\-._~:/?\[\]@!$&()*+,;=%]+\Z")


def check_partner_uri(value: str) -> None:
    """Validator: absolute https address (http only on this very machine), no fragment, user-info or dot segment."""
    if not _ALLOWED.match(value):
        raise ValidationError("L’adresse contient un caractère interdit ou un « # ».", code="uri_characters")
    try:
        parts = urlsplit(value)
        port_is_wrong = parts.port == 0
    except ValueError:
        port_is_wrong, parts = True, urlsplit("")
    if port_is_wrong or not parts.hostname or "@" in parts.netloc:
        raise ValidationError("L’adresse doit être complète, sans nom d’utilisateur.", code="uri_shape")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL_HOSTS):
        raise ValidationError("L’adresse doit commencer par https://.", code="uri_scheme")
    if any(segment in {".", ".."} for segment in parts.path.split("/")):
        raise ValidationError("L’adresse ne doit pas contenir « .. ».", code="uri_dots")


def origin_of(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"
