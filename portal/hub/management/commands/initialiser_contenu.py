"""First content of a portal that has just been installed or updated: applications, roles, notice, links."""

from __future__ import annotations

from typing import Any

from portal.common.commands import Command as PortalCommand
from portal.common.commands import Summary
from portal.hub import seeds


class Command(PortalCommand):
    help = "Crée les applications, rôles, annonces et liens qui manquent ; ne touche à rien de ce qui existe."

    def run(self, options: dict[str, Any], summary: Summary) -> None:
        for label, number in seeds.load().items():
            summary.add(label, number)
