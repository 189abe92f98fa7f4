"""Queue one message through the product's own outbox: `python -m portal.launcher.check_message email|sms TO MARK`.

Run by the self-check in a process of its own, with the instance's environment.
"""

from __future__ import annotations

import sys
import time

import django
from django.db import transaction


def main(channel: str, to: str, mark: str) -> None:
    django.setup()
    from portal.messaging import outbox  # noqa: PLC0415  models load after setup

    with transaction.atomic():
        if channel == "email":
            outbox.queue_email(
                to=to, template="launcher/check", context={"mark": mark}, purpose="verification"
            )
        else:
            outbox.queue_sms(to=to, text=f"Vérification du portail : {mark}", purpose="verification")
    print(time.time(), flush=True)  # the instant of the commit: the delivery is counted from here


if __name__ == "__main__":
    main(*sys.argv[1:4])
