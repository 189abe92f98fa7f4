"""Reads the outbox table as a person would read their mail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_LINK = re.compile(r"https?://[^\s<>\"]+")
_CODE = re.compile(r"(?<!\d)(\d{4,8})(?!\d)")


@dataclass(frozen=True)
class QueuedMessage:
    """A row of the outbox with its content unsealed. `row` is the model instance."""

    channel: str
    to: str
    subject: str
    text: str
    html: str
    purpose: str
    row: Any

    @property
    def links(self) -> list[str]:
        """Addresses of the text, in order."""
        return [link.rstrip(".,;)") for link in _LINK.findall(self.text)]

    @property
    def link(self) -> str:
        """The one link of the message; AssertionError when there is none."""
        assert self.links, f"no link in {self.subject!r}"
        return self.links[0]

    @property
    def path(self) -> str:
        """The link without scheme and host, for the test client."""
        return re.sub(r"^https?://[^/]+", "", self.link)

    @property
    def code(self) -> str:
        """The first number of 4 to 8 digits; AssertionError when there is none."""
        found = _CODE.search(self.text)
        assert found, f"no code in {self.subject!r}"
        return found.group(1)


class Outbox:
    """`outbox.messages`, `.emails(to)`, `.texts(to)`, `.last(to)`: oldest first, except `last`."""

    @property
    def messages(self) -> list[QueuedMessage]:
        from portal.messaging.models import OutgoingMessage  # noqa: PLC0415

        return [_read(row) for row in OutgoingMessage.objects.order_by("created_at", "enqueued_at")]

    def emails(self, to: str = "") -> list[QueuedMessage]:
        return self._chosen("email", to)

    def texts(self, to: str = "") -> list[QueuedMessage]:
        """SMS."""
        return self._chosen("sms", to)

    def last(self, to: str = "") -> QueuedMessage:
        """The newest message, of either channel; AssertionError when nothing was queued."""
        found = [m for m in self.messages if not to or m.to == to]
        assert found, f"nothing was queued for {to or 'anybody'}"
        return found[-1]

    def clear(self) -> None:
        from portal.messaging.models import OutgoingMessage  # noqa: PLC0415

        OutgoingMessage.objects.all().delete()

    def __len__(self) -> int:
        return len(self.messages)

    def _chosen(self, channel: str, to: str) -> list[QueuedMessage]:
        return [m for m in self.messages if m.channel == channel and (not to or m.to == to)]


def _read(row: Any) -> QueuedMessage:
    from portal.messaging.content import unseal  # noqa: PLC0415

    sealed = unseal(row.sealed_body) if row.sealed_body else None
    return QueuedMessage(
        channel=row.channel,
        to=row.recipient,
        subject=sealed.subject if sealed else row.subject,
        text=sealed.text if sealed else row.body_text,
        html=sealed.html if sealed else row.body_html,
        purpose=row.purpose,
        row=row,
    )
