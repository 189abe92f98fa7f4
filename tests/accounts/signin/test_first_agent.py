"""The account that `createsuperuser` makes on a new installation: it must be able to come in."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from accounts import second_proof
from accounts.enums import ProofMeans
from accounts.models import User

pytestmark = pytest.mark.django_db


def test_the_first_agent_can_be_sent_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "Essai!2026-Longue-Phrase")
    call_command(
        "createsuperuser",
        interactive=False,
        verbosity=0,
        **{"identifiant": "agent.un", "email": "agent.un@demo.example", "nom": "Un", "prenom": "Agent"},
    )
    agent = User.objects.get(identifiant_key="agent.un")
    assert agent.is_staff and agent.is_active
    assert agent.email_verified_at and agent.password_changed_at
    assert ProofMeans.MAIL in {means.key for means in second_proof.means_of(agent)}
