"""Base of commands: dry run, summary, one transaction."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from accounts.models import User
from portal.common.commands import Command, Summary

pytestmark = pytest.mark.django_db


class AddPeople(Command):
    def run(self, options: dict[str, Any], summary: Summary) -> None:
        for name in ("camille", "dominique"):
            User.objects.create_user(name, None, email=f"{name}@exemple.fr")
            summary.add("comptes créés")
        summary.note("ligne 3 : nom vide")


class Broken(AddPeople):
    def run(self, options: dict[str, Any], summary: Summary) -> None:
        super().run(options, summary)
        raise ValueError("cut")


class InBatches(AddPeople):
    single_transaction = False


def run(command: Command, **options: Any) -> str:
    output = StringIO()
    call_command(command, stdout=output, **options)
    return output.getvalue()


def test_a_run_changes_nothing_unless_asked() -> None:
    output = run(AddPeople())
    assert "comptes créés : 2" in output
    assert "ligne 3 : nom vide" in output
    assert "Essai à blanc" in output
    assert not User.objects.exists()


def test_ecrire_keeps_the_changes() -> None:
    assert "Essai à blanc" not in run(AddPeople(), ecrire=True)
    assert User.objects.count() == 2


def test_a_failure_leaves_nothing() -> None:
    with pytest.raises(ValueError, match="cut"):
        run(Broken(), ecrire=True)
    assert not User.objects.exists()


def test_a_command_in_batches_minds_its_own_transactions() -> None:
    run(InBatches())
    assert User.objects.count() == 2


def test_a_command_without_work_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="run"):
        Command()  # type: ignore[abstract]
