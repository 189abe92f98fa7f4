"""The controls drawn without templates are those of Django, byte for byte."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.safestring import mark_safe

from portal.common.forms import PortalRenderer
from portal.common.widgets import draw

HOSTILE = """<b> "deux" & 'trois' >"""
CHOICES = [
    ("", "Aucune"),
    ("a", "Aide-soignant <é>"),
    ("n", 1234.5),
    (HOSTILE, HOSTILE),
    ("Médicales", [(1, "Médecin"), (2, mark_safe("Sage-femme"))]),
    (HOSTILE, [(None, "Rien"), (True, "Vrai")]),
]
ATTRS = {
    "id": "id_x",
    "class": "input",
    "required": True,
    "disabled": False,
    "maxlength": 20,
    "data-x": HOSTILE,
}
WIDGETS: list[tuple[forms.Widget, Any]] = [
    (kind(attrs=attrs), value)
    for kind in (
        forms.TextInput,
        forms.EmailInput,
        forms.URLInput,
        forms.NumberInput,
        forms.HiddenInput,
        forms.CheckboxInput,
        forms.PasswordInput,
    )
    for attrs in ({}, ATTRS, {"data-y": mark_safe("&amp;")})
    for value in (None, "", "Léa", HOSTILE, 12345.5, True, mark_safe("&eacute;"))
] + [
    (forms.Select(attrs=attrs, choices=CHOICES), value)
    for attrs in ({}, ATTRS)
    for value in (None, "", "a", HOSTILE, 2, "absent")
]


@pytest.mark.parametrize(("widget", "value"), WIDGETS)
def test_a_control_has_the_bytes_of_django(widget: forms.Widget, value: Any) -> None:
    ours = widget.render("nom", value, renderer=PortalRenderer())
    assert draw(widget.template_name, widget.get_context("nom", value, None)) is not None
    assert ours == widget.render("nom", value, renderer=TemplatesSetting())


@pytest.mark.parametrize("kind", [forms.RadioSelect, forms.CheckboxSelectMultiple])
def test_choices_drawn_one_by_one_have_the_bytes_of_django(kind: type[forms.ChoiceWidget]) -> None:
    def tags(renderer: TemplatesSetting) -> list[str]:
        class Form(forms.Form):
            choix = forms.ChoiceField(choices=CHOICES[:3], widget=kind(attrs=ATTRS))

        Form.default_renderer = renderer
        bound = Form({"choix": ["a"]})["choix"]
        return [option.tag() + option.tag(wrap_label=True) for option in bound]

    assert tags(PortalRenderer()) == tags(TemplatesSetting())


def test_what_is_not_drawn_here_is_left_to_its_template() -> None:
    assert draw("django/forms/widgets/textarea.html", {"widget": {"value": "x"}}) is None
    assert draw("django/forms/widgets/text.html", {}) is None
    text = forms.Textarea().render("nom", HOSTILE, renderer=PortalRenderer())
    assert text == forms.Textarea().render("nom", HOSTILE, renderer=TemplatesSetting())
