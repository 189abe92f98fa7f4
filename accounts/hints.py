"""Whom a partner thinks is about to sign in (`login_hint`): fills the identifier of the sign-in page, and says nothing.

Kept in the visitor's session and not in the address, which is logged; shown for that sign-in only, and never looked
up: the page is the same whether such an account exists or not.
"""

from __future__ import annotations

from django.http import HttpRequest

MAX_LENGTH = 254
_KEY = "sign_in_hint"


def keep(request: HttpRequest, target: str, hint: str) -> None:
    """`target`: where that sign-in leads. Nothing is written without a usable hint."""
    text = hint.strip()
    if text and len(text) <= MAX_LENGTH and text.isprintable():
        request.session[_KEY] = [target, text]


def read(request: HttpRequest, target: str) -> str:
    kept = request.session.get(_KEY)
    return str(kept[1]) if isinstance(kept, list) and len(kept) == 2 and kept[0] == target else ""
