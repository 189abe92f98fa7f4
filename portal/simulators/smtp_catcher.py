"""A real SMTP conversation that delivers nowhere: every mail is kept in the store.

Usage: python -m portal.simulators.smtp_catcher --port 8030 --store FILE --switch FILE
"""

from __future__ import annotations

import argparse
import asyncio
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from portal.simulators.store import MessageStore
from portal.simulators.switches import Order, Switch

MAX_BYTES = 10 * 1024 * 1024


class Handler:
    """aiosmtpd's hooks: one order of the switch governs one message, from MAIL to the answer to DATA."""

    def __init__(self, store: MessageStore, switch: Switch) -> None:
        self.store = store
        self.switch = switch

    async def handle_MAIL(  # noqa: N802  names of aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        order = self.switch.take()
        envelope.order = order  # type: ignore[attr-defined]
        if order.mode == "down":
            _cut(server)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if _order(envelope).mode == "refuse":
            return "550 5.1.1 Adresse refusee"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        order = _order(envelope)
        if order.mode == "temporary":
            return "451 4.3.0 Service momentanement indisponible"
        if order.mode == "permanent":
            return "554 5.6.0 Message refuse"
        if order.mode == "slow":
            await asyncio.sleep(order.seconds)
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        self._keep(envelope, content)
        if order.mode == "cut":
            _cut(server)
        return "250 OK"

    def _keep(self, envelope: Envelope, content: bytes) -> None:
        mail = message_from_bytes(content, policy=policy.default)
        text, html = _bodies(mail)
        for recipient in envelope.rcpt_tos:
            self.store.add(
                "email",
                recipient,
                text,
                sender=str(mail.get("From", envelope.mail_from)),
                subject=str(mail.get("Subject", "")),
                html=html,
                reference=str(mail.get("Message-ID", "")).strip(),
            )


def _order(envelope: Envelope) -> Order:
    return getattr(envelope, "order", Order())


def _cut(server: SMTP) -> None:
    """Drop the line without a word, as a crashed relay does."""
    if isinstance(server.transport, asyncio.Transport):
        server.transport.abort()


def _bodies(mail: EmailMessage) -> tuple[str, str]:
    """Plain text and HTML; a mail without plain text gets its HTML stripped of tags."""
    plain = mail.get_body(preferencelist=("plain",))
    rich = mail.get_body(preferencelist=("html",))
    html = rich.get_content() if rich is not None else ""
    if plain is not None:
        return plain.get_content().strip(), html
    return unescape(re.sub(r"<[^>]+>", "", html)).strip(), html


async def serve(port: int, store: MessageStore, switch: Switch) -> None:
    """Listen on loopback until cancelled."""
    handler = Handler(store, switch)
    loop = asyncio.get_running_loop()

    def conversation() -> SMTP:
        return SMTP(handler, hostname="localhost", data_size_limit=MAX_BYTES, enable_SMTPUTF8=True, loop=loop)

    server = await loop.create_server(conversation, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--switch", type=Path, required=True)
    options = parser.parse_args()
    asyncio.run(serve(options.port, MessageStore(options.store), Switch(options.switch)))


if __name__ == "__main__":
    main()
