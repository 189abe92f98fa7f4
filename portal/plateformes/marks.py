"""Marks of the profile's keys: bounds and shapes the loader checks.

A text that may be empty is `Blank`; limits in `Between` are the bounds of the security reference.
"""

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True)
class Between:
    low: int
    high: int


@dataclass(frozen=True)
class Matches:
    pattern: str
    sentence: str


class AllowBlank:
    """Marker: the text may be empty."""


Blank = Annotated[str, AllowBlank()]
Address = Annotated[str, Matches(r"[^@\s<>]+@[^@\s<>]+\.[a-z]{2,}", "adresse e-mail attendue")]
OptionalAddress = Annotated[Address, AllowBlank()]
OptionalUrl = Annotated[
    str,
    AllowBlank(),
    Matches(r"https://[^\s@]+|/[^/\s@][^\s@]*", "adresse https:// ou chemin interne attendu"),
]
Colour = Annotated[str, Matches(r"#[0-9a-f]{6}", "couleur « #rrvvbb » en minuscules attendue")]
Slug = Annotated[str, Matches(r"[a-z0-9]+(?:-[a-z0-9]+)*", "mot en minuscules sans accent attendu")]
Department = Annotated[str, Matches(r"[0-9][0-9AB][0-9]?", "code de département attendu")]
