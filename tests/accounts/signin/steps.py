"""Steps of a sign-in, as a browser takes them."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.support.outbox import Outbox
from tests.support.sign_in import PASSWORD

DOOR = "/connexion/"
PROOF = "/connexion/verification/"


def post_password(client: Client, typed: str, password: str = PASSWORD, **more: str) -> Any:
    return client.post(DOOR, {"identifiant": typed, "mot_de_passe": password, **more})


def post_proof(client: Client, typed: str, means: str = "mail") -> Any:
    return client.post(PROOF, {"preuve": typed, "moyen": means})


def pass_both(client: Client, person: Any, outbox: Outbox, **more: str) -> Any:
    """Password then mailed code; returns the answer that opens the session."""
    assert post_password(client, person.identifiant, **more)["Location"] == PROOF
    return post_proof(client, outbox.last(person.email).code)


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())
