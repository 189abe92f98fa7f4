"""Parts of pages and fields drawn once per process: the same bytes, and again as soon as something differs."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.template import Context, Engine, TemplateSyntaxError
from django.utils.safestring import mark_safe

from portal.common import pristine
from portal.common.forms import Form
from portal.common.templatetags import portal_kept


@pytest.fixture(autouse=True)
def memory(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PROCESS_MEMORY = True
    monkeypatch.setattr(portal_kept, "_kept", {})
    monkeypatch.setattr(pristine, "_kept", {})


class Counted:
    """A value that tells how often it was shown."""

    shown = 0

    def __str__(self) -> str:
        self.shown += 1
        return str(self.shown)


def _drawn(template: Any, **values: Any) -> str:
    return str(template.render(Context(values)))


def _template(text: str) -> Any:
    return Engine.get_default().from_string(text)


def test_a_part_is_drawn_once_for_the_same_values() -> None:
    page, counted = _template("{% kept name %}{{ name }} {{ counted }}{% endkept %}"), Counted()
    assert [_drawn(page, name=name, counted=counted) for name in ("a", "a", "b", "a")] == [
        "a 1",
        "a 1",
        "b 2",
        "a 1",
    ]


def test_two_platforms_have_each_their_own(plateforme: Any) -> None:
    page = _template("{% kept %}{{ plateforme.short_name }}{% endkept %}")
    names = [plateforme(key) for key in ("enrs-idf", "esante-cvl")]
    assert [_drawn(page, plateforme=one) for one in names] == [one.short_name for one in names]


@pytest.mark.parametrize("between", ["\n", " ", ""], ids=["lines", "one line", "side by side"])
def test_two_parts_of_a_page_are_not_taken_for_one_another(between: str) -> None:
    page = _template(f"{{% kept %}}un{{% endkept %}}{between}{{% kept %}}deux{{% endkept %}}")
    assert _drawn(page) == _drawn(page) == f"un{between}deux"


def test_two_templates_are_not_taken_for_one_another() -> None:
    pages = [_template(f"{{% kept %}}{text}{{% endkept %}}") for text in ("un", "deux")]
    assert [_drawn(page) for page in pages + pages] == ["un", "deux", "un", "deux"]


@pytest.mark.django_db
def test_a_page_asked_for_again_draws_nothing_more(client: Any) -> None:
    client.get("/connexion/")
    kept = list(portal_kept._kept)
    client.get("/connexion/")
    assert kept
    assert list(portal_kept._kept) == kept


@pytest.mark.parametrize("value", [["liste"], "x" * 201], ids=["object", "long"])
def test_what_a_visitor_could_fill_the_memory_with_is_not_kept(value: Any) -> None:
    page, counted = _template("{% kept value %}{{ counted }}{% endkept %}"), Counted()
    assert _drawn(page, value=value, counted=counted) != _drawn(page, value=value, counted=counted)
    assert not portal_kept._kept


def test_the_protection_of_a_form_is_never_shared() -> None:
    with pytest.raises(TemplateSyntaxError, match="csrf_token"):
        _template("{% kept %}<form>{% if a %}{% csrf_token %}{% endif %}</form>{% endkept %}")


def test_nothing_is_kept_where_the_memory_is_off(settings: Any) -> None:
    settings.PROCESS_MEMORY = False
    page, counted = _template("{% kept %}{{ counted }}{% endkept %}"), Counted()
    assert (_drawn(page, counted=counted), _drawn(page, counted=counted)) == ("1", "2")


# --- fields ---------------------------------------------------------------------------------------------
class Asked(Form):
    nom = forms.CharField(label="Nom", max_length=20, help_text="Comme sur vos papiers.")
    choix = forms.ChoiceField(label="Choix", choices=[("a", "Un"), ("b", "Deux")])
    accord = forms.BooleanField(label="J’accepte")
    secret = forms.CharField(label="Secret", widget=forms.PasswordInput)


_FIELD = "{% field field css=css kind=kind %}"


def _field(form: Any, name: str, css: str = "", kind: str = "") -> str:
    return _drawn(_template(_FIELD), field=form[name], css=css, kind=kind)


@pytest.mark.parametrize("name", list(Asked.base_fields))
def test_a_field_nobody_filled_in_is_the_same_from_the_memory(name: str, settings: Any) -> None:
    first, second = _field(Asked(), name), _field(Asked(), name)
    assert len(pristine._kept) == 1
    settings.PROCESS_MEMORY = False
    assert first == second == _field(Asked(), name)


def _changed(**changes: Any) -> Form:
    form = Asked()
    for name, value in changes.items():
        setattr(form.fields["choix"], name, value)
    return form


@pytest.mark.parametrize(
    ("form", "css", "kind"),
    [
        (_changed(label="Autre"), "", ""),
        (_changed(label=mark_safe("<b>Choix</b>")), "", ""),
        (_changed(help_text="Une aide"), "", ""),
        (_changed(required=False), "", ""),
        (_changed(choices=[("a", "Un"), ("c", "Trois")]), "", ""),
        (_changed(widget=forms.RadioSelect(choices=[("a", "Un"), ("b", "Deux")])), "", ""),
        (Asked(prefix="x"), "", ""),
        (Asked(initial={"choix": "b"}), "", ""),
        (Asked(data={"choix": "b"}), "", ""),
        (Asked(data={}), "", ""),
        (Asked(auto_id="f_%s"), "", ""),
        (Asked(), "short", ""),
        (Asked(), "", "combobox"),
    ],
)
def test_whatever_changes_a_field_draws_it_again(form: Any, css: str, kind: str, settings: Any) -> None:
    usual = _field(Asked(), "choix")
    found = _field(form, "choix", css, kind)
    settings.PROCESS_MEMORY = False
    assert found == _field(form, "choix", css, kind) != usual


def test_the_attributes_of_a_control_count() -> None:
    form = Asked()
    form.fields["nom"].widget.attrs["data-x"] = "1"
    assert 'data-x="1"' in _field(form, "nom")
    assert "data-x" not in _field(Asked(), "nom")


def test_what_somebody_typed_is_never_kept() -> None:
    _field(Asked(initial={"nom": "Barrandon"}), "nom")
    _field(Asked(data={"nom": "Barrandon"}), "nom")
    assert not pristine._kept
