"""Forgotten password, choice of a password, forgotten identifier."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts import identify
from accounts.forms import sign_up_fields as makers
from accounts.models import User
from accounts.robot import RobotMixin
from portal.common.forms import EmailField, Form, PasswordField
from portal.plateformes import current


class ForgottenForm(Form):
    """Asks for the link; takes an identifier, an e-mail or an RPPS number."""

    identifiant = forms.CharField(max_length=254, widget=forms.TextInput(attrs={"autocomplete": "username"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["identifiant"]
        field.label = current().identifier.recovery_label
        field.error_messages["required"] = f"Renseignez ce champ\u00a0: {field.label}."
        field.help_text = "Votre identifiant, votre adresse e-mail ou votre numéro RPPS."


class IdentifierForm(RobotMixin, Form):
    """Asks for one's identifier by mail."""

    robot_moment = "reset"
    email = EmailField(label="Adresse e-mail du compte", max_length=254)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        makers.show_robot_as_compulsory(self)


class _NewPasswordMixin:
    """Checks the pair and the policy; `person` is whose words the password may not hold."""

    person: User

    def clean(self) -> Any:
        raw = self.cleaned_data.get("password")  # type: ignore[attr-defined]
        again = self.cleaned_data.get("password_confirmation")  # type: ignore[attr-defined]
        if raw and again and raw != again:
            problem = ValidationError(current().password.mismatch, code="mismatch")
            self.add_error("password_confirmation", problem)  # type: ignore[attr-defined]
        if raw:
            try:
                validate_password(raw, self.person)
            except ValidationError as problem:
                self.add_error("password", problem)  # type: ignore[attr-defined]
        return super().clean()  # type: ignore[misc]


class ChoosePasswordForm(_NewPasswordMixin, RobotMixin, Form):
    """Behind the mailed link: identifier or RPPS of that very account, then the password twice (M94-030…040)."""

    robot_moment = "reset"
    identifiant = forms.CharField(
        max_length=254, widget=forms.TextInput(attrs={"autocomplete": "username", "spellcheck": "false"})
    )
    password = PasswordField(new=True, label="Mot de passe")
    password_confirmation = PasswordField(new=True, label="Confirmez le mot de passe")

    def __init__(self, *args: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
        self.person = user
        super().__init__(*args, request=request, **kwargs)
        field = self.fields["identifiant"]
        field.label = current().identifier.choose_password_label
        field.error_messages["required"] = f"Renseignez ce champ\u00a0: {field.label}."
        self.fields["password"].help_text = current().password.hint
        makers.show_robot_as_compulsory(self)

    def clean_identifiant(self) -> str:
        typed = self.cleaned_data["identifiant"]
        found = identify.find_account(typed)
        if found is None or found.pk != self.person.pk:
            raise ValidationError(
                "Cet identifiant ne correspond pas au lien que vous avez ouvert.", code="another_account"
            )
        return typed


class ForcedPasswordForm(_NewPasswordMixin, Form):
    """Replaces a temporary secret right after it was used to sign in."""

    password = PasswordField(new=True, label="Nouveau mot de passe")
    password_confirmation = PasswordField(new=True, label="Confirmez le mot de passe")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.person = user
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = current().password.hint
