"""Forms of « Moyens de connexion »."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.devices_means import MAX_NAME
from accounts.enums import FactorScope
from portal.common.forms import Form, expect_code

MAX_CREDENTIAL = 40_000


class AuthenticatorForm(Form):
    code = forms.CharField(label="Code affiché par l’application", max_length=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        expect_code(field, 6)
        field.error_messages["required"] = "Recopiez le code à 6 chiffres affiché par l’application."


class PasskeyForm(Form):
    nom = forms.CharField(
        label="Nom de cette clé",
        max_length=MAX_NAME,
        help_text="Pour la reconnaître dans la liste : « Téléphone », « Ordinateur du cabinet »…",
    )
    reponse = forms.CharField(
        max_length=MAX_CREDENTIAL,
        widget=forms.HiddenInput(attrs={"data-portal-passkey-answer": ""}),
        label="Clé",
    )

    def clean_reponse(self) -> dict[str, Any]:
        try:
            value = json.loads(self.cleaned_data["reponse"])
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise ValidationError("Votre appareil n’a pas répondu : recommencez.", code="invalid")
        return value


class LostFactorForm(Form):
    """Which of the means held was lost; the only one is chosen already."""

    perdu = forms.ChoiceField(label="Ce que j’ai perdu", widget=forms.RadioSelect)

    def __init__(self, *args: Any, scopes: list[FactorScope], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["perdu"]
        field.choices = [(scope.value, str(scope.label).capitalize()) for scope in scopes]  # type: ignore[attr-defined]
        field.initial = scopes[0].value if len(scopes) == 1 else None
        field.error_messages["required"] = "Dites ce que vous avez perdu."

    @property
    def scope(self) -> FactorScope:
        return FactorScope(self.cleaned_data["perdu"])
