"""What a message says: rendering of the templates, refusal of forged headers, sealing of secrets."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.template import Context
from django.template.engine import Engine
from django.utils.encoding import force_bytes

from portal.plateformes import current

MAX_SUBJECT = 250
MAX_SMS = 459
"""Three joined SMS of 153 characters."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_BODY_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TAGS = re.compile(r"(<[^>]*>)")
_BEFORE_SIGN = re.compile(r"(?<=\S) (?=[:;?!»])|(?<=«) (?=\S)")
_PREFIX = re.compile(r"\[[^\]]*\]\s*")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class ContentRefusedError(ValueError):
    """The recipient, the subject or the body cannot be sent as it is; nothing was queued."""


@dataclass(frozen=True)
class Content:
    subject: str
    text: str
    html: str = ""


def check_header(value: str, name: str) -> str:
    """Return `value`, or raise ContentRefusedError: a line break or control character would forge headers."""
    if _CONTROLS.search(value):
        raise ContentRefusedError(f"{name}: control character")
    return value


def check_email(address: str) -> str:
    """Return the address, its domain in ASCII; ContentRefusedError unless it is exactly one mail address."""
    check_header(address, "recipient")
    local, _, domain = address.rpartition("@")
    try:
        validate_email(address)
        return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode()}"
    except (ValidationError, UnicodeError):
        raise ContentRefusedError("recipient: not one mail address") from None


def check_phone(number: str) -> str:
    """Return `number` if it is in E.164 form (+33639980001), else raise ContentRefusedError."""
    if not _E164.fullmatch(number):
        raise ContentRefusedError("recipient: not an E.164 number")
    return number


def readable_on(accent: str) -> str:
    """Return black or white, whichever reads better on the colour `accent` (#rrggbb), by WCAG's contrast."""
    channels = [int(accent.lstrip("#")[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else "#000000"


def _common_context(context: dict[str, Any]) -> dict[str, Any]:
    plateforme = current()
    common = {
        "plateforme": plateforme,
        "site_url": settings.SITE_URL,
        "accent": plateforme.accent,
        "on_accent": readable_on(plateforme.accent),
    }
    return {**common, **context}


def _render(name: str, context: dict[str, Any], *, escape: bool) -> str:
    text: str = Engine.get_default().get_template(name).render(Context(context, autoescape=escape))
    if _BODY_CONTROLS.search(text):
        raise ContentRefusedError(f"{name}: control character")
    return text


def _tidy(text: str) -> str:
    """Drop what template tags leave behind: spaces at line ends and runs of blank lines."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"


def _bind_signs(html: str) -> str:
    """No line may begin with « : » or « ? »: the space beside a French sign becomes one that does not break."""
    pieces = _TAGS.split(html)
    return "".join(
        _BEFORE_SIGN.sub("&nbsp;", piece) if not piece.startswith("<") else piece for piece in pieces
    )


def render_email(template: str, context: dict[str, Any]) -> Content:
    """Render `<template>_subject.txt`, `_body.txt` and `_body.html`; all three must exist.

    The subject must be one line: a line break that came with a value of the context is refused. The heading of the
    mail is the subject without the sender's name in brackets, which the band above it says already.
    """
    full = _common_context(context)
    subject = _render(f"{template}_subject.txt", full, escape=False).strip()
    check_header(subject, "subject")
    if not subject or len(subject) > MAX_SUBJECT:
        raise ContentRefusedError("subject: empty or too long")
    text = _tidy(_render(f"{template}_body.txt", full, escape=False))
    titles = {"subject": subject, "title": _PREFIX.sub("", subject, count=1)}
    html = _bind_signs(_tidy(_render(f"{template}_body.html", {**full, **titles}, escape=True)))
    return Content(subject=subject, text=text, html=html)


def render_sms(template: str, context: dict[str, Any]) -> Content:
    """Render `<template>.txt` as one paragraph of at most MAX_SMS characters."""
    return sms_content(_render(f"{template}.txt", _common_context(context), escape=False))


def sms_content(text: str) -> Content:
    joined = " ".join(text.split())
    if not joined or len(joined) > MAX_SMS or _BODY_CONTROLS.search(joined):
        raise ContentRefusedError("text: empty, too long or with control characters")
    return Content(subject="", text=joined)


def _sealer() -> MultiFernet:
    """Build the cipher from SECRET_KEY; SECRET_KEY_FALLBACKS still open what was sealed before a rotation."""

    def derive(secret: str | bytes) -> Fernet:
        kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"portal.messaging body")
        return Fernet(base64.urlsafe_b64encode(kdf.derive(force_bytes(secret))))

    return MultiFernet([derive(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def seal(content: Content) -> bytes:
    """Encrypt a sensitive content, so that a copy of the database holds no usable code or link (PWD-6)."""
    return _sealer().encrypt(json.dumps(asdict(content)).encode())


def unseal(sealed: bytes) -> Content | None:
    """Return the sealed content, or None when no key opens it (SECRET_KEY changed without fallback)."""
    try:
        return Content(**json.loads(_sealer().decrypt(bytes(sealed))))
    except InvalidToken:
        return None
