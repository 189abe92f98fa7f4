"""What a person changes about their own account."""

from __future__ import annotations

import copy
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.dateparse import parse_datetime

from accounts import passwords, workplaces
from accounts.enums import CodeChannel
from accounts.forms import sign_up_fields as makers
from accounts.forms import workplace
from accounts.forms.national import NationalNumber, parse
from accounts.forms.place_completion import COLUMNS
from accounts.forms.reset import ForcedPasswordForm
from accounts.forms.workplace import SECOND, WorkplaceMixin
from accounts.models import User
from accounts.strong import means as strong_means
from accounts.workflows import profile
from accounts.workplaces import Workplace
from portal.common.forms import EmailField, Form, MobilePhoneField, PasswordField, expect_code
from portal.common.validators import format_phone
from portal.plateformes import current
from portal.plateformes.schema import Document


class _ProfileForm(Form):
    """Carries the moment its values were read, so that two tabs never overwrite each other silently."""

    version = forms.CharField(max_length=40, widget=forms.HiddenInput, required=False)
    plain: ClassVar[tuple[str, ...]] = ()
    """Fields that bear the name of their column."""

    def __init__(self, data: Any = None, *, user: User) -> None:
        self.user = user
        super().__init__(data, initial=self.values_of(user) | {"version": user.updated_at.isoformat()})

    def values_of(self, user: User) -> dict[str, Any]:
        """What the fields show for this account."""
        return {name: getattr(user, name) for name in self.plain}

    def columns(self) -> dict[str, Any]:
        """Columns of the account to write. Only for a valid form."""
        return {name: self.cleaned_data[name] for name in self.plain}

    def first_fields(self) -> list[BoundField]:
        return list(self)

    def second_fields(self) -> list[BoundField]:
        """Those of a block that opens below the others; see WorkplaceMixin."""
        return []

    @property
    def seen_at(self) -> datetime:
        try:
            return parse_datetime(self.cleaned_data["version"]) or self.user.created_at
        except ValueError:
            return self.user.created_at

    def show_conflict(self, now: User) -> list[tuple[str, str]]:
        """Take the newest version for the next try; return (label, value held now) of what differs from the form."""
        self.data = {**self.data.dict(), "version": now.updated_at.isoformat()}  # type: ignore[attr-defined]
        held = self.values_of(now)
        return [
            (str(self.fields[name].label), str(value or "—"))
            for name, value in held.items()
            if str(self.data.get(name, "")) != str(value or "")
        ]


class IdentityForm(_ProfileForm):
    """Civility, name and contacts that need no proof."""

    civilite = makers.civility(label="Titre", required=False)
    nom = makers.last_name()
    prenom = makers.first_name()
    communication_email = EmailField(
        label="Mail pour la communication",
        required=False,
        max_length=254,
        help_text="Une adresse partagée est acceptée. Elle ne sert ni à vous connecter ni à recevoir un code.",
    )
    phone_fixe = makers.landline(required=False)

    plain = ("civilite", "nom", "prenom", "communication_email", "phone_fixe")

    def values_of(self, user: User) -> dict[str, Any]:
        phone = format_phone(user.phone_fixe) if user.phone_fixe else ""
        return super().values_of(user) | {"phone_fixe": phone}


