"""Counters of what goes wrong at the doors, for the supervision (REL-13). A label is a word of ours, never a person."""

from __future__ import annotations

from prometheus_client import Counter

FAILURES = Counter(
    "portal_sign_in_failures", "Proofs refused, by door: password, code, card, e-CPS…", ["door"]
)
LOCKOUTS = Counter("portal_lockouts", "Accounts slowed down after too many wrong proofs, by door", ["door"])
DOORS = ("password", "email", "sms", "totp", "passkey", "card", "ecps")
for _door in DOORS:  # shown at 0: an alarm on a rise needs the point before it
    FAILURES.labels(_door)
LOCKOUTS.labels("password")
_REFUSALS = frozenset({"sign_in_refused", "proof_refused", "code_refused", "strong_refused"})


def count(action: str, method: str) -> None:
    """Called for each row of the security journal: what is written there is what is counted."""
    if action in _REFUSALS:
        FAILURES.labels(method or "other").inc()
    elif action == "locked":
        LOCKOUTS.labels(method or "other").inc()
