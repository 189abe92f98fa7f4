"""What every transport promises, and how it says that it failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portal.messaging.content import Content


class TransportError(Exception):
    """A send that failed. `code` is a word of ours (`smtp-450`): a server often quotes the address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TransientError(TransportError):
    """It may work later. `ambiguous`: the other side may have taken the message before the link was cut.
    `wait_seconds`: what the other side asked to wait, 0 if nothing."""

    def __init__(self, code: str, *, ambiguous: bool = False, wait_seconds: int = 0) -> None:
        super().__init__(code)
        self.ambiguous = ambiguous
        self.wait_seconds = wait_seconds


class PermanentError(TransportError):
    """The other side refused this message for good; trying again is useless."""


@dataclass(frozen=True)
class Parcel:
    """One message ready to go, cut from the database."""

    id: UUID
    recipient: str
    sender: str
    content: Content
    created_at: datetime
    correlation_id: str


Handover = Callable[[], None]
"""Called by a transport just before the step after which the other side may hold the message. It raises when
this worker no longer owns the message: the transport then stops without taking that step."""


class Transport(Protocol):
    """Sends one parcel and returns the other side's id for it (may be empty), or raises a TransportError.

    Every network step is bounded in time; the whole ends well before a claim is taken back (120 s).
    """

    def send(self, parcel: Parcel, handover: Handover) -> str: ...
