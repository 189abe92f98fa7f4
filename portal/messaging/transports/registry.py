"""Which transport carries which channel, from the settings."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from portal.messaging.models import Channel
from portal.messaging.transports.base import Transport
from portal.messaging.transports.email import SmtpTransport
from portal.messaging.transports.sms_http import HttpSmsTransport

SMS_TRANSPORTS = {"http": HttpSmsTransport, "https": HttpSmsTransport}
"""By scheme of SMS_URL: another kind of gateway is one more class here."""


def transport_for(channel: str) -> Transport:
    """Return a fresh transport. Raises ImproperlyConfigured when SMS_URL has a scheme nobody serves."""
    if channel == Channel.EMAIL:
        return SmtpTransport.from_settings()
    scheme = urlsplit(settings.SMS_URL).scheme
    if scheme not in SMS_TRANSPORTS:
        raise ImproperlyConfigured("SMS_URL doit commencer par http:// ou https://.")
    return SMS_TRANSPORTS[scheme](settings.SMS_URL, settings.SMS_TOKEN)