class WorkForm(WorkplaceMixin, _ProfileForm):
    """Profession, number, place of work."""

    profession = makers.ProfessionField(label="Profession", required=False)
    profession_libre = makers.text(
        "Votre profession exacte",
        max_length=150,
        required=False,
        help_text="Si vous ne trouvez pas votre profession dans la liste, indiquez votre profession exacte.",
    )
    specialite = makers.SpecialityField(label="Spécialité", required=False)
    national_number = makers.NationalNumberField(
        label="Identifiant national", required=False, help_text="(RPPS, ADELI, FINESS/Matricule)"
    )
    structure = workplace.structure_field(
        label="Établissement ou cabinet",
        required=False,
        help_text="Cherchez par nom, commune, numéro FINESS ou SIRET. Absent de la liste, il se saisit tel quel.",
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        self.base_fields = self._with_place()  # type: ignore[misc]
        super().__init__(data, user=user)
        self.national = NationalNumber()
        for suffix in ("", SECOND) if self._asks_second() else ("",):
            seen = self.initial[f"structure_finess{suffix}"] or self.initial[f"structure{suffix}"]
            self.initial[f"lieu_vu{suffix}"] = seen
            self.initial[f"code_postal_vu{suffix}"] = self.initial[f"code_postal{suffix}"]
        makers.load_lists(self, held=self.initial)
        if strong_means.national_id(user) is not None:
            # Proven by a card or the e-CPS: nobody types over it.
            self.fields["national_number"].disabled = True
            self.fields["national_number"].help_text = "Prouvé par votre carte CPS ou votre e-CPS."

    def _with_place(self) -> dict[str, forms.Field]:
        """The fields of every platform, and those its sign-up asks besides."""
        asked = current().sign_up.fields
        fields = copy.deepcopy(type(self).base_fields) | workplace.number_and_place()
        if "function_type" in asked:
            fields["fonction"] = workplace.function_type(required=False)
        if "service" in asked:
            fields["service"] = workplace.service()
        if "second_establishment" in asked:
            fields |= workplace.second_place()
        return fields

    @property
    def plain(self) -> tuple[str, ...]:  # type: ignore[override]
        asked = tuple(name for name in ("fonction", "service") if name in self.base_fields)
        return ("profession_libre", "specialite", *COLUMNS, *asked)

    def values_of(self, user: User) -> dict[str, Any]:
        number = user.rpps_asked or user.rpps or user.adeli or user.matricule
        values = super().values_of(user) | {"profession": user.profession_id, "national_number": number}
        if not self._asks_second():
            return values
        held = next(iter(workplaces.others(user)), Workplace())
        return values | {
            name: getattr(held, name.removesuffix(SECOND))
            for name in self.base_fields
            if name.removesuffix(SECOND) in Workplace.names() and name.endswith(SECOND)
        }

    def _asks_second(self) -> bool:
        return f"structure{SECOND}" in self.base_fields

    def clean(self) -> dict[str, Any] | None:
        self.complete_place()
        cleaned = super().clean()
        typed = self.cleaned_data.get("national_number")
        if typed:
            self.national = parse(typed, self.cleaned_data.get("profession"))
        return cleaned

    def columns(self) -> dict[str, Any]:
        numbers = {name: getattr(self.national, name) for name in ("rpps", "adeli", "matricule")}
        places = {profile.OTHER_PLACES: self.other_workplaces()} if self.has_second_place else {}
        return super().columns() | numbers | places | {"profession": self.cleaned_data["profession"]}


class EmailChangeForm(Form):
    def __init__(self, data: Any = None, *, user: User) -> None:
        self.user = user
        self.base_fields = makers.email_pair(current(), label="Nouvelle adresse e-mail")  # type: ignore[misc]
        if "email_confirmation" in self.base_fields:
            self.base_fields["email_confirmation"].label = "Confirmer la nouvelle adresse e-mail"
        super().__init__(data)

    def clean_email(self) -> str:
        address = self.cleaned_data["email"]
        if address.casefold() == self.user.email_key:
            raise ValidationError("C’est déjà votre adresse : saisissez la nouvelle.", code="same")
        return address

    def clean_email_confirmation(self) -> str:
        typed = self.cleaned_data["email_confirmation"]
        if typed and typed != self.cleaned_data.get("email", typed):
            raise ValidationError("Les deux adresses sont différentes : recopiez la même.", code="mismatch")
        return typed


class MobileForm(Form):
    phone_mobile = MobilePhoneField(
        label="Téléphone Mobile",
        help_text="Un code y sera envoyé par SMS pour vérifier que ce numéro est le vôtre.",
    )


class CodeForm(Form):
    """The code received on the mobile."""

    code = forms.CharField(label="Code reçu par SMS", max_length=40)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        expect_code(self.fields["code"], current().codes.phone_proof.digits)


class ChannelForm(Form):
    def __init__(self, data: Any = None, *, user: User) -> None:
        self.user = user
        offered = current().codes.sign_in.channels
        self.base_fields = {"preferred_channel": makers.channel("Recevoir mes codes", offered=offered)}  # type: ignore[misc]
        super().__init__(data, initial={"preferred_channel": user.preferred_channel})
        self.fields["preferred_channel"].widget.hints = {
            CodeChannel.MAIL: user.email,
            CodeChannel.SMS: format_phone(user.phone_mobile)
            if user.phone_mobile_verified_at
            else "mobile à vérifier",
        }

    def clean_preferred_channel(self) -> str:
        channel = self.cleaned_data["preferred_channel"]
        if channel == CodeChannel.SMS and not self.user.phone_mobile_verified_at:
            raise ValidationError("Vérifiez d’abord votre numéro de mobile.", code="mobile_needed")
        return channel


class PasswordChangeForm(ForcedPasswordForm):
    """The owner's change: asks for the password in use."""

    current_password = PasswordField(label="Mot de passe actuel")
    field_order = ("current_password", "password", "password_confirmation")

    def clean_current_password(self) -> str:
        raw = self.cleaned_data["current_password"]
        if not passwords.check(self.person, raw):
            raise ValidationError("Ce n’est pas votre mot de passe actuel.", code="wrong")
        return raw


class AcceptForm(Form):
    """One box per document whose current version was not accepted yet."""

    def __init__(self, data: Any = None, *, asked: list[Document]) -> None:
        self.base_fields = {  # type: ignore[misc]
            f"accept_{document.key}": forms.BooleanField(
                label=document.acceptance_label, help_text=makers.read_link(document)
            )
            for document in asked
        }
        super().__init__(data)


class CloseForm(Form):
    confirm = forms.BooleanField(label="Je comprends que je ne pourrai plus me connecter avec ce compte.")
    reason = forms.CharField(
        label="Pourquoi fermez-vous ce compte ?",
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )
