"""Strict readers of the environment: a missing or wrong value stops the start with a sentence."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = {"1", "true", "oui", "yes"}
FALSE_WORDS = {"0", "false", "non", "no", ""}
MIN_SECRET_LENGTH = 50


def text(name: str, default: str | None = None) -> str:
    """Return the variable, or `default`; without default a missing variable stops the start."""
    value = os.environ.get(name)
    if value is None or value == "":
        if default is None:
            raise ImproperlyConfigured(f"La variable {name} manque : définissez-la avant de démarrer.")
        return default
    return value


def flag(name: str, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in TRUE_WORDS:
        return True
    if value.lower() in FALSE_WORDS:
        return False
    raise ImproperlyConfigured(f"La variable {name} vaut « {value} » : écrivez « oui » ou « non ».")


def integer(name: str, default: int, *, minimum: int = 0) -> int:
    value = text(name, str(default))
    if not value.isdecimal() or int(value) < minimum:
        raise ImproperlyConfigured(
            f"La variable {name} vaut « {value} » : écrivez un nombre entier d'au moins {minimum}."
        )
    return int(value)


def words(name: str, default: list[str] | None = None) -> list[str]:
    """Return a comma-separated list, blanks dropped."""
    fallback = ",".join(default) if default is not None else None
    return [word.strip() for word in text(name, fallback).split(",") if word.strip()]


def secret(name: str) -> str:
    """Return a secret from NAME or from the file named by NAME_FILE; short or default ones are refused."""
    path = os.environ.get(f"{name}_FILE")
    value = Path(path).read_text(encoding="utf-8").strip() if path else text(name)
    if len(value) < MIN_SECRET_LENGTH or len(set(value)) < 10 or "change" in value.lower():
        raise ImproperlyConfigured(
            f"Le secret {name} est trop court ou trop simple : "
            f"il faut au moins {MIN_SECRET_LENGTH} caractères tirés au hasard."
        )
    return value


def database(url: str) -> dict[str, object]:
    """Turn postgresql://user:password@host:port/name?host=/socket/dir into Django's dictionary.

    Only PostgreSQL is accepted: the product uses its row locks, triggers and text search.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            "DATABASE_URL doit commencer par postgresql:// (seul PostgreSQL est accepté)."
        )
    query = dict(parse_qsl(parts.query))
    options: dict[str, object] = {
        key: value for key, value in query.items() if key in {"sslmode", "sslrootcert", "connect_timeout"}
    }
    # For the statements of portal.common.prepared only; a pooler that cannot hold them asks for `prepared=off`.
    if query.get("prepared") != "off":
        options["prepare_threshold"] = 5
    return {
        "ENGINE": "portal.common.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or parts.hostname or "",
        "PORT": str(query.get("port") or parts.port or ""),
        "OPTIONS": options,
    }


def redis_urls(url: str) -> tuple[str, str]:
    """Return (Celery broker URL on db 0, Django cache URL on db 1) for a TCP or Unix-socket server.

    Accepts redis://, rediss:// and unix:///path/to.sock. `?db=N` shifts the pair (tests run several).
    """
    parts = urlsplit(url)
    base = int(dict(parse_qsl(parts.query)).get("db", "0"))
    if parts.scheme == "unix":
        return (
            f"redis+socket://{parts.path}?virtual_host={base}",
            f"unix://{parts.path}?db={base + 1}",
        )
    if parts.scheme not in {"redis", "rediss"}:
        raise ImproperlyConfigured("REDIS_URL doit commencer par redis://, rediss:// ou unix://.")
    root = f"{parts.scheme}://{parts.netloc}"
    return f"{root}/{base}", f"{root}/{base + 1}"


def mail(url: str) -> dict[str, object]:
    """Turn smtp://user:password@host:port (smtps:// or smtp+tls://) into Django's mail settings."""
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps", "smtp+tls"} or not parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL doit avoir la forme smtp://, smtps:// ou smtp+tls://hôte:port.")
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or {"smtps": 465, "smtp+tls": 587}.get(parts.scheme, 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
    }
