"""The second proof: which means a person holds, and the check of each (MFA-1…MFA-6).

Levels: a code by mail or SMS, or a password after a code, is two-step verification (1); the authenticator app and a
passkey are 2. A recovery code opens a level 1 session, but counts as 2 when the factors themselves are to be changed:
it is how a lost telephone is replaced, it was born with the factor, and its use is told to the owner.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import codes, keyed, passwords, throttle
from accounts.codes import Checked
from accounts.enums import AssuranceLevel, CodeChannel, CodePurpose, ProofMeans
from accounts.models import ProofDevice, RecoveryCode, User
from portal.common import prepared

TOTP_PERIOD = 30
TOTP_TOLERANCE = 1
RECOVERY_COUNT = 10
# 13 letters of 32 are 65 bits; written in two groups people can copy.
_RECOVERY_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_RECOVERY_LENGTH = 14
# How long a used challenge is remembered: longer than any request lasts.
_CHALLENGE_KEPT = timedelta(hours=12)
_BLANKS = re.compile(r"[\s\-.\u00a0\u202f]")


@dataclass(frozen=True)
class Means:
    """One way to give the second proof. `level` is what the session gets, `factor_level` what the proof is worth
    when the factors are to be changed; `detail` is the masked destination of a code."""

    key: ProofMeans
    detail: str
    level: int
    factor_level: int

    @property
    def is_code(self) -> bool:
        return self.key in (ProofMeans.MAIL, ProofMeans.SMS)

    @property
    def channel(self) -> CodeChannel:
        return CodeChannel(self.key.value)


_LEVELS = {
    ProofMeans.TOTP: (AssuranceLevel.AUTHENTICATOR, AssuranceLevel.AUTHENTICATOR),
    ProofMeans.PASSKEY: (AssuranceLevel.AUTHENTICATOR, AssuranceLevel.AUTHENTICATOR),
    ProofMeans.RECOVERY: (AssuranceLevel.CODE, AssuranceLevel.AUTHENTICATOR),
}


def means_of(user: User, *, without: Collection[str] = ()) -> list[Means]:
    """Means this person may use, the one proposed first at the head; `without` drops those already used."""
    held, has_recovery = _held(user)
    keys: list[ProofMeans] = []
    if Authenticator.Type.TOTP in held:
        keys.append(ProofMeans.TOTP)
    if Authenticator.Type.WEBAUTHN in held:
        keys.append(ProofMeans.PASSKEY)
    if ProofMeans.PASSWORD.value not in without and user.has_usable_password():
        keys.append(ProofMeans.PASSWORD)
    keys += [ProofMeans(channel.value) for channel in codes.channels(user)]
    if keys and has_recovery:
        keys.append(ProofMeans.RECOVERY)
    return [_means(user, key) for key in keys if key.value not in without]


def _held(user: User) -> tuple[frozenset[str], bool]:
    """Types of the factors this person holds, and whether a recovery code is left."""
    found = prepared.row(_HELD, {"user": user.pk})
    assert found is not None  # noqa: S101 — a SELECT without FROM gives one row
    return frozenset(found[0]), bool(found[1])


_HELD = """
SELECT ARRAY(SELECT type FROM mfa_authenticator WHERE user_id = %(user)s),
    EXISTS (SELECT 1 FROM accounts_recoverycode WHERE user_id = %(user)s AND used_at IS NULL)
