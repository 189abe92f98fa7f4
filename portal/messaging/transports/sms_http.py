"""SMS by an HTTP gateway: one JSON POST per message.

    POST SMS_URL   {"to": "+33639980001", "text": "…", "sender": "ENRS", "reference": "<uuid of the message>"}
    2xx {"id": "…"}  taken · 408, 425, 429, 5xx  later (Retry-After is honoured) · other 4xx  refused for good

`reference` and the Idempotency-Key header never change between attempts: a gateway that knows them sends once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import httpx

from portal.messaging.transports.base import Handover, Parcel, PermanentError, TransientError

STEP_TIMEOUT_SECONDS = 10
MAX_ANSWER_BYTES = 64 * 1024
TRY_LATER = {401, 407, 408, 425, 429}
"""401 and 407 are about our credentials, not about this message: they are repaired without losing it."""
PERHAPS_TAKEN = {502, 504}
"""A proxy that lost its gateway does not know what the gateway did."""


@dataclass(frozen=True)
class HttpSmsTransport:
    url: str
    token: str = ""
    timeout: float = STEP_TIMEOUT_SECONDS

    def send(self, parcel: Parcel, handover: Handover) -> str:
        body = {
            "to": parcel.recipient,
            "text": parcel.content.text,
            "sender": parcel.sender,
            "reference": str(parcel.id),
        }
        headers = {"Idempotency-Key": str(parcel.id), "X-Correlation-ID": parcel.correlation_id}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        # No redirect, no proxy from the environment: the number and the text go to SMS_URL or nowhere.
        with httpx.Client(timeout=self.timeout, follow_redirects=False, trust_env=False) as client:
            handover()
            try:
                with client.stream("POST", self.url, json=body, headers=headers) as answer:
                    return _read(answer)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
                raise TransientError(f"sms-{type(error).__name__.lower()}") from None
            except httpx.HTTPError as error:
                raise TransientError(f"sms-{type(error).__name__.lower()}", ambiguous=True) from None


def _read(answer: httpx.Response) -> str:
    """Return the gateway's id of a taken SMS, or raise what its status means."""
    status = answer.status_code
    if status >= 500 or status in TRY_LATER:
        wait = answer.headers.get("Retry-After", "")
        raise TransientError(
            f"sms-{status}",
            ambiguous=status in PERHAPS_TAKEN,
            wait_seconds=int(wait) if wait.isascii() and wait.isdecimal() else 0,
        )
    if not answer.is_success:
        raise PermanentError(f"sms-{status}")
    return _provider_id(answer)


def _provider_id(answer: httpx.Response) -> str:
    """Read the id if the answer is small JSON that has one. The SMS is taken: nothing here may fail."""
    content = b""
    try:
        for chunk in answer.iter_bytes():
            content += chunk
            if len(content) > MAX_ANSWER_BYTES:
                return ""
        found = json.loads(content)
    except (httpx.HTTPError, ValueError, RecursionError):
        return ""
    return str(found.get("id", ""))[:128] if isinstance(found, dict) else ""
