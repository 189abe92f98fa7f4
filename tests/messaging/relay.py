"""A mail relay of threads and sockets that does what a test tells it, down to dying between two bytes."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Self

OK = {"greeting": "220 relay", "ehlo": "250 relay", "mail": "250 ok", "rcpt": "250 ok", "data": "354 go"}
OK["end"] = "250 queued as TEST1234"


class Relay:
    """`script[step]`: a reply, "cut" (drop the line), or a number (seconds of silence first, then the usual reply).

    Steps: greeting, ehlo, mail, rcpt, data, end. `cut` at "end" drops the line after the mail was taken.
    `times` limits a script to that many conversations. `taken` holds every mail accepted, in order.
    """

    def __init__(self) -> None:
        self.script: dict[str, str | float] = {}
        self.times: int | None = None
        self.taken: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.conversations = 0
        self.lock = threading.Lock()
        self.reached = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Conversation)
        self._server.relay = self
        self.port = self._server.server_address[1]

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def stop(self) -> None:
        """Refuse connections from now on."""
        self._server.shutdown()
        self._server.server_close()

    def begin(self) -> dict[str, str | float]:
        """Count a conversation and return the script that governs it."""
        with self.lock:
            self.conversations += 1
            if self.times is not None:
                self.times -= 1
                if self.times < 0:
                    return {}
            return dict(self.script)

    def ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.taken]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False
    request_queue_size = 128
    relay: Relay


class _Conversation(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.script = self.server.relay.begin()
        with contextlib.suppress(ConnectionError, _Hangup):
            self._say("greeting")
            while line := self.rfile.readline():
                self._obey(line.strip().upper())

    def _obey(self, command: bytes) -> None:
        step = {b"EHLO": "ehlo", b"MAIL": "mail", b"RCPT": "rcpt", b"DATA": "data"}.get(command[:4])
        if step == "data":
            self._say(step)
            if "data" not in self.script or not str(self.script["data"])[:1].isdigit():
                self._receive()
        elif step:
            self._say(step)
        elif command[:4] == b"QUIT":
            raise _Hangup
        else:
            self._write("250 ok")

    def _receive(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise _Hangup
            lines.append(line[1:] if line.startswith(b".") else line)
        relay = self.server.relay
        order = self.script.get("end")
        if not (isinstance(order, str) and order[:1] in "45"):
            with relay.lock:
                relay.raw.append(b"".join(lines))
                relay.taken.append(message_from_bytes(relay.raw[-1], policy=policy.default))  # type: ignore[arg-type]
        self._say("end")

    def _say(self, step: str) -> None:
        order = self.script.get(step, OK[step])
        self.server.relay.reached.set()
        if order == "cut":
            self.connection.shutdown(socket.SHUT_RDWR)
            raise _Hangup
        if isinstance(order, (int, float)):
            time.sleep(order)
            order = OK[step]
        self._write(str(order))

    def _write(self, reply: str) -> None:
        self.wfile.write(f"{reply}\r\n".encode())


class _Hangup(Exception):
    pass
