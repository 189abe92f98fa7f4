"""Roles, titles and professions proven by a card or by the e-CPS fill the profession of the sign-up form (ROR-031)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from accounts.strong import professions
from portal.referentiels.models import Profession
from tests.strong.steps import ECPS, LINK, arrive

pytestmark = pytest.mark.django_db


def form_of(client: Client, **codes: tuple[str, ...]) -> Any:
    arrive(client, replace(ECPS, **({"profession_codes": (), "role_codes": ()} | codes)))
    return client.get(f"{LINK}?compte=non").context["sign_up_form"]


@pytest.mark.feature("ROR-031", "VT-012", "VT-019")
@pytest.mark.parametrize(
    ("role", "label"),
    [
        ("307", "Mandataire judiciaire à la protection des majeurs"),
        ("313", "Aide-soignant"),
        ("314", "Ambulancier"),
        ("315", "Auxiliaire de puériculture"),
        ("316", "Préparateur en pharmacie"),
        ("317", "Préparateur en pharmacie"),
        ("319", "Technicien de l’intervention sociale et familiale"),
        ("320", "Conseiller en économie sociale et familiale"),
        ("322", "Assistant familial"),
        ("323", "Aide médicopsychologique"),
        ("325", "Éducateur de jeunes enfants"),
        ("326", "Éducateur spécialisé"),
        ("327", "Éducateur technique spécialisé"),
    ],
)
def test_a_role_of_rpps_plus_fills_and_locks_the_profession(client: Client, role: str, label: str) -> None:
    form = form_of(client, role_codes=(role,))
    entry = Profession.objects.get(pk=form.initial["profession"])
    assert (entry.label, entry.categorie, entry.allows_card) == (label, "role", False)
    assert form.fields["profession"].disabled


@pytest.mark.feature("ROR-031", "VT-007")
@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("60", "Infirmier"),
        ("41", "Assistant de service social"),
        ("71", "Ostéopathe"),
        ("72", "Psychothérapeute"),
        ("73", "Chiropracteur"),
        ("93", "Psychologue"),
        ("97", "Conseiller en génétique"),
        ("38", "Préparateur en pharmacie"),
    ],
)
def test_titles_and_social_professions_are_known_too(client: Client, code: str, label: str) -> None:
    form = form_of(client, profession_codes=(code,))
    assert Profession.objects.get(pk=form.initial["profession"]).label == label
    assert form.fields["profession"].disabled


@pytest.mark.feature("ROR-037")
def test_a_role_that_the_list_lacks_is_written_as_the_exact_profession(client: Client) -> None:
    form = form_of(client, role_codes=("324",))
    assert "profession" not in form.initial
    assert form.initial["profession_libre"] == "Moniteur éducateur"
    assert not form.fields["profession_libre"].disabled


@pytest.mark.parametrize("roles", [("312",), ("999",), ("313", "326"), ()])
def test_what_is_not_unique_or_not_known_is_left_to_the_person(
    client: Client, roles: tuple[str, ...]
) -> None:
    form = form_of(client, role_codes=roles)
    assert "profession" not in form.initial
    assert not form.fields["profession"].disabled
    assert not form.initial.get("profession_libre")


def test_a_profession_counts_before_a_role(client: Client) -> None:
    entry = professions.only_entry(replace(ECPS, profession_codes=("60",), role_codes=("313",)))
    assert entry is not None
    assert entry.label == "Infirmier"


def test_every_entry_named_by_a_code_exists_once() -> None:
    for slug in {*professions._ROLES.values(), *professions._TITLES.values()}:
        assert Profession.objects.filter(code=slug, is_selectable=True).count() == 1, slug
