"""The ID token: every claim is read from the bytes whose signature was checked, and from nowhere else (RP-2)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from django.conf import settings
from joserfc import jws
from joserfc.errors import JoseError

from accounts.psc.line import Line
from accounts.psc.provider import find_key
from accounts.psc.reasons import PscRefused, Reason

SKEW_SECONDS = 30
# A token is used within seconds of its making; the attempt itself lives ten minutes.
MAX_AGE_SECONDS = 600
MAX_LENGTH = 32_768
MAX_SUBJECT = 255
# What a proof by e-CPS or card is called. PSC may say nothing at all, and the sandbox once said eidas3;
# anything else is weaker than what we ask (docs/decisions/pro-sante-connect.md).
ACCEPTED_ACR = frozenset({"eidas1", "eidas2", "eidas3"})
FRESH_SECONDS = 300


def verify(
    line: Line, token: Any, *, nonce: str, access_token: str, is_fresh: bool = False
) -> dict[str, Any]:
    """Claims of an ID token made for this attempt. Raises PscRefused with the first thing that is wrong.

    is_fresh: the person must have proved who they are within the last five minutes.
    """
    if not isinstance(token, str) or not token:
        raise PscRefused(Reason.NO_ID_TOKEN)
    claims = read_signed(line, token)
    _check_parties(claims)
    _check_times(claims)
    _check_same(claims.get("nonce"), nonce, Reason.NONCE)
    _check_subject(claims.get("sub"))
    if claims.get("at_hash") is not None:
        _check_same(claims["at_hash"], at_hash(access_token, algorithm_of(token)), Reason.ACCESS_TOKEN_HASH)
    acr = claims.get("acr")
    if acr is not None and (not isinstance(acr, str) or acr not in ACCEPTED_ACR):
        raise PscRefused(Reason.ACR)
    if is_fresh and not _is_recent(claims.get("auth_time")):
        raise PscRefused(Reason.AUTH_TIME)
    return claims


def read_signed(line: Line, token: str) -> dict[str, Any]:
    """Payload of a signed token. Only `alg` and `kid` of the header are believed: keys it carries are ignored."""
    header = _header(token)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in settings.PSC.algorithms:
        raise PscRefused(Reason.ALGORITHM)
    if "crit" in header or "b64" in header:
        raise PscRefused(Reason.MALFORMED)
    kid = header.get("kid", "")
    key = find_key(line, kid if isinstance(kid, str) else "", algorithm)
    try:
        signed = jws.deserialize_compact(token, key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError) as error:
        raise PscRefused(Reason.SIGNATURE) from error
    return _object(signed.payload)


def algorithm_of(token: str) -> str:
    return str(_header(token).get("alg", ""))


def at_hash(access_token: str, algorithm: str) -> str:
    """Left half of the hash of the access token, the hash being that of the signature (OIDC Core 3.1.3.6)."""
    digest = hashlib.new(f"sha{algorithm[-3:]}", access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _header(token: str) -> dict[str, Any]:
    first, dot, rest = token.partition(".")
    if len(token) > MAX_LENGTH or not dot or rest.count(".") != 1 or not token.isascii():
        raise PscRefused(Reason.MALFORMED)
    try:
        return _object(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except ValueError as error:
        raise PscRefused(Reason.MALFORMED) from error


def _object(raw: bytes) -> dict[str, Any]:
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise PscRefused(Reason.MALFORMED) from error
    if not isinstance(content, dict):
        raise PscRefused(Reason.MALFORMED)
    return content


def _check_parties(claims: dict[str, Any]) -> None:
    """Made by PSC, for us alone or with us named as the party it was given to."""
    if claims.get("iss") != settings.PSC.issuer:
        raise PscRefused(Reason.ISSUER)
    us, audience, party = settings.PSC.client_id, claims.get("aud"), claims.get("azp")
    audiences = audience if isinstance(audience, list) else [audience]
    if us not in audiences:
        raise PscRefused(Reason.AUDIENCE)
    if party != us and (party is not None or len(audiences) > 1):
        raise PscRefused(Reason.AUTHORIZED_PARTY)


def _check_times(claims: dict[str, Any]) -> None:
    """30 s between the clocks is life, two hours is a wrong clock or an old token (RP-7)."""
    now = time.time()
    expires, issued = _moment(claims.get("exp")), _moment(claims.get("iat"))
    if expires is None or expires + SKEW_SECONDS <= now:
        raise PscRefused(Reason.EXPIRED)
    if issued is None or issued > now + SKEW_SECONDS or issued < now - MAX_AGE_SECONDS:
        raise PscRefused(Reason.ISSUED_AT)
    not_before = claims.get("nbf")
    # Keycloak writes 0 when it has nothing to say.
    if not_before is not None and ((found := _moment(not_before)) is None or found > now + SKEW_SECONDS):
        raise PscRefused(Reason.ISSUED_AT)


def _moment(value: Any) -> float | None:
    """Seconds since 1970; None for text, booleans, infinities and nonsense."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared before it is converted: an integer of four hundred figures is no float. NaN and infinities fail too.
    return float(value) if 0 <= value < 1e11 else None


def _check_same(found: Any, wanted: str, reason: Reason) -> None:
    """Compared in constant time, as bytes: the other side may send anything."""
    if not isinstance(found, str) or not wanted:
        raise PscRefused(reason)
    if not hmac.compare_digest(found.encode("utf-8", "replace"), wanted.encode()):
        raise PscRefused(reason)


def _check_subject(subject: Any) -> None:
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise PscRefused(Reason.SUBJECT)


def _is_recent(value: Any) -> bool:
    proved = _moment(value)
    return proved is not None and -SKEW_SECONDS <= time.time() - proved <= FRESH_SECONDS
