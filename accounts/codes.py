"""One-time codes by mail or SMS: sent within a budget, bound to the browser that asked, used once.

A code is a row of OneTimeCode: keyed hash, tries left, life. Every decision about it is one conditional UPDATE, so
twenty identical correct posts give one success, and twenty wrong ones kill the code (CODE-4, CODE-5). For an unknown
account a decoy row is written and the same budget is spent: nothing to see from outside (CODE-6, ABU-1).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.http import HttpRequest
from django.utils import timezone

from accounts import client, identify, journal, keyed, known_browser, throttle
from accounts.enums import CodeChannel, CodePurpose
from accounts.models import OneTimeCode, User
from portal.common import prepared
from portal.common.text import mask_email, mask_phone
from portal.messaging import outbox
from portal.messaging.models import OutgoingMessage
from portal.plateformes import current
from portal.plateformes.schema import Code

BROWSER_SESSION_KEY = "code_browser"
_DAY = timedelta(hours=24)
_HOUR = timedelta(hours=1)
_NOT_DIGITS = re.compile(r"[\s.\u00a0\u202f\-]")
_WHAT_FOR = {
    CodePurpose.SIGN_IN: "vous connecter",
    CodePurpose.EPHEMERAL: "vous connecter",
    CodePurpose.PHONE_PROOF: "prouver que ce mobile est le vôtre",
    CodePurpose.REPROVE: "confirmer une action sur votre compte",
}


@dataclass(frozen=True)
class Sent:
    """`refused_reason` is "" when a code is on its way, else a sentence to show; `wait_seconds` before a new send."""

    destination_masked: str
    wait_seconds: int
    expires_at: datetime | None
    refused_reason: str = ""


@dataclass(frozen=True)
class Checked:
    """`reason` when not ok: "wrong", "expired" (none alive, used, too old), "dead" (tries used up), "wait", "daily"."""

    ok: bool
    user: User | None
    tries_left: int
    wait_seconds: int
    reason: str


# --- who asks ----------------------------------------------------------------------------------------------
def account_key(user: User | None, typed: str = "") -> str:
    """Key of the account in every counter: the same for its identifier, mail and RPPS."""
    return f"u{user.pk}" if user is not None else f"?{identify.normalise(typed)}"


def _browser_key(request: HttpRequest) -> str:
    value = request.session.get(BROWSER_SESSION_KEY)
    if not value:
        value = request.session[BROWSER_SESSION_KEY] = secrets.token_urlsafe(24)
    return keyed.digest("browser", value)


def rules_for(purpose: CodePurpose) -> Code:
    codes = current().codes
    if purpose == CodePurpose.PHONE_PROOF:
        return codes.phone_proof
    return codes.ephemeral if purpose == CodePurpose.EPHEMERAL else codes.sign_in


def channels(user: User) -> list[CodeChannel]:
    """Ways a sign-in code can reach this person, the preferred one first; SMS only to a proved phone."""
    offered = current().codes.sign_in.channels
    ways = []
    if "email" in offered and user.email and user.email_verified_at:
        ways.append(CodeChannel.MAIL)
    if "sms" in offered and user.phone_mobile and user.phone_mobile_verified_at:
        ways.append(CodeChannel.SMS)
    return sorted(ways, key=lambda way: way != user.preferred_channel)


def masked(user: User, channel: str) -> str:
    return mask_phone(user.phone_mobile) if channel == CodeChannel.SMS else mask_email(user.email)


# --- sending -----------------------------------------------------------------------------------------------
def send(
    request: HttpRequest,
    *,
    user: User | None,
    purpose: CodePurpose,
    channel: CodeChannel,
    typed: str = "",
    destination: str = "",
) -> Sent:
    """Send a code, replacing the one this browser held for the purpose.

    user None: a decoy for `typed`, same budget, same work, no message. destination: another address or phone than the
    account's (the mobile to prove). Refused (see Sent) when the budget is used up; the earlier code then lives on.
    """
    target = destination or _destination(user, channel)
    key = budget_key(request, user, purpose, typed)
    is_blind = key != account_key(user, typed)
    with transaction.atomic():
        taken = _spend(request, key, purpose, channel, "" if is_blind else target)
        if isinstance(taken, Sent):
            return taken
        if is_blind and isinstance(_spend(request, account_key(user), purpose, channel, target), Sent):
            # The account's own budget is used up, under another name: nothing is told.
            user, target = None, ""
        if channel == CodeChannel.SMS and target:
            throttle.spend("sms_all", "all", current().codes.sends.sms_per_hour_ceiling, _HOUR)
        row = _make(request, user, purpose, channel, target)
        journal.record(
            journal.Action.CODE_SENT,
            request=request,
            subject=user,
            method=channel,
            purpose=purpose,
            known=bool(user),
        )
    return Sent(_mask(channel, target), _delay_after(taken, request, key), row.expires_at)


def budget_key(request: HttpRequest, user: User | None, purpose: CodePurpose, typed: str = "") -> str:
    """Key of the budget that is told. Where anybody may ask, it is what was typed: the same for nobody, and two names
    of one account are not shown to be one (ABU-1)."""
    key = account_key(user, typed)
    if purpose != CodePurpose.EPHEMERAL or known_browser.knows(request, key):
        return key
    return account_key(None, typed)


def delay_before_resend(request: HttpRequest, key: str) -> int:
    """Seconds before another code may be asked: the set delay, or the end of the window once it is used up."""
    window = timedelta(seconds=current().codes.sends.window_seconds)
    return _delay_after(throttle.spent("code_sends", key, window, request), request, key)


def _delay_after(taken: int, request: HttpRequest, key: str) -> int:
    """`taken`: codes asked for this account in the running window."""
    sends = current().codes.sends
    window = timedelta(seconds=sends.window_seconds)
    if taken >= sends.max_per_window:
        return whole_seconds(throttle.window_left("code_sends", key, window, request))
    return sends.min_delay_seconds


def seconds_before_resend(request: HttpRequest, purpose: CodePurpose, key: str) -> int:
    """Same, counted from the last send of this browser: what the countdown of the page starts from."""
    row = live(request, purpose)
    delay = delay_before_resend(request, key)
    if row is None or delay != current().codes.sends.min_delay_seconds:
        return delay if row is not None else 0
    return max(0, whole_seconds(row.created_at + timedelta(seconds=delay) - timezone.now()))


def _spend(request: HttpRequest, key: str, purpose: CodePurpose, channel: str, target: str) -> int | Sent:
    """Take one unit of each budget: how many codes this account has now asked in the window, or a Sent that says when
    to come back when a budget is used up.

    The delay between two codes is for one channel: choosing the other one need not wait. A browser known for that
    account has its own budget: a stranger who asks codes in somebody's name keeps none from them (ABU-5).
    """
    sends = current().codes.sends
    gap, way = timedelta(seconds=sends.min_delay_seconds), f"{key}:{purpose}:{channel}"
    if gap and not throttle.spend("code_gap", way, 1, gap):
        return _refused(
            "Un code vient d’être envoyé", whole_seconds(throttle.window_left("code_gap", way, gap))
        )
    window = timedelta(seconds=sends.window_seconds)
    taken = throttle.take("code_sends", key, sends.max_per_window, window, request)
    if taken is None:
        return _refused(
            "Trop de codes demandés", whole_seconds(throttle.window_left("code_sends", key, window, request))
        )
    if channel != CodeChannel.SMS:
        return taken
    if not throttle.spend("sms_phone", target or key, sends.max_per_day_per_phone, _DAY):
        return _refused("Trop de SMS demandés pour ce numéro aujourd’hui : demandez le code par e-mail", 0)
    if throttle.spent("sms_all", "all", _HOUR) >= sends.sms_per_hour_ceiling:
        return _refused("Les SMS sont momentanément indisponibles : demandez le code par e-mail", 0)
    return taken


def _refused(sentence: str, seconds: int) -> Sent:
    told = f"{sentence} : nouvel envoi possible dans {say_seconds(seconds)}." if seconds else f"{sentence}."
    return Sent("", seconds, None, told)


def _make(
    request: HttpRequest, user: User | None, purpose: CodePurpose, channel: str, target: str
) -> OneTimeCode:
    """The row of a new code, its message queued; the code this browser held for the purpose dies."""
    rules, now = rules_for(purpose), timezone.now()
    is_new_browser = BROWSER_SESSION_KEY not in request.session
    browser = _browser_key(request)
    if not is_new_browser:
        OneTimeCode.objects.filter(browser_key=browser, purpose=purpose, used_at=None, dead_at=None).update(
            dead_at=now, code_hash=""
        )
    code = f"{secrets.randbelow(10**rules.digits):0{rules.digits}d}"
    row = OneTimeCode(
        user=user,
        purpose=purpose,
        channel=channel,
        destination_key=keyed.digest("destination", target),
        browser_key=browser,
        code_hash=_hash(code, purpose, browser),
        tries_left=rules.tries,
        expires_at=now + timedelta(seconds=rules.life_seconds),
    )
    if user is not None and target:
        row.message = _queue(request, user, row, code, target)
    return prepared.insert(row)


def _queue(request: HttpRequest, user: User, row: OneTimeCode, code: str, target: str) -> OutgoingMessage:
    context = {
        "code": code,
        "life_seconds": rules_for(CodePurpose(row.purpose)).life_seconds,
        "what_for": _WHAT_FOR[CodePurpose(row.purpose)],
        "device": client.device(request),
        "asked_at": timezone.localtime(),
        "is_phone_proof": row.purpose == CodePurpose.PHONE_PROOF,
    }
    reference = f"accounts.user:{user.public_id}"
    if row.channel == CodeChannel.SMS:
        return outbox.queue_sms(
            to=target,
            template="accounts/sms/code",
            context=context,
            sensitive=True,
            expires_at=row.expires_at,
            subject_ref=reference,
            purpose=f"code_{row.purpose}",
        )
    return outbox.queue_email(
        to=target,
        template="accounts/email/code",
        context=context,
        sensitive=True,
        expires_at=row.expires_at,
        subject_ref=reference,
        purpose=f"code_{row.purpose}",
    )


def _destination(user: User | None, channel: str) -> str:
    if user is None:
        return ""
    return user.phone_mobile if channel == CodeChannel.SMS else user.email


def _mask(channel: str, target: str) -> str:
    if not target:
        return ""
    return mask_phone(target) if channel == CodeChannel.SMS else mask_email(target)


# --- checking ----------------------------------------------------------------------------------------------
def live(request: HttpRequest, purpose: CodePurpose) -> OneTimeCode | None:
    """The code this browser may still type; its message tells whether it has left."""
    if not request.session.get(BROWSER_SESSION_KEY):
        return None
    return (
        OneTimeCode.objects.filter(
            browser_key=_browser_key(request),
            purpose=purpose,
            used_at=None,
            dead_at=None,
            expires_at__gt=timezone.now(),
        )
        .select_related("message")
        .order_by("-pk")
        .first()
    )


def verify(
    request: HttpRequest,
    purpose: CodePurpose,
    typed: str,
    *,
    user: User | None = None,
    typed_account: str = "",
) -> Checked:
    """Try `typed` against the code this browser was sent for that purpose, and use it up when it is right.

    user: the account the code must belong to (None: whichever it was sent for). A right code met during a delay is not
    looked at: the reason is "wait", with the seconds left. `typed_account` names the counter of a decoy.
    """
    row = _latest(request, purpose, user)
    if row is None or (user is not None and row.user_id != user.pk):
        return Checked(False, None, 0, 0, "expired")
    if row.used_at or row.dead_at or row.expires_at <= timezone.now():
        return _explain(row, 0)
    key, door = account_key(row.user, typed_account), _door(purpose)
    if throttle.spent(f"{door}_tries", key, _DAY, request) >= current().lockout.daily_code_tries:
        return _over_for_the_day(request, row, door, key)
    delay = throttle.enter(door, key, request)
    if delay is not None:
        return Checked(False, None, row.tries_left, whole_seconds(delay), "wait")
    if _is_right(row, purpose, typed):
        if _claim(row):
            throttle.success(door, key, request)
            # The owner receives and types their codes: the next sign-in need not wait for the window to end.
            budgets = {key, budget_key(request, row.user, purpose, typed_account)}
            throttle.forget_all(
                own=[("code_sends", budget) for budget in budgets],
                shared=[("code_gap", f"{budget}:{purpose}:{row.channel}") for budget in budgets],
                request=request,
            )
            return Checked(True, row.user, row.tries_left, 0, "")
        return _explain(row, 0)
    return _wrong(request, row, door, key)


def cancel_all(user: User) -> int:
    """Kill the live codes of an account whose address or mobile has just changed: what was sent to the old one opens
    nothing any more (CODE-9). Return how many died."""
    return OneTimeCode.objects.filter(user=user, used_at=None, dead_at=None).update(
        dead_at=timezone.now(), code_hash=""
    )


def _latest(request: HttpRequest, purpose: CodePurpose, owner: User | None) -> OneTimeCode | None:
    """The last code sent to this browser; its `user` is `owner` when it is theirs, without reading it again."""
    if not request.session.get(BROWSER_SESSION_KEY):
        return None
    rows = OneTimeCode.objects.filter(browser_key=_browser_key(request), purpose=purpose).order_by("-pk")
    if owner is None:
        return rows.select_related("user").first()
    row = rows.first()
    if row is not None and row.user_id == owner.pk:
        row.user = owner
    return row


def _is_right(row: OneTimeCode, purpose: CodePurpose, typed: str) -> bool:
    """Constant-time comparison of digests; a decoy or a blanked row never matches."""
    digest = _hash(_NOT_DIGITS.sub("", typed)[:20], purpose, row.browser_key)
    return keyed.same(digest, row.code_hash) and row.user_id is not None


def _claim(row: OneTimeCode) -> bool:
    now = timezone.now()
    alive = OneTimeCode.objects.filter(
        pk=row.pk, used_at=None, dead_at=None, tries_left__gt=0, expires_at__gt=now
    ).exclude(code_hash="")
    return alive.update(used_at=now, code_hash="") == 1


def _over_for_the_day(request: HttpRequest, row: OneTimeCode, door: str, key: str) -> Checked:
    """The day's tries are used up: the code is dead, a right one too, and the person is told until when."""
    OneTimeCode.objects.filter(pk=row.pk, used_at=None).update(
        dead_at=timezone.now(), code_hash="", tries_left=0
    )
    left = throttle.window_left(f"{door}_tries", key, _DAY, request)
    return Checked(False, None, 0, whole_seconds(left), "daily")


