"""Adding and removing what proves who a person is; each act is in the journal, told by mail, and ends other sessions.

The views ask for a recent proof at the level of the strongest factor held before calling these (MFA-4).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import segno
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from accounts import assurance, keyed, second_proof, security_changes, sessions
from accounts.enums import AssuranceLevel, ProofMeans
from accounts.journal import Action
from accounts.models import User

MAX_PASSKEYS = 10
MAX_NAME = 60


@dataclass(frozen=True)
class Passkey:
    """One passkey as its owner sees it; `reference` stands for it in addresses."""

    reference: str
    name: str
    added_at: datetime
    last_used_at: datetime | None


# --- authenticator app -----------------------------------------------------------------------------------
def totp_of(user: User) -> Authenticator | None:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()


def new_totp_secret() -> str:
    secret: str = generate_totp_secret()
    return secret


def qr_png(user: User, secret: str) -> str:
    """The otpauth address as a QR image, in a data: address."""
    url = get_adapter().build_totp_url(user, secret)
    file = BytesIO()
    segno.make(url, error="m").save(file, kind="png", scale=5, border=3)
    return "data:image/png;base64," + _base64(file.getvalue())


def add_totp(request: HttpRequest, user: User, secret: str, step: int) -> bool:
    """Keep the secret (encrypted) of an app that has just shown the code of `step`; False when one is there already."""
    data = {"secret": keyed.encrypt(secret), "last_t": step}
    try:
        with transaction.atomic():
            Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)
            _after_addition(request, user, Action.AUTHENTICATOR_ADDED, ProofMeans.TOTP)
    except IntegrityError:
        return False
    return True


def remove_totp(request: HttpRequest, user: User) -> bool:
    with transaction.atomic():
        removed, _ = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
        if removed:
            _after_removal(request, user, Action.AUTHENTICATOR_REMOVED)
    return bool(removed)


# --- passkeys --------------------------------------------------------------------------------------------
def passkeys(user: User) -> list[Passkey]:
    rows = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).order_by(
        "created_at", "pk"
    )
    return [
        Passkey(_reference(row), str(row.data.get("name", "")), row.created_at, row.last_used_at)
        for row in rows
    ]


def begin_passkey(user: User) -> dict[str, Any]:
    """Options for navigator.credentials.create; the challenge waits in the session."""
    options: dict[str, Any] = webauthn.begin_registration(user, passwordless=False)
    return options


def add_passkey(request: HttpRequest, user: User, credential: dict[str, Any], name: str) -> bool:
    """Keep a passkey whose registration answers the challenge of this session, once; False when it does not."""
    if not second_proof.spend_challenge(request):
        return False
    try:
        webauthn.parse_registration_response(credential)
        webauthn.complete_registration(credential)
    except (ValidationError, ValueError, TypeError, KeyError):
        return False
    finally:
        request.session.pop(webauthn.STATE_SESSION_KEY, None)
    with transaction.atomic():
        webauthn.WebAuthn.add(user, name, credential)
        _after_addition(request, user, Action.PASSKEY_ADDED, ProofMeans.PASSKEY)
    return True


def remove_passkey(request: HttpRequest, user: User, reference: str) -> bool:
    with transaction.atomic():
        rows = Authenticator.objects.select_for_update(of=("self",)).filter(
            user=user, type=Authenticator.Type.WEBAUTHN
        )
        found = next((row for row in rows.order_by("pk") if _reference(row) == reference), None)
        if found is None:
            return False
        found.delete()
        _after_removal(request, user, Action.PASSKEY_REMOVED)
    return True


def _reference(row: Authenticator) -> str:
    return keyed.digest("passkey", str(row.pk))[:24]


# --- recovery codes ---------------------------------------------------------------------------------------
def renew_recovery_codes(request: HttpRequest, user: User) -> list[str]:
    """Ten new codes in clear; the older ones stop working, as do the person's other sessions (SES-6)."""
    with transaction.atomic():
        fresh = second_proof.make_recovery_codes(user)
        _note(request, user, Action.RECOVERY_CODES_MADE)
    return fresh


# --- common -----------------------------------------------------------------------------------------------
def _note(request: HttpRequest, user: User, action: Action) -> None:
    security_changes.note(action, user, actor=user, request=request)
    sessions.end_after_change(user, request)


def _after_addition(request: HttpRequest, user: User, action: Action, means: ProofMeans) -> None:
    """Adding a factor proves that one holds it: the session rises with it, and may see the recovery codes."""
    _note(request, user, action)
    sessions.prove_again(request, level=AssuranceLevel.AUTHENTICATOR, method=means.value)


def _after_removal(request: HttpRequest, user: User, action: Action) -> None:
    """A level falls with the factor that gave it; recovery codes go with the last strong factor (MFA-3)."""
    _note(request, user, action)
    assurance.drop_recovery(user)
    row = sessions.session_of(request)
    if row is not None:
        sessions.lower(row, assurance.still_proven(row))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
