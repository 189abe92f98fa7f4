"""One field for every way a person names their account (C6)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from accounts.enums import AccountStatus
from accounts.models import User
from portal.common import prepared
from portal.common.text import fold

MAX_TYPED = 254
_DIGITS = re.compile(r"[0-9]+")
_RPPS_LENGTH = 11
_ADELI_LENGTH = 9


def normalise(typed: str) -> str:
    """Form under which attempts are counted: « Alice@ » and « alice@ » share a counter (ABU-2); dots are kept."""
    text = unicodedata.normalize("NFC", typed[:MAX_TYPED]).strip()
    return text.casefold() if "@" in text else fold(text)


def find_account(typed: str) -> User | None:
    """The one account, not closed, whose identifier, e-mail, RPPS or ADELI number was typed.

    One query whatever is typed. A number of the national register wins over an identifier written the same way.
    """
    text = typed.strip()
    if not text or len(text) > MAX_TYPED or not _is_storable(text):
        return None
    numbers = _numbers(text)
    named = {"identifiant": fold(text), **numbers}
    if "@" in text:
        named["email"] = unicodedata.normalize("NFC", text).casefold()
    with prepared.cursor() as cursor:
        cursor.execute(_statement(frozenset(named)), named)
        found = [prepared.instance(User, row) for row in cursor.fetchall()]
    return min(found, key=lambda user: _rank(user, numbers), default=None)


# Each repeats the condition of its partial index: a prepared statement must state it to use it. A number typed in the
# preferences names no account before it is checked (accounts.workflows.profile).
_NAMED_BY = {
    "identifiant": "u.identifiant_key = %(identifiant)s",
    "email": "(u.email_key = %(email)s AND u.email_key <> '')",
    "rpps": "(u.rpps = %(rpps)s AND u.rpps <> '' AND u.rpps_asked = '')",
    "adeli": "u.adeli = %(adeli)s",
}


@lru_cache(maxsize=len(_NAMED_BY) ** 2)
def _statement(names: frozenset[str]) -> str:
    wanted = " OR ".join(condition for name, condition in _NAMED_BY.items() if name in names)
    return f"""
    SELECT {prepared.columns(User, "u")} FROM accounts_user AS u
    WHERE ({wanted}) AND u.status <> '{AccountStatus.CLOSED.value}' ORDER BY u.id LIMIT 4
    """  # noqa: S608 — names of columns


def _rank(user: User, numbers: dict[str, str]) -> int:
    if user.rpps and user.rpps == numbers.get("rpps"):
        return 0
    return 1 if user.adeli and user.adeli == numbers.get("adeli") else 2


def _numbers(text: str) -> dict[str, str]:
    """National numbers the text may be: RPPS, "8" + RPPS, ADELI, "0" + ADELI (national identifier of a card)."""
    digits = re.sub(r"[\s.\u00a0\u202f]", "", text)
    if not _DIGITS.fullmatch(digits):
        return {}
    if len(digits) == _RPPS_LENGTH:
        return {"rpps": digits}
    if len(digits) == _RPPS_LENGTH + 1 and digits.startswith("8"):
        return {"rpps": digits[1:]}
    if len(digits) == _ADELI_LENGTH:
        return {"adeli": digits}
    if len(digits) == _ADELI_LENGTH + 1 and digits.startswith("0"):
        return {"adeli": digits[1:]}
    return {}


def _is_storable(text: str) -> bool:
    """PostgreSQL holds neither NUL nor lone surrogates."""
    return "\0" not in text and not any(0xD800 <= ord(char) <= 0xDFFF for char in text)
