"""A form of the desk sent without one of its choices is a page with a sentence, never a failure (WEB-8)."""

from __future__ import annotations

import pytest

from portal.referentiels.models import FiltreProfession
from tests.hub.people import make_agent, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("WEB-8")]
ADD = "/administration/referentiels/filtreprofession/add/"


@pytest.mark.parametrize("champ", ["", "inconnu", "\x00", None])
def test_a_code_typed_without_its_field_is_told(champ: str | None) -> None:
    desk = sign_in(make_agent(), level=2)
    before = FiltreProfession.objects.count()
    fields = {
        "code_profession": "70",
        "champ": champ,
        "concept": "0769",
        "rang": "0",
        "motif": "essai de saisie",
    }
    answer = desk.post(ADD, {name: value for name, value in fields.items() if value is not None})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["champ"]
    assert FiltreProfession.objects.count() == before
