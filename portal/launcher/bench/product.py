"""What must be measured inside the product, run in a process of its own: `queries PATH…`, `hash`, `mails COUNT`."""

from __future__ import annotations

import json
import sys
import time

import django
from django.conf import settings


def queries(*paths: str) -> dict[str, int]:
    """Database queries of each page for a visitor, caches warm."""
    from django.db import connection  # noqa: PLC0415  after setup
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    client = Client(SERVER_NAME="localhost")
    counted = {}
    for path in paths:
        client.get(path)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(path)
        counted[path] = len(captured)
    return counted


def hash_alone(rounds: int = 15) -> float:
    """Median milliseconds of CPU to check one password with the product's own hasher."""
    from django.contrib.auth.hashers import check_password, make_password  # noqa: PLC0415

    encoded = make_password("Une phrase de passe 2026")
    taken = []
    for _ in range(rounds):
        before = time.process_time()
        check_password("Une phrase de passe 2026", encoded)
        taken.append((time.process_time() - before) * 1000)
    return sorted(taken)[rounds // 2]


def mails(count: int) -> dict[str, float]:
    """Queue `count` mails, one transaction each; the instant of each commit by mark."""
    from django.db import transaction  # noqa: PLC0415

    from portal.messaging import outbox  # noqa: PLC0415

    committed = {}
    for number in range(count):
        mark = f"mesure{number:05d}"
        with transaction.atomic():
            outbox.queue_email(to=f"{mark}@example.org", template="launcher/check", context={"mark": mark})
        committed[mark] = time.time()
        time.sleep(0.02)
    return committed


def main(action: str, *words: str) -> None:
    settings.LOGGING = {}
    django.setup()
    if action == "queries":
        print(json.dumps(queries(*words)))
    elif action == "hash":
        print(hash_alone())
    else:
        print(json.dumps(mails(int(words[0]))))


if __name__ == "__main__":
    main(*sys.argv[1:])
