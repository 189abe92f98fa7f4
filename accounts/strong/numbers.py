"""National identifiers of people (PS_IdNat): a type digit, then the number (table TRE_G08)."""

from __future__ import annotations

import re
from typing import Any

from accounts.strong.identity import StrongIdentity

_RPPS = re.compile(r"8([0-9]{11})")
_ADELI = re.compile(r"0([0-9A-Z]{9})")
_BARE_ADELI = re.compile(r"[0-9A-Z]{9}")


def rpps_of(national_id: str) -> str:
    """The 11 figures of "8" + RPPS, "" for another kind of identifier. The key is not judged: it was proven."""
    found = _RPPS.fullmatch(national_id)
    return found[1] if found else ""


def is_of_test_range(national_id: str) -> bool:
    """An RPPS number of the range kept for tests (997…): a hint for the logs in production, never a refusal."""
    return rpps_of(national_id).startswith("997")


def adeli_of(national_id: str) -> str:
    """The 9 characters of "0" + ADELI, "" for another kind."""
    found = _ADELI.fullmatch(national_id)
    return found[1] if found else ""


def shown(national_id: str) -> str:
    """The number as people know theirs: RPPS or ADELI without the type digit, anything else whole."""
    return rpps_of(national_id) or adeli_of(national_id) or national_id


def kind_of(national_id: str) -> str:
    """« RPPS », « ADELI » or « identifiant national »."""
    if rpps_of(national_id):
        return "RPPS"
    return "ADELI" if adeli_of(national_id) else "identifiant national"


def former_ids(identity: StrongIdentity) -> tuple[str, ...]:
    """ADELI identifiers ("0" + number) that the national directory itself gives for an RPPS identity."""
    if not rpps_of(identity.national_id):
        return ()
    listed = identity.raw_hint.get("other_ids", [])
    found = (_prefixed(item) for item in listed if isinstance(item, dict)) if isinstance(listed, list) else ()
    return tuple(dict.fromkeys(number for number in found if number))


def _prefixed(item: dict[str, Any]) -> str:
    number = str(item.get("identifiant", "")).upper()
    if _ADELI.fullmatch(number):
        return number
    return f"0{number}" if _BARE_ADELI.fullmatch(number) else ""
