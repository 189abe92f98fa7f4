"""An HTTP SMS gateway that reaches no phone: every SMS is kept in the store.

POST /sms  JSON {"to": "+33639980001", "text": "…", "sender": "…", "reference": "…"}
  201 {"id": "12"} taken · 200 {"id": "12"} this reference was already taken (nothing is sent twice)
  400 or 422 refused for good · 503 try later (with Retry-After)
GET  /sante                      200 when it listens
POST /controle {"mode": "slow", "seconds": 3, "times": 2}   misbehave (portal.simulators.switches); {} ends it

Usage: python -m portal.simulators.sms_gateway --port 8040 --store FILE --switch FILE
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from portal.simulators.store import MessageStore
from portal.simulators.switches import Switch

MAX_BYTES = 16 * 1024
MAX_TEXT = 1600
_E164 = re.compile(r"\+[1-9]\d{6,14}")


class Gateway(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, store: MessageStore, switch: Switch) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.store = store
        self.switch = switch
        self.writing = threading.Lock()

    def keep(self, sms: dict[str, Any]) -> tuple[int, bool]:
        """Id and whether it is new: a reference already seen gives the first message back."""
        reference = str(sms.get("reference", ""))
        with self.writing:
            known = self.store.by_reference("sms", reference) if reference else None
            if known is not None:
                return known, False
            sender = str(sms.get("sender", ""))
            return self.store.add("sms", sms["to"], sms["text"], sender=sender, reference=reference), True


class Handler(BaseHTTPRequestHandler):
    server: Gateway
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        self._answer(HTTPStatus.OK if self.path == "/sante" else HTTPStatus.NOT_FOUND, {})

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            self._answer(HTTPStatus.BAD_REQUEST, {"error": "JSON attendu"})
        elif self.path == "/controle":
            self._control(body)
        elif self.path == "/sms":
            self._receive(body)
        else:
            self._answer(HTTPStatus.NOT_FOUND, {})

    def _control(self, body: dict[str, Any]) -> None:
        if not body.get("mode"):
            self.server.switch.clear()
        else:
            try:
                self.server.switch.set(body["mode"], seconds=body.get("seconds", 0), times=body.get("times"))
            except ValueError as error:
                self._answer(HTTPStatus.BAD_REQUEST, {"error": str(error)})
                return
        self._answer(HTTPStatus.OK, {})

    def _receive(self, sms: dict[str, Any]) -> None:
        order = self.server.switch.take()
        if order.mode == "down":
            self._cut()
            return
        refusal = {
            "refuse": HTTPStatus.UNPROCESSABLE_ENTITY,
            "permanent": HTTPStatus.BAD_REQUEST,
            "temporary": HTTPStatus.SERVICE_UNAVAILABLE,
        }.get(order.mode)
        if refusal is not None:
            self._answer(refusal, {"error": "refus demandé"})
            return
        if order.mode == "slow":
            time.sleep(order.seconds)
        if not _is_sms(sms):
            self._answer(HTTPStatus.UNPROCESSABLE_ENTITY, {"error": "numéro ou texte invalide"})
            return
        number, new = self.server.keep(sms)
        if order.mode == "cut":
            self._cut()
            return
        self._answer(HTTPStatus.CREATED if new else HTTPStatus.OK, {"id": str(number)})

    def _body(self) -> dict[str, Any] | None:
        try:
            length = int(self.headers.get("Content-Length", ""))
            content = json.loads(self.rfile.read(length)) if 0 < length <= MAX_BYTES else None
        except ValueError:
            return None
        return content if isinstance(content, dict) else None

    def _answer(self, status: HTTPStatus, content: dict[str, Any]) -> None:
        body = json.dumps(content, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            self.send_header("Retry-After", "5")
        self.end_headers()
        self.wfile.write(body)

    def _cut(self) -> None:
        """Drop the line without an answer: the caller cannot know whether the SMS left."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """No log: numbers and codes stay in the store."""


def _is_sms(sms: dict[str, Any]) -> bool:
    to, text = sms.get("to"), sms.get("text")
    return (
        isinstance(to, str)
        and isinstance(text, str)
        and bool(_E164.fullmatch(to))
        and 0 < len(text) <= MAX_TEXT
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--switch", type=Path, required=True)
    options = parser.parse_args()
    Gateway(options.port, MessageStore(options.store), Switch(options.switch)).serve_forever()


if __name__ == "__main__":
    main()
