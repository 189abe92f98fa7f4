"""The local accounts of the application: made-up people and passwords, shown in demo.json and on its own pages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    username: str
    password: str
    name: str
    unit: str


ACCOUNTS = (
    Account(
        "a.martel-pneumo", "Sentier-Brume-41", "Ariane Martel", "Service de pneumologie, hôpital des Tilleuls"
    ),
    Account("b.orval-ssr", "Sentier-Brume-42", "Basile Orval", "Soins de suite, clinique du Val fleuri"),
    Account("c.exemple-geriatrie", "Sentier-Brume-43", "Camille Exemple", "Gériatrie, hôpital des Tilleuls"),
    Account("d.lorrain-social", "Sentier-Brume-44", "Dana Lorrain", "Service social, clinique du Val fleuri"),
)
