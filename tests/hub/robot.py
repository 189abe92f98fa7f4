"""The robot check answered as a person without JavaScript does: the box, after a wait."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from django.utils import timezone

from accounts import robot


def ticked() -> dict[str, str]:
    """Fields of a form opened ten seconds ago whose box is ticked."""
    with time_machine.travel(timezone.now() - timedelta(seconds=10), tick=False):
        ticket = robot.new_ticket()
    return {"robot_ticked": "oui", "robot_ticket": ticket}
