"""Base forms: text at the door, messages, ties between fields, hints and errors."""

import pytest
from django import forms as django_forms

from portal.common import forms


class Sample(forms.Form):
    name = forms.NameField(label="Nom", help_text="Comme sur la carte.")
    email = forms.EmailField(label="Adresse e-mail")
    phone = forms.MobilePhoneField(label="Mobile", required=False)
    remark = django_forms.CharField(label="Remarque", required=False, widget=django_forms.Textarea)
    code = django_forms.CharField(label="Code", max_length=6, required=False)
    city = django_forms.ChoiceField(label="Ville", choices=[("a", "A")])
    agreed = django_forms.BooleanField(label="D'accord")
    password = forms.PasswordField(label="Mot de passe", new=True)

    autocomplete = {"name": "family-name", "code": "one-time-code"}


def filled(**changes: str) -> Sample:
    good = {"name": "Durand", "email": "a@exemple.fr", "city": "a", "agreed": "on", "password": "x"}
    return Sample(good | changes)


def test_a_good_form_gives_stored_forms() -> None:
    form = filled(phone="06 39 98 12 34", name="Le\u0301a")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["phone"] == "+33639981234"
    assert form.cleaned_data["name"] == "Léa"


@pytest.mark.feature("M94-031")
def test_every_empty_field_has_one_error_that_says_what_to_do() -> None:
    errors = Sample({}).errors
    assert errors["name"] == ["Renseignez ce champ\u00a0: Nom."]
    assert errors["city"] == ["Choisissez une réponse\u00a0: Ville."]
    assert errors["agreed"] == ["Cochez cette case pour continuer."]
    assert all(len(messages) == 1 for messages in errors.values())


@pytest.mark.security("WEB-8")
@pytest.mark.parametrize("field", ["name", "email", "remark", "code", "phone"])
@pytest.mark.parametrize("character", ["\x00", "\u202e", "\x1b"])
def test_hostile_characters_are_refused_in_every_text_field(field: str, character: str) -> None:
    form = filled(**{field: f"a{character}b"})
    assert not form.is_valid()
    assert len(form.errors[field]) == 1
    assert "caractère invisible" in form.errors[field][0]


def test_a_text_too_long_is_told_its_limit_and_length() -> None:
    assert filled(code="1234567").errors["code"] == [
        "Raccourcissez ce texte : 6 caractères au plus, vous en avez saisi 7."
    ]


def test_a_field_without_limit_has_one_all_the_same() -> None:
    assert "5000 caractères au plus" in filled(remark="x" * 5001).errors["remark"][0]


def test_line_breaks_pass_in_a_text_area_only() -> None:
    assert filled(remark="a\r\nb").is_valid()
    assert "code" in filled(code="1\n2").errors


@pytest.mark.security("PWD-3")
def test_a_password_is_read_exactly_as_typed() -> None:
    typed = " E\u0301 \x01"
    form = filled(password=typed)
    assert form.is_valid()
    assert form.cleaned_data["password"] == typed


@pytest.mark.security("PWD-1")
def test_a_password_over_4096_bytes_is_refused() -> None:
    assert filled(password="é" * 2048).is_valid()
    assert "trop long" in filled(password="é" * 2049).errors["password"][0]


def test_hint_and_error_are_tied_to_the_control() -> None:
    field = Sample({})["name"]
    html = str(field)
    assert f'aria-describedby="{field.hint_id} {field.error_id}"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-required="true"' in html


def test_each_field_says_its_purpose_to_the_browser() -> None:
    form = Sample()
    purposes = {name: form.fields[name].widget.attrs.get("autocomplete") for name in form.fields}
    assert purposes["name"] == "family-name"
    assert purposes["code"] == "one-time-code"
    assert purposes["email"] == "email"
    assert purposes["phone"] == "tel"
    assert purposes["password"] == "new-password"


def test_optional_fields_know_they_are() -> None:
    form = Sample()
    assert form["phone"].is_optional
    assert not form["name"].is_optional
    assert not form["agreed"].is_optional


def test_a_field_renders_with_the_shared_template() -> None:
    form = Sample()
    assert form["name"].template_name == "components/form_field.html"
    assert form.renderer.form_template_name == "components/form.html"
    assert form["name"].get_context() == {"field": form["name"]}


def test_a_whole_form_shows_each_label_hint_and_error_once() -> None:
    html = str(Sample({}))
    for name in ("name", "email", "phone", "remark", "code", "city", "agreed", "password"):
        assert html.count(f'name="{name}"') == 1, name
    assert html.count('id="id_name_helptext"') == 1
    assert html.count('id="id_name_error"') == 1
    assert "Renseignez ce champ\u00a0: Nom." in html