"""


def _means(user: User, key: ProofMeans) -> Means:
    level, factor_level = _LEVELS.get(key, (AssuranceLevel.CODE, AssuranceLevel.CODE))
    detail = codes.masked(user, key.value) if key in (ProofMeans.MAIL, ProofMeans.SMS) else ""
    return Means(key, detail, level, factor_level)


# --- one check for all -------------------------------------------------------------------------------------
def check(request: HttpRequest, user: User, means: Means, typed: str, *, purpose: CodePurpose) -> Checked:
    """Try a proof, within the budget of attempts of this account; `reason` as in accounts.codes.Checked."""
    if means.is_code:
        return codes.verify(request, purpose, typed, user=user)
    key = codes.account_key(user)
    kind = "password" if means.key == ProofMeans.PASSWORD else "proof"
    delay = throttle.enter(kind, key, request)
    if delay is not None:
        return Checked(False, None, 0, codes.whole_seconds(delay), "wait")
    if not _holds(request, user, means.key, typed):
        left = throttle.wait(kind, key, request)
        return Checked(False, None, 0, codes.whole_seconds(left) if left else 0, "wrong")
    throttle.success(kind, key, request)
    return Checked(True, user, 0, 0, "")


def _holds(request: HttpRequest, user: User, key: ProofMeans, typed: str) -> bool:
    if key == ProofMeans.PASSWORD:
        return passwords.check(user, typed)
    if key == ProofMeans.TOTP:
        return verify_totp(user, typed)
    if key == ProofMeans.RECOVERY:
        return use_recovery_code(user, typed)
    return verify_passkey(request, user, typed)


# --- authenticator app -------------------------------------------------------------------------------------
def verify_totp(user: User, typed: str) -> bool:
    """Accept the figure of this step, the one before or after, never a step used already (MFA-6)."""
    with transaction.atomic():
        row = (
            Authenticator.objects.select_for_update(of=("self",))
            .filter(user=user, type=Authenticator.Type.TOTP)
            .first()
        )
        if row is None:
            return False
        secret = get_secret(row)
        step = matching_step(secret, typed, after=int(row.data.get("last_t", 0))) if secret else None
        if step is None:
            return False
        row.data = {**row.data, "last_t": step}
        row.last_used_at = timezone.now()
        row.save(update_fields=["data", "last_used_at"])
    return True


def get_secret(row: Authenticator) -> str:
    """Secret of an authenticator app, "" when the key that sealed it is gone."""
    try:
        return keyed.decrypt(row.data["secret"])
    except keyed.Undecipherable:
        return ""


def matching_step(secret: str, typed: str, *, after: int = 0) -> int | None:
    """Time step whose figure was typed, None when none fits; compares in constant time."""
    figures = _BLANKS.sub("", typed)[:20]
    now = int(time.time()) // TOTP_PERIOD
    found = None
    for step in range(now - TOTP_TOLERANCE, now + TOTP_TOLERANCE + 1):
        expected = format_hotp_value(hotp_value(secret, step))
        if keyed.same(keyed.digest("totp", figures), keyed.digest("totp", expected)) and step > after:
            found = step
    return found


# --- passkey -----------------------------------------------------------------------------------------------
def begin_passkey(user: User) -> dict[str, Any]:
    """Options for navigator.credentials.get; the challenge is kept in the session, for one answer."""
    options: dict[str, Any] = webauthn.begin_authentication(user)
    return options


def verify_passkey(request: HttpRequest, user: User, typed: str) -> bool:
    """`typed` is the JSON answer of the browser. The challenge is used up whatever the result."""
    credential = _parse_json(typed)
    if credential is None or not spend_challenge(request):
        return False
    try:
        row = webauthn.complete_authentication(user, webauthn.parse_authentication_response(credential))
    except (ValidationError, ValueError, TypeError, KeyError, LookupError):
        return False
    finally:
        request.session.pop(webauthn.STATE_SESSION_KEY, None)
    row.record_usage()
    return True


def spend_challenge(request: HttpRequest) -> bool:
    """Use up the challenge this session waits on; False when there is none or an answer to it was seen already.

    The session alone would not do: requests of the same instant each read it before any of them has emptied it.
    """
    state = request.session.get(webauthn.STATE_SESSION_KEY)
    challenge = str(state.get("challenge", "")) if isinstance(state, dict) else ""
    return bool(challenge) and throttle.spend("passkey_challenge", challenge, 1, _CHALLENGE_KEPT)


def _parse_json(typed: str) -> dict[str, Any] | None:
    try:
        value = json.loads(typed)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


# --- recovery codes ------------------------------------------------------------------------------------------
def make_recovery_codes(user: User) -> list[str]:
    """Replace the person's recovery codes by ten new ones, returned in clear this once.

    One at a time for a person: two at once would each leave their ten.
    """
    fresh = [_recovery_code() for _ in range(RECOVERY_COUNT)]
    with transaction.atomic():
        User.objects.select_for_update(of=("self",)).get(pk=user.pk)
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(
            RecoveryCode(user=user, code_hash=_recovery_hash(user, code)) for code in fresh
        )
    return fresh


def use_recovery_code(user: User, typed: str) -> bool:
    """Use one code up; the conditional UPDATE lets it work once whoever is quickest."""
    unused = RecoveryCode.objects.filter(user=user, code_hash=_recovery_hash(user, typed), used_at=None)
    return unused.update(used_at=timezone.now()) == 1


def unused_recovery_codes(user: User) -> int:
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def _recovery_code() -> str:
    letters = "".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(_RECOVERY_LENGTH))
    half = _RECOVERY_LENGTH // 2
    return f"{letters[:half]}-{letters[half:]}"


def _recovery_hash(user: User, typed: str) -> str:
    return keyed.digest(f"recovery:{user.pk}", _BLANKS.sub("", typed)[:40].upper())


# --- django-otp ----------------------------------------------------------------------------------------------
def device_of(user: User, key: ProofMeans) -> ProofDevice:
    """The device django-otp remembers, so that `user.is_verified()` is true."""
    device, _ = ProofDevice.objects.get_or_create(user=user, means=key, defaults={"name": key.value})
    return device
