"""Forms of the pilots."""

from __future__ import annotations

from django import forms

from maillage.selectors import MIN_TYPED
from portal.common.forms import CleanedField, Form


class AccountSearchForm(Form):
    q = CleanedField(
        label="Nom, prénom ou adresse e-mail",
        max_length=120,
        min_length=MIN_TYPED,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": "Saisissez un nom ou une adresse e-mail.",
            "min_length": f"Saisissez au moins {MIN_TYPED} caractères.",
        },
    )
