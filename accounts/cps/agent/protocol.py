"""What the card signs, the same on the portal and on the desk."""

from __future__ import annotations

import re
from typing import Final

PREFIX: Final = "PORTAIL-CPS 1"
NONCE = re.compile(r"[A-Za-z0-9_-]{43}")
EXPIRY = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
ORIGIN = re.compile(r"https?://[a-z0-9.-]{1,253}(?::\d{1,5})?")

SIGN_IN: Final = "connexion"
CONFIRM: Final = "confirmation"
PURPOSES: Final = {
    SIGN_IN: "Vous connecter au portail",
    CONFIRM: "Confirmer votre identité",
}
"""What a signature may be for, with the words the agent shows."""


def signed_text(origin: str, purpose: str, nonce: str, expires: str) -> bytes:
    """The structured text under the signature. A site never chooses it: only these four values, each of a known form.

    Raises ValueError for a value that could make the text ambiguous.
    """
    if purpose not in PURPOSES:
        raise ValueError("purpose")
    for name, value, pattern in (
        ("origin", origin, ORIGIN),
        ("nonce", nonce, NONCE),
        ("expires", expires, EXPIRY),
    ):
        if not pattern.fullmatch(value):
            raise ValueError(name)
    lines = (PREFIX, f"origine {origin}", f"motif {purpose}", f"alea {nonce}", f"expire {expires}")
    return "\n".join(lines).encode("ascii")
