"""Mails and SMS of the activation, sent through the same stand-ins as the portal's own."""

from __future__ import annotations

import json
import smtplib
import urllib.request
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid
from io import BytesIO
from urllib.parse import urlsplit

import segno

from portal.simulators.psc import markup

SENDER = "e-CPS (simulation) <ne-pas-repondre@ecps.example>"
SECONDS = 10


@dataclass(frozen=True)
class Messenger:
    """`smtp` is host:port and `sms` an address of the gateway; an empty one means that nothing can be sent."""

    smtp: str
    sms: str

    def send_activation(self, to: str, link: str, report: str) -> bool:
        """The mail with its QR code and its two links. False when no mail can leave."""
        if not self.smtp:
            return False
        mail = EmailMessage()
        mail["From"], mail["To"] = SENDER, to
        mail["Subject"] = "e-CPS : Demande d’activation"
        mail["Message-ID"] = make_msgid(domain="ecps.example")
        mail.set_content(_TEXT.format(link=link, report=report))
        cid = make_msgid(domain="ecps.example")
        body = markup.fill("mail_activation", link=link, report=report, image=f"cid:{cid[1:-1]}")
        mail.add_alternative(str(body), subtype="html")
        parts = mail.get_payload()
        html = parts[1]  # type: ignore[index]
        html.add_related(qr_png(link), maintype="image", subtype="png", cid=cid)  # type: ignore[union-attr]
        host, _, port = self.smtp.rpartition(":")
        try:
            with smtplib.SMTP(host, int(port), timeout=SECONDS) as server:
                server.send_message(mail)
        except (OSError, smtplib.SMTPException):
            return False
        return True

    def send_code(self, to: str, code: str) -> bool:
        """The SMS with the activation code. False when it cannot leave."""
        if urlsplit(self.sms).scheme not in {"http", "https"}:
            return False
        content = {
            "to": to,
            "text": f"e-CPS (simulation) : votre code d’activation est {code}",
            "sender": "e-CPS",
        }
        request = urllib.request.Request(  # noqa: S310  scheme checked above
            self.sms, json.dumps(content).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
                return 200 <= answer.status < 300
        except OSError:
            return False


def qr_png(text: str) -> bytes:
    out = BytesIO()
    segno.make(text, error="m").save(out, kind="png", scale=6, border=2)
    return out.getvalue()


def qr_data_uri(text: str) -> str:
    return str(segno.make(text, error="m").svg_data_uri(scale=5, border=2, dark="#14212b"))


_TEXT = """Bonjour,

Vous souhaitez activer votre e-CPS. Vous avez deux possibilités :

Si vous lisez ce message depuis votre téléphone, après avoir installé l’application e-CPS, démarrez l’activation :
{link}

Si vous lisez ce message depuis un autre appareil, scannez le QR code avec l’application e-CPS.

Si vous n’êtes pas à l’origine de cette demande, veuillez nous le signaler :
{report}

Ce courriel vient du simulateur de démonstration : aucune e-CPS réelle n’est concernée.
"""
