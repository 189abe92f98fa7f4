"""Mail by SMTP, one conversation per message, step by step so that an unknown outcome is known as such."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Self
from urllib.parse import urlsplit

from django.conf import settings

from portal.messaging.transports.base import Handover, Parcel, PermanentError, TransientError

STEP_TIMEOUT_SECONDS = 10
_SENDER = re.compile(r"(?P<name>[^<]*)<(?P<address>[^>]+)>")


def split_sender(sender: str) -> tuple[str, str]:
    """Return (display name, address) of « Nom <adresse> » or of a bare address."""
    match = _SENDER.fullmatch(sender)
    return (match["name"].strip(), match["address"].strip()) if match else ("", sender)


def message_id(parcel: Parcel) -> str:
    """Return the Message-ID: the same at every attempt, so a reader's server can drop a second copy."""
    return f"<{parcel.id}@{split_sender(parcel.sender)[1].rpartition('@')[2]}>"


def build(parcel: Parcel) -> EmailMessage:
    """Return the mail, text first then HTML; two builds of one parcel are the same bytes."""
    name, address = split_sender(parcel.sender)
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    mail["From"] = Address(display_name=name, addr_spec=address)
    mail["To"] = Address(addr_spec=parcel.recipient)
    mail["Subject"] = parcel.content.subject
    mail["Date"] = format_datetime(parcel.created_at)
    mail["Message-ID"] = message_id(parcel)
    # No out-of-office answer to a no-reply mailbox (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if parcel.correlation_id:
        mail["X-Correlation-ID"] = parcel.correlation_id
    mail.set_content(parcel.content.text, cte="quoted-printable")
    mail.add_alternative(parcel.content.html, subtype="html", cte="quoted-printable")
    # After the bodies: building them moves the content headers into the parts.
    mail["Content-Language"] = "fr"
    mail.set_boundary(f"=_{parcel.id.hex}")
    return mail


@dataclass(frozen=True)
class SmtpTransport:
    """Talks to one relay. `tls`: "none", "starttls" (refusal of STARTTLS is a failure) or "implicit"."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: str = "none"
    timeout: float = STEP_TIMEOUT_SECONDS
    own_name: str = "localhost"

    @classmethod
    def from_settings(cls) -> Self:
        tls = "implicit" if settings.EMAIL_USE_SSL else "starttls" if settings.EMAIL_USE_TLS else "none"
        return cls(
            host=settings.EMAIL_HOST,
            port=settings.EMAIL_PORT,
            user=settings.EMAIL_HOST_USER,
            password=settings.EMAIL_HOST_PASSWORD,
            tls=tls,
            timeout=settings.EMAIL_TIMEOUT or STEP_TIMEOUT_SECONDS,
            own_name=urlsplit(settings.SITE_URL).hostname or "localhost",
        )

    def send(self, parcel: Parcel, handover: Handover) -> str:
        with _explained("connect"):
            server = self._connect()
        try:
            with _explained("dialogue"):
                self._introduce(server)
                self._announce(server, parcel)
            return _transmit(server, build(parcel).as_bytes(), handover)
        finally:
            server.close()

    def _connect(self) -> smtplib.SMTP:
        """Connect under the portal's own name: asking the system for one may cost a slow name lookup."""
        if self.tls == "implicit":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(
                self.host, self.port, self.own_name, timeout=self.timeout, context=context
            )
        return smtplib.SMTP(self.host, self.port, self.own_name, timeout=self.timeout)

    def _introduce(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if self.tls == "starttls":
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if self.user:
            server.login(self.user, self.password)

    def _announce(self, server: smtplib.SMTP, parcel: Parcel) -> None:
        """Name sender and recipient; their refusal is the relay's last word on this message if it is 5xx."""
        _expect(server.mail(split_sender(parcel.sender)[1]), (250,))
        _expect(server.rcpt(parcel.recipient), (250, 251))


def _transmit(server: smtplib.SMTP, content: bytes, handover: Handover) -> str:
    """Send the content, then its end mark: only after it may the relay hold the mail (RFC 5321 §4.5.4)."""
    with _explained("dialogue"):
        _expect(server.docmd("DATA"), (354,))
        server.send(re.sub(rb"(?m)^\.", b"..", content))
    handover()
    with _explained("end-of-data", ambiguous=True):
        server.send(b".\r\n")
        reply = server.getreply()
    _expect(reply, (250,))
    return _queue_id(reply[1])


def _queue_id(reply: bytes) -> str:
    """Return the relay's queue id when its reply names one (« queued as 4F2A… »), else an empty string."""
    match = re.search(rb"queued as ([\w.\-]{4,64})", reply)
    return match[1].decode("ascii") if match else ""


def _expect(reply: tuple[int, bytes], wanted: tuple[int, ...]) -> None:
    status = reply[0]
    if status in wanted:
        return
    if 500 <= status < 600:
        raise PermanentError(f"smtp-{status}")
    raise TransientError(f"smtp-{status}")


@contextmanager
def _explained(step: str, *, ambiguous: bool = False) -> Iterator[None]:
    """Turn what smtplib and the socket raise into our two errors.

    A refused password or an impossible TLS is the relay's configuration, not the message: it is tried again.
    """
    try:
        yield
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
        raise TransientError(f"smtp-{step}-{type(error).__name__.removeprefix('SMTP').lower()}") from None
    except smtplib.SMTPResponseException as error:
        _expect((error.smtp_code, b""), ())
    except ConnectionRefusedError:
        raise TransientError("smtp-connection-refused") from None
    except (smtplib.SMTPException, OSError, EOFError) as error:
        # smtplib hides the socket's error behind « disconnected ».
        cause = error.__context__ if isinstance(error, smtplib.SMTPServerDisconnected) else error
        how = "timeout" if isinstance(cause, TimeoutError) else "cut"
        raise TransientError(f"smtp-{step}-{how}", ambiguous=ambiguous) from None
