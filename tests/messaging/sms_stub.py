"""An SMS gateway that answers what a test tells it."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class SmsStub:
    """`status`, `headers`, `body` of the answer; `delay` seconds before it; `cut` to drop the line instead."""

    def __init__(self) -> None:
        self.status = 201
        self.headers: dict[str, str] = {}
        self.body = b'{"id": "sms-1"}'
        self.delay = 0.0
        self.cut = False
        self.received: list[dict[str, Any]] = []
        self.headers_received: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._server.stub = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/sms"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        stub: SmsStub = self.server.stub  # type: ignore[attr-defined]
        stub.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        stub.headers_received.append(dict(self.headers))
        time.sleep(stub.delay)
        if stub.cut:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        with contextlib.suppress(ConnectionError):
            self.send_response(stub.status)
            for name, value in {"Content-Length": str(len(stub.body)), **stub.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(stub.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: a test's output is its assertions."""
