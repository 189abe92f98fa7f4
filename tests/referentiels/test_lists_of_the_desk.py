"""Lists of codes and tables per profession, as the support uses them: search, filters, closed codes, checks."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from portal.referentiels.models import ConsigneProfession, FiltreProfession, NomenclatureConcept, Profession
from portal.referentiels.selectors import choices_for, consigne_for, suggest_professions
from tests.hub.people import make_agent, sign_in
from tests.referentiels.etablissements import CHARTRAIN, load_establishments

pytestmark = pytest.mark.django_db
BASE = "/administration/referentiels/"


@pytest.fixture
def desk() -> Client:
    return sign_in(make_agent(), level=2)


def page(desk: Client, path: str, **query: str) -> str:
    answer = desk.get(BASE + path, query)
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def rows(text: str) -> int:
    return text.count('class="action-checkbox"') or text.split("<tbody>")[-1].split("</tbody>")[0].count(
        "<tr"
    )


@pytest.mark.feature("ROR-193")
def test_the_table_of_a_profession_is_read_in_words(desk: Client) -> None:
    text = page(desk, "filtreprofession/")
    assert "Masseur-Kinésithérapeute (70)" in text and "Sage-Femme (50)" in text
    only = page(desk, "filtreprofession/", profession="50")
    listed = only.split("<tbody>")[-1].split("</tbody>")[0]
    assert "Sage-Femme (50)" in listed and "Masseur-Kinésithérapeute (70)" not in listed


@pytest.mark.parametrize("typed", ["Kinésithérapie", "kinesitherapie", "KINÉSITHÉRAPIE"])
def test_codes_are_found_with_or_without_accents(desk: Client, typed: str) -> None:
    assert "Aucun" not in page(desk, "nomenclatureconcept/", q=typed).split("<tbody>")[0]
    assert rows(page(desk, "nomenclatureconcept/", q=typed)) > 0
    assert rows(page(desk, "filtreprofession/", q=typed)) > 0


def closed_choice() -> FiltreProfession:
    row = FiltreProfession.objects.filter(code_profession="70", champ="activite").earliest("pk")
    NomenclatureConcept.objects.filter(pk=row.concept_id).update(ferme=True, fin_le="2026-05-03")
    row.refresh_from_db()
    return row


@pytest.mark.feature("ROR-193")
def test_a_closed_code_is_said_and_no_longer_offered(desk: Client) -> None:
    row = closed_choice()
    text = page(desk, "filtreprofession/", etat="fermes")
    assert rows(text) == 1 and "non : code fermé depuis le 3 mai 2026" in text
    assert row.concept.code not in {choice.code for choice in choices_for("70", "activite")}
    assert "code fermé depuis le 3 mai 2026" in page(desk, "nomenclatureconcept/", etat="fermes")
    assert row.concept.libelle not in page(desk, "nomenclatureconcept/", etat="ouverts", q=row.concept.code)


def test_a_list_says_how_many_codes_it_holds_and_opens_them(desk: Client) -> None:
    closed_choice()
    text = page(desk, "nomenclature/", q="R211")
    assert "?nomenclature=R211" in text
    assert rows(page(desk, "nomenclatureconcept/", nomenclature="R211")) > 10


def send(desk: Client, path: str, **values: str) -> Any:
    return desk.post(BASE + path, {"motif": "demande du groupe d’experts", "rang": "0", **values})


@pytest.mark.feature("ROR-193")
@pytest.mark.parametrize("typed", ["code", "label", "both"])
def test_a_choice_is_added_by_its_code_or_its_label(desk: Client, typed: str) -> None:
    held = FiltreProfession.objects.filter(code_profession="70", champ="equipement").values("concept__code")
    concept = NomenclatureConcept.objects.filter(nomenclature="R212").exclude(code__in=held).earliest("pk")
    words = {
        "code": concept.code,
        "label": concept.libelle.upper(),
        "both": f"{concept.code} · {concept.libelle}",
    }
    values = {"code_profession": "70", "champ": "equipement", "concept": words[typed], "actif": "on"}
    assert send(desk, "filtreprofession/add/", **values).status_code == 302
    assert concept.code in {choice.code for choice in choices_for("70", "equipement")}
    again = send(desk, "filtreprofession/add/", **values)
    assert "Ce choix est déjà proposé à cette profession." in again.content.decode()


def test_an_unknown_or_closed_code_is_refused_with_the_nearest(desk: Client) -> None:
    row = closed_choice()
    values = {"code_profession": "50", "champ": "activite", "actif": "on"}
    closed = send(desk, "filtreprofession/add/", concept=row.concept.code, **values)
    assert "Aucun code en usage pour ce champ." in closed.content.decode()
    near = html.unescape(send(desk, "filtreprofession/add/", concept="kinésithér", **values).content.decode())
    assert "Voulez-vous dire :" in near
    assert not FiltreProfession.objects.filter(code_profession="50", concept=row.concept).exists()


def test_a_choice_whose_code_is_closed_can_still_be_corrected(desk: Client) -> None:
    row = closed_choice()
    form = desk.get(f"{BASE}filtreprofession/{row.pk}/change/").context["adminform"].form
    values = {name: str(form[name].value()) for name in ("code_profession", "champ", "concept", "rang")}
    answer = send(desk, f"filtreprofession/{row.pk}/change/", **values | {"libelle_local": "Ancien libellé"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    row.refresh_from_db()
    assert (row.libelle_local, row.actif) == ("Ancien libellé", False)


@pytest.mark.feature("ROR-193")
def test_an_instruction_is_written_for_one_profession_or_all(desk: Client) -> None:
    text = page(desk, "consigneprofession/")
    assert "Toutes les professions" in text and "Activité opérationnelle" in text
    values = {"code_profession": "", "champ": "competence", "titre": "Compétences", "texte": "Vos diplômes."}
    assert send(desk, "consigneprofession/add/", **values).status_code == 302
    found = consigne_for("70", "competence")
    assert found is not None and found.texte == "Vos diplômes."
    assert rows(page(desk, "consigneprofession/", profession="toutes")) == (
        ConsigneProfession.objects.filter(code_profession="").count()
    )


def test_a_profession_renamed_is_found_by_its_new_name(desk: Client) -> None:
    row = Profession.objects.get(code="ergotherapeute")
    form = desk.get(f"{BASE}profession/{row.pk}/change/").context["adminform"].form
    values = {name: str(form[name].value() or "") for name in form.fields} | {
        "label": "Ergo-thérapeute d’État"
    }
    values = {name: value for name, value in values.items() if value not in ("", "False")}
    assert send(desk, f"profession/{row.pk}/change/", **values).status_code == 302
    assert [entry.pk for entry in suggest_professions("etat")] == [row.pk]


@pytest.mark.parametrize("typed", ["pays chartrain", CHARTRAIN, "chartres hospitalier", "99900078000031"])
def test_a_structure_is_found_by_words_or_numbers(desk: Client, tmp_path: Path, typed: str) -> None:
    load_establishments(tmp_path)
    text = page(desk, "structurefiness/", q=typed)
    assert "CENTRE HOSPITALIER" in text and "ouverte" in text


@pytest.mark.parametrize("typed", ["28000", "Épernon", "epernon", "28140"])
def test_a_town_is_found_by_name_or_code(desk: Client, tmp_path: Path, typed: str) -> None:
    load_establishments(tmp_path)
    assert rows(page(desk, "commune/", q=typed)) >= 1
