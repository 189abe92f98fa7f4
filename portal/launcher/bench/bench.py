"""The portal under measure and what sections need to know about it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from portal.launcher import demo_file, prepare
from portal.launcher.bench import budget
from portal.launcher.bench.measures import Measure
from portal.launcher.errors import LaunchError
from portal.launcher.place import ROOT, Place

LONGEST_MEASURE_SECONDS = 240
# Below 80 000 rows, what an import costs whatever its size weighs on its ratio.
FEWEST_PEOPLE, MOST_PEOPLE = 50_000, 300_000
PEOPLE_PER_SECOND = 2_500
_LIBRARIES = ("django", "psycopg", "celery", "gunicorn")


@dataclass(frozen=True)
class Bench:
    """rounds and seconds: how often and how long each contestant runs; done: the sections already run, in order.

    section and share: the one under way and the seconds it was given, from which rounds and seconds follow.
    pace: 1 on a quiet machine, less where the start took longer than usual; sizes follow it.
    """

    place: Place
    environment: dict[str, str]
    quick: bool
    done: list[str] = field(default_factory=list)
    section: str = ""
    share: float = 60.0
    pace: float = 1.0

    @property
    def port(self) -> int:
        return self.place.port_of("web")

    @property
    def rounds(self) -> int:
        return budget.rounds_of(self.section, self.share)[0]

    @property
    def seconds(self) -> float:
        return budget.rounds_of(self.section, self.share)[1]

    @property
    def sso_seconds(self) -> float:
        """Shorter: two contestants, nine operations, and a million rows to write."""
        return min(1.0 if self.quick else 1.2, self.seconds)

    def product(self, module: str, *words: str) -> str:
        """Run a module of the product in its own process and return the last line it prints."""
        run = prepare.run_once(self.environment, "-m", module, *words, seconds=LONGEST_MEASURE_SECONDS)
        if run.returncode:
            raise LaunchError(f"La mesure {module} {words[0]} a échoué.\n{run.stderr.strip()[-800:]}")
        return run.stdout.strip().splitlines()[-1]

    def directory(self, part: str) -> list[Measure]:
        """Lines of `mesurer_referentiels PART`, which empties the directory of people: this database is ours alone."""
        words = [part, "--personnes", str(self.people), *(["--rapide"] if self.quick else [])]
        if part == "lookup" and "import" in self.done:
            words.append("--sur-place")
        rows: list[dict[str, Any]] = json.loads(self.product("django", "mesurer_referentiels", *words))
        return [Measure(**row) for row in rows]

    @property
    def people(self) -> int:
        """Size of the made-up directory that is imported in the share of time: the ratios do not depend on it."""
        most = FEWEST_PEOPLE if self.quick else MOST_PEOPLE
        return max(FEWEST_PEOPLE, min(most, int(self.share * PEOPLE_PER_SECOND * self.pace)))

    def sized(self, most: int, least: int) -> int:
        """`most` rows on a machine that goes at its usual pace, fewer on one kept busy by others, `least` at least."""
        return max(least, round(most * self.pace))

    def password_people(self) -> list[tuple[str, str]]:
        """Demo people who sign in with a password: (login, password)."""
        people: list[dict[str, Any]] = demo_file.read_people(self.place)
        found = [(p["login"], p["password"]) for p in people if p.get("login") and p.get("password")]
        if not found:
            raise LaunchError("Aucune personne de démonstration n'a de mot de passe : rien à mesurer.")
        return found


def cores() -> int:
    return len(os.sched_getaffinity(0))


def conditions(bench: Bench, load: float) -> dict[str, str]:
    """What the figures depend on; `load` is the load average before the portal was started."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "commit": commit.stdout.strip() or "inconnu",
        "python": platform.python_version(),
        **{name: version(name) for name in _LIBRARIES},
        "cores": str(cores()),
        "load_average_at_start": f"{load:.2f}",
        "plateforme": bench.place.plateforme,
    }
