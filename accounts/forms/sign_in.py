"""Forms of the doors: password, one-time code, second proof."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from accounts import shared_desk
from accounts.enums import CodeChannel, ProofMeans
from accounts.robot import RobotMixin
from accounts.second_proof import Means
from portal.common.forms import Form, PasswordField, expect_code
from portal.plateformes import current

MAX_IDENTIFIER = 254
MAX_CREDENTIAL = 20_000


def login_label(next_url: str) -> str:
    """Label of the identity field; the directory keeps the words of its own guide (M94-011)."""
    profile = current()
    if profile.maillage.enabled and next_url.startswith("/maillage/"):
        return profile.maillage.login_label
    return profile.identifier.sign_in_label


class _DoorForm(RobotMixin, Form):
    """What every door asks: who is there, and where they were going."""

    robot_moment = "sign_in"

    identifiant = forms.CharField(max_length=MAX_IDENTIFIER)
    next = forms.CharField(required=False, max_length=2048, widget=forms.HiddenInput)

    def __init__(self, *args: Any, next_url: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["identifiant"].label = login_label(next_url)
        self.fields["identifiant"].error_messages["required"] = (
            "Saisissez votre identifiant, votre adresse e-mail ou votre numéro RPPS."
        )
        self.fields["identifiant"].widget.attrs.update(
            {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        )
        self.fields["next"].initial = next_url
        request = kwargs.get("request")
        self.is_shared = request is not None and shared_desk.is_shared(request)
        if self.is_shared:
            self.fields["identifiant"].widget.attrs["autocomplete"] = "off"

    def speak_as_window(self) -> None:
        """In the window opened by « Se connecter », the identity field has the words of its guide (M94-011)."""
        if current().maillage.enabled:
            self.fields["identifiant"].label = current().maillage.login_label


class PasswordForm(_DoorForm):
    mot_de_passe = PasswordField(label="Mot de passe")
    se_souvenir = forms.BooleanField(required=False)

    field_order: ClassVar[list[str]] = ["identifiant", "mot_de_passe", "se_souvenir", "robot", "next"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mot_de_passe"].error_messages["required"] = "Saisissez votre mot de passe."
        self.fields["se_souvenir"].label = current().sign_in.remember_label
        if self.is_shared:  # nothing is remembered there
            del self.fields["se_souvenir"]
            self.fields["mot_de_passe"].widget.attrs["autocomplete"] = "off"
        self.order_fields(self.field_order)


class EphemeralForm(_DoorForm):
    canal = forms.ChoiceField(label="Recevoir le code", widget=forms.RadioSelect, initial=CodeChannel.MAIL)

    field_order: ClassVar[list[str]] = ["identifiant", "canal", "robot", "next"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = current().codes.ephemeral.channels
        channels = [c for c in CodeChannel if {"mail": "email"}.get(c.value, c.value) in offered]
        self.fields["canal"].choices = [(c.value, f"P{str(c.label)[1:]}") for c in channels]
        self.fields["canal"].widget.hints = {"sms": "seulement si votre mobile a déjà été vérifié"}
        self.fields["canal"].widget.kind = "radio"
        self.order_fields(self.field_order)


class CodeForm(Form):
    """The code of the « Code Éphémère » door."""

    code = forms.CharField(max_length=40)

    def __init__(self, *args: Any, digits: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _prepare_code(self.fields["code"], digits)


def _prepare_code(field: forms.Field, digits: int) -> None:
    field.label = current().sign_in.code_label
    field.error_messages["required"] = f"Saisissez le code à {digits} chiffres."
    expect_code(field, digits)
    field.widget.attrs["autofocus"] = True


class ProofForm(Form):
    """One answer, whatever the means; the field changes its label, keyboard and shape with it."""

    def __init__(self, *args: Any, means: Means, digits: int = 6, **kwargs: Any) -> None:
        self.means = means
        field = _PROOF_FIELDS[means.key](digits)
        asked = field.error_messages["required"]
        self.base_fields = {"preuve": field}  # type: ignore[misc]
        super().__init__(*args, **kwargs)
        if means.is_code or means.key == ProofMeans.TOTP:
            self.fields["preuve"].error_messages["required"] = asked

    @property
    def typed(self) -> str:
        return str(self.cleaned_data["preuve"])


def _code_field(digits: int) -> forms.Field:
    field = forms.CharField(max_length=40)
    _prepare_code(field, digits)
    return field


def _totp_field(digits: int) -> forms.Field:
    field = forms.CharField(max_length=40)
    _prepare_code(field, 6)
    field.label = "Code affiché par votre application"
    return field


def _recovery_field(digits: int) -> forms.Field:
    attrs = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
    field = forms.CharField(label="Code de secours", max_length=60, widget=forms.TextInput(attrs=attrs))
    field.help_text = "Un des dix codes que vous avez gardés. Chacun sert une seule fois."
    return field


def _password_field(digits: int) -> forms.Field:
    return PasswordField(label="Mot de passe")


def _passkey_field(digits: int) -> forms.Field:
    return forms.CharField(
        max_length=MAX_CREDENTIAL,
        widget=forms.HiddenInput(attrs={"data-portal-passkey-answer": ""}),
        label="Clé d’accès",
    )


_PROOF_FIELDS = {
    ProofMeans.MAIL: _code_field,
    ProofMeans.SMS: _code_field,
    ProofMeans.TOTP: _totp_field,
    ProofMeans.RECOVERY: _recovery_field,
    ProofMeans.PASSWORD: _password_field,
    ProofMeans.PASSKEY: _passkey_field,
}
