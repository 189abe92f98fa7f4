"""The servers that the caller gives instead of the embedded ones: asked before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from portal.launcher.errors import LaunchError
from portal.settings import env

OLDEST_POSTGRES = 15
SECONDS = 5


def require(given: Mapping[str, str]) -> None:
    """Raise LaunchError when one of them is badly written or does not answer. The mail relay is only read."""
    try:
        if "DATABASE_URL" in given:
            _require_database(given["DATABASE_URL"])
        if "REDIS_URL" in given:
            _require_broker(given["REDIS_URL"])
        if "EMAIL_URL" in given:
            env.mail(given["EMAIL_URL"])
    except ImproperlyConfigured as error:
        raise LaunchError(str(error)) from error


def connect(url: str) -> Any:
    """A connection to that database, as the settings read its address. Raises psycopg.Error, ImproperlyConfigured."""
    import psycopg  # noqa: PLC0415  kept out of the imports of a plain start

    read = env.database(url)
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    words: dict[str, Any] = {theirs: read[ours] for ours, theirs in names.items() if read[ours]}
    options = {key: value for key, value in dict(read["OPTIONS"]).items() if key != "prepare_threshold"}  # type: ignore[call-overload]
    return psycopg.connect(**{"connect_timeout": SECONDS, **words, **options})


def _require_database(url: str) -> None:
    import psycopg  # noqa: PLC0415

    try:
        with connect(url) as connection:
            version = connection.info.server_version // 10000
    except psycopg.Error as error:
        raise LaunchError(_no_answer("La base de données", "DATABASE_URL", error)) from error
    if version < OLDEST_POSTGRES:
        raise LaunchError(
            f"La base de données indiquée par DATABASE_URL est un PostgreSQL {version} : il faut "
            f"PostgreSQL {OLDEST_POSTGRES} ou plus."
        )


def _require_broker(url: str) -> None:
    import redis  # noqa: PLC0415

    env.redis_urls(url)
    try:
        with redis.Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise LaunchError(_no_answer("Le serveur Redis ou Valkey", "REDIS_URL", error)) from error


def _no_answer(what: str, variable: str, error: Exception) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    return (
        f"{what} que nomme {variable} ne répond pas : rien n'est démarré. Vérifiez l'adresse, le compte et que le "
        f"serveur tourne, ou retirez {variable} pour employer le serveur embarqué. Réponse reçue : {reason}"
    )