def _door(purpose: CodePurpose) -> str:
    """Name of the counter of wrong tries (throttle.DOORS)."""
    return "ephemeral" if purpose == CodePurpose.EPHEMERAL else "code"


def _wrong(request: HttpRequest, row: OneTimeCode, door: str, key: str) -> Checked:
    """One try less, for the code and for the day; the last one kills the code."""
    now = timezone.now()
    alive = OneTimeCode.objects.filter(
        pk=row.pk, used_at=None, dead_at=None, tries_left__gt=0, expires_at__gt=now
    )
    counted = alive.update(
        tries_left=F("tries_left") - 1,
        dead_at=Case(When(tries_left__lte=1, then=Value(now)), default=None),
        code_hash=Case(When(tries_left__lte=1, then=Value("")), default=F("code_hash")),
    )
    within_day = throttle.spend(f"{door}_tries", key, current().lockout.daily_code_tries, _DAY, request)
    journal.record(
        journal.Action.CODE_REFUSED, request=request, subject=row.user, outcome="failure", method=row.channel
    )
    if not within_day:
        return _over_for_the_day(request, row, door, key)
    delay = throttle.wait(door, key, request)
    return _explain(row, whole_seconds(delay) if delay else 0, just_counted=bool(counted))


def _explain(row: OneTimeCode, wait: int, *, just_counted: bool = False) -> Checked:
    row.refresh_from_db(fields=["tries_left", "dead_at", "used_at", "expires_at"])
    if (
        row.used_at
        or row.expires_at <= timezone.now()
        or (row.dead_at and not just_counted and row.tries_left)
    ):
        return Checked(False, None, 0, wait, "expired")
    if row.tries_left == 0 or row.dead_at:
        return Checked(False, None, 0, wait, "dead")
    return Checked(False, None, row.tries_left, wait, "wrong")


def _hash(code: str, purpose: str, browser_key: str) -> str:
    return keyed.digest(f"code:{purpose}:{browser_key}", code)


# --- words -------------------------------------------------------------------------------------------------
def whole_seconds(delay: timedelta) -> int:
    """Whole seconds, rounded up: a person told « 3 s » who waits 3 s is let in."""
    return -int(-delay.total_seconds() // 1)


def say_seconds(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} seconde{'s' if seconds > 1 else ''}"
    if seconds < 7200:
        return f"{-(-seconds // 60)} minutes"
    return f"{-(-seconds // 3600)} heures"
