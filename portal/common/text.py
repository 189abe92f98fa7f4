"""Text made comparable (search) or unreadable to a stranger (masked destinations)."""

import re
import unicodedata

_LIGATURES = str.maketrans(
    {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"}
)
# Every dash and every apostrophe a keyboard, a word processor or an OCR may give.
_SEPARATORS = re.compile(r"[-‐‑‒–—−'’‘ʼ`´′_]+")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060-\u2064\ufeff\u202a-\u202e\u2066-\u2069]")
_SAINTS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
_SAINT_WORD = re.compile(r"\b(?:stes?|sts?)\b\.?")


def _unmarked(value: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", value) if not unicodedata.combining(char))


def fold(value: str) -> str:
    """Form under which two spellings of one name are equal.

    Lower case, no accent, « œ » as « oe », hyphens and apostrophes as spaces, « St »/« Ste » written in full,
    invisible characters dropped, spaces collapsed. Applying it twice changes nothing.
    """
    text = _INVISIBLE.sub("", value)
    text = _SEPARATORS.sub(" ", text)
    text = _unmarked(text.translate(_LIGATURES)).casefold()
    # Compatibility forms may bring back a separator or a ligature: one more pass settles them.
    text = _SEPARATORS.sub(" ", _unmarked(text.translate(_LIGATURES)))
    text = _SAINT_WORD.sub(lambda found: _SAINTS[found[0].rstrip(".")], text)
    return " ".join(text.split())


def mask_email(address: str) -> str:
    """« n…@exemple.fr »: the first letter and the domain, enough to recognise one's own mailbox."""
    local, at, domain = address.rpartition("@")
    if not at:
        return "…"
    return f"{local[:1]}…@{domain}"


def mask_phone(number: str) -> str:
    """« 06 •• •• •• 12 »: country or first pair and the last two digits of an E.164 or national number."""
    digits = re.sub(r"\D", "", number)
    if number.strip().startswith("+33"):
        digits = "0" + digits[2:]
    if len(digits) < 6:
        return "••"
    start = digits[:2] if digits.startswith("0") else f"+{digits[:3]}"
    return f"{start} •• •• •• {digits[-2:]}"
