"""The self-check of `bin/run --check`: one line per part, from the outside, as a person would see it."""

from __future__ import annotations

import json
import re
import smtplib
import socket
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

from portal.launcher import outside, parts, ports, prepare
from portal.launcher.place import Place

MESSAGE_SECONDS = 30
CHECK_EMAIL = "verification@example.org"
CHECK_PHONE = "+33639980000"


class CheckFailure(Exception):
    """Why a part does not work, in French."""


@dataclass(frozen=True)
class Result:
    label: str
    ok: bool
    detail: str

    def line(self) -> str:
        return f"{'OK   ' if self.ok else 'ÉCHEC'}  {self.label:<36} {self.detail}".rstrip()


def run(place: Place, environment: Mapping[str, str]) -> list[Result]:
    """Walk every part; a failing one does not stop the walk."""
    return [_try(label, check) for label, check in _table(place, environment)]


def _table(place: Place, environment: Mapping[str, str]) -> list[tuple[str, Callable[[], str]]]:
    base = f"http://127.0.0.1:{place.port_of('web')}"
    table: list[tuple[str, Callable[[], str]]] = [
        ("Base de données", lambda: _database(environment["DATABASE_URL"])),
        ("File et cache", lambda: _broker(environment["REDIS_URL"])),
        ("Page d'accueil", lambda: _page(f"{base}/", "<h1")),
        ("Page de connexion", lambda: _page(f"{base}/connexion/", "<form")),
        ("Fichiers statiques", lambda: _static(base)),
        ("État « prêt » (/sante/pret)", lambda: _page(f"{base}/sante/pret")),
    ]
    table += [(_sentence_case(p.label), lambda p=p: _port(p.port)) for p in parts.stand_ins(place) if p.port]  # type: ignore[misc]
    table += _messages(place, environment, base)
    return table


def _messages(place: Place, environment: Mapping[str, str], base: str) -> list[tuple[str, Callable[[], str]]]:
    """A real mail and a real SMS through the outbox and a worker; an outside server is only greeted."""
    mark = uuid.uuid4().hex[:12]

    def mail() -> str:
        if "EMAIL_URL" in place.given:
            return _greet_smtp(place.given["EMAIL_URL"])
        return _round_trip(environment, base, "email", CHECK_EMAIL, mark)

    def text() -> str:
        if "SMS_URL" in place.given:
            return _greet(place.given["SMS_URL"])
        return _round_trip(environment, base, "sms", CHECK_PHONE, mark)

    return [("Courriel, jusqu'à la réception", mail), ("SMS, jusqu'à la réception", text)]


def _try(label: str, check: Callable[[], str]) -> Result:
    try:
        return Result(label, True, check())
    except CheckFailure as failure:
        return Result(label, False, str(failure))
    except (OSError, ValueError, smtplib.SMTPException) as error:
        return Result(label, False, f"{type(error).__name__} : {error}")


def _sentence_case(label: str) -> str:
    bare = re.sub(r"^(Le |La |L')", "", label)
    return bare[0].upper() + bare[1:]


def _fetch(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=15) as answer:
            return answer.status, answer.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")


def _page(url: str, must_hold: str = "") -> str:
    started = time.monotonic()
    status, body = _fetch(url)
    if status != 200:
        raise CheckFailure(f"réponse {status} au lieu de 200 ({url})")
    if must_hold not in body:
        raise CheckFailure(f"la page ne contient pas {must_hold} ({url})")
    return f"{(time.monotonic() - started) * 1000:.0f} ms"


def _static(base: str) -> str:
    _, body = _fetch(f"{base}/")
    found = re.search(r'href="(/static/[^"]+\.css)"', body)
    if not found:
        raise CheckFailure("la page d'accueil ne nomme aucune feuille de style")
    return _page(base + found.group(1))


def _database(url: str) -> str:
    import psycopg  # noqa: PLC0415  kept out of the imports of a plain start

    try:
        with outside.connect(url) as connection:
            row = connection.execute("show server_version").fetchone()
    except psycopg.Error as error:
        raise CheckFailure(str(error).strip()) from error
    return f"PostgreSQL {row[0]}" if row else ""


def _broker(url: str) -> str:
    import redis  # noqa: PLC0415

    try:
        client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
        info = client.info("server")
        client.close()
    except redis.RedisError as error:
        raise CheckFailure(str(error)) from error
    return (
        f"Valkey {info['valkey_version']}" if "valkey_version" in info else f"Redis {info['redis_version']}"
    )


def _port(port: int) -> str:
    if not ports.listens(port):
        raise CheckFailure(f"rien n'écoute sur le port {port}")
    return f"port {port}"


def _greet_smtp(url: str) -> str:
    parsed = urlsplit(url)
    kind = smtplib.SMTP_SSL if parsed.scheme == "smtps" else smtplib.SMTP
    with kind(
        parsed.hostname or "", parsed.port or (465 if parsed.scheme == "smtps" else 25), timeout=10
    ) as server:
        if parsed.scheme == "smtp+tls":
            server.starttls()
        if parsed.username:
            server.login(unquote(parsed.username), unquote(parsed.password or ""))
        server.noop()
    return "serveur extérieur : il répond (aucun courriel d'essai envoyé)"


def _greet(url: str) -> str:
    parsed = urlsplit(url)
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    with socket.create_connection((parsed.hostname or "", port), timeout=10):
        return "passerelle extérieure : elle répond (aucun SMS d'essai envoyé)"


def _round_trip(environment: Mapping[str, str], base: str, channel: str, to: str, mark: str) -> str:
    queued = prepare.run_once(environment, "-m", "portal.launcher.check_message", channel, to, mark)
    if queued.returncode:
        raise CheckFailure(f"le message n'a pas pu être déposé : {_last_line(queued.stderr)}")
    committed = float(_last_line(queued.stdout))
    while time.time() - committed < MESSAGE_SECONDS:
        status, body = _fetch(f"{base}/demo/messages.json")
        if status != 200:
            raise CheckFailure(f"/demo/messages.json répond {status}")
        for message in json.loads(body):
            if message["channel"] == channel and message["to"] == to and mark in message["text"]:
                arrived = datetime.fromisoformat(message["at"]).timestamp()
                return f"reçu {max(0.0, arrived - committed) * 1000:.0f} ms après le dépôt"
        time.sleep(0.1)
    raise CheckFailure(f"rien n'est arrivé en {MESSAGE_SECONDS} s")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "sans explication"
