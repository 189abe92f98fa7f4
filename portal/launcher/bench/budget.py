"""Time shared out among the sections: each gets a part of what is left, so that the whole ends in time.

A section that runs over takes from those after it: they are shortened, never left out.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

FULL_SECONDS, QUICK_SECONDS = 300.0, 80.0
"""Of the whole command, start and stop included (reference figures ask for five minutes)."""
START_SECONDS, STOP_SECONDS = 25.0, 8.0
LONGEST_ROUND, SHORTEST_ROUND = 5.0, 0.4
MOST_ROUNDS = 3


@dataclass(frozen=True)
class Weight:
    """`part`: weight of the section beside the others; `contestants`: what it runs one after the other in a round."""

    part: float
    contestants: int = 1


WEIGHTS = {
    "page": Weight(55, 6),
    "login": Weight(15),
    "sso": Weight(95, 19),
    "delivery": Weight(12),
    "import": Weight(70),
    "lookup": Weight(30),
}
OTHER = Weight(30)


@dataclass
class Budget:
    """`began` on the monotonic clock; `taken`: what each section was given and what it took, in order; `pace`: how
    fast this machine goes today, told by its start."""

    quick: bool
    began: float = field(default_factory=time.monotonic)
    taken: list[tuple[str, float, float]] = field(default_factory=list)
    pace: float = 1.0

    def started(self) -> None:
        """The portal answers. Pace: 1 when its start took START_SECONDS or less, 0.25 when it took four times that."""
        took = time.monotonic() - self.began
        self.taken.append(("démarrage", START_SECONDS, took))
        self.pace = min(1.0, START_SECONDS / took)

    @property
    def total(self) -> float:
        return QUICK_SECONDS if self.quick else FULL_SECONDS

    @property
    def left(self) -> float:
        return max(0.0, self.began + self.total - STOP_SECONDS - time.monotonic())

    def share(self, name: str, after: Sequence[str]) -> float:
        """Seconds for section `name` when those of `after` are still to come."""
        part = weight(name).part
        return self.left * part / (part + sum(weight(other).part for other in after))


def weight(name: str) -> Weight:
    return WEIGHTS.get(name, OTHER)


def rounds_of(name: str, share: float) -> tuple[int, float]:
    """(rounds, seconds of each contestant in a round) that fit in four fifths of the share: the rest is preparation."""
    room = share * 0.8 / weight(name).contestants
    rounds = MOST_ROUNDS if room >= MOST_ROUNDS * 1.0 else 1
    return rounds, min(LONGEST_ROUND, max(SHORTEST_ROUND, room / rounds))
