"""The sign-up form: its fields, their order and which are compulsory come from the profile (`sign_up.steps`)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.http import HttpRequest
from django.utils.functional import cached_property

from accounts import documents, identifiers
from accounts.enums import CodeChannel
from accounts.forms import sign_up_fields as makers
from accounts.forms.national import NationalNumber, parse
from accounts.forms.workplace import (
    SECOND,
    WITHDRAW,
    WorkplaceMixin,
    hidden_finess,
    number_and_place,
    second_place,
)
from accounts.models import User
from accounts.robot import RobotMixin
from accounts.workflows.sign_up import Application
from portal.common.forms import EmailField, Form
from portal.plateformes import current
from portal.plateformes.schema import Step

_IDENTIFIER_HINT = (
    "Si cet identifiant est déjà pris, un chiffre lui sera ajouté : "
    "l’e-mail de validation vous donnera l’identifiant retenu."
)
_COLUMNS = (
    "civilite", "nom", "prenom", "email", "communication_email", "profession", "profession_libre", "specialite",
    "matricule", "phone_mobile", "phone_fixe", "comment",
)  # fmt: skip


@dataclass(frozen=True)
class Group:
    """One titled part of the page, with the fields shown in it; `second_place` are those of the block that opens."""

    step: Step
    fields: list[BoundField]
    second_place: list[BoundField]
    has_password: bool
    has_robot: bool
    look: str | list[str]
    """Tells apart the parts that look differently, for `{% kept %}`; a list for one that must be drawn each time."""


class SignUpForm(WorkplaceMixin, RobotMixin, Form):
    """All steps in one form. Those before and after the one on screen travel as hidden fields and are checked again.

    `shown` names the steps on screen (all of them for a one-page journey); the password is never sent back to the page.
    """

    robot_moment = "sign_up"
    never_carried = frozenset(
        {"csrfmiddlewaretoken", "password", "password_confirmation", "etape", "precedent", WITHDRAW}
    )

    def __init__(
        self,
        data: Any = None,
        *,
        request: HttpRequest,
        shown: tuple[str, ...],
        for_directory: bool = False,
        **kwargs: Any,
    ) -> None:
        self.plateforme = current()
        self.journey = self.plateforme.sign_up
        rules = self.plateforme.maillage
        self.required_names = self.journey.required + (rules.sign_up_required if for_directory else ())
        self.one_of_rules = [self.journey.one_of, rules.sign_up_one_of if for_directory else ()]
        self.labels = {**self.journey.labels, **(rules.sign_up_labels if for_directory else {})}
        self.confirmations = (
            (rules.email_confirmation_label, rules.password_confirmation_label) if for_directory else ("", "")
        )
        self.shown = shown
        self.for_directory = for_directory
        self.national = NationalNumber()
        self.names: dict[str, list[str]] = {}
        self.base_fields = self._make_fields()  # type: ignore[misc]
        super().__init__(data, request=request, **kwargs)
        makers.load_lists(self)
        self._announce_one_of()
        self._hide_other_steps()
        makers.show_robot_as_compulsory(self)

    # --- building ---------------------------------------------------------------------------------------
    def _make_fields(self) -> dict[str, forms.Field]:
        mark = forms.CharField(max_length=36, required=False, widget=forms.HiddenInput)
        fields: dict[str, forms.Field] = {"submission": mark}
        for step in self.journey.steps:
            self.names[step.key] = []
            for name in step.fields:
                made = self._make(name)
                fields |= made
                self.names[step.key] += made
        return fields

    def _make(self, name: str) -> dict[str, forms.Field]:
        """The fields the profile asks for under this name; none for a name whose data has a table of its own."""
        several = {
            "email": self._make_email,
            "password": self._make_password,
            "code_channel": self._make_channel,
            "accept_documents": self._make_documents,
            "newsletter": self._make_newsletter,
            "second_establishment": second_place,
        }
        if name in several:
            return several[name]()
        if name not in makers.SIMPLE:
            return {}
        column, maker = makers.SIMPLE[name]
        label, hint = self._words(name)
        extra = {"label": label} if label else {}
        if name == "identifier":
            hint = hint or _IDENTIFIER_HINT
        made = {column: maker(required=self._is_required(name), help_text=hint, **extra)}
        if name == "establishment":
            made |= number_and_place()
        elif name == "structure":
            made["structure_finess"] = hidden_finess()
        return made

    def _words(self, name: str) -> tuple[str, str]:
        """Label and hint of the profile, "" where it leaves ours."""
        return self.labels.get(name, ""), self.journey.hints.get(name, "")

    def _is_required(self, name: str) -> bool:
        return name in self.required_names

    def _make_email(self) -> dict[str, forms.Field]:
        label, hint = self._words("email")
        made = makers.email_pair(
            self.plateforme, label=label or "Email", required=self._is_required("email"), hint=hint
        )
        again, _ = self.confirmations
        if again and "email_confirmation" in made:
            made["email_confirmation"].label = again
        return made

    def _make_password(self) -> dict[str, forms.Field]:
        label, _ = self._words("password")
        _, again = self.confirmations
        return makers.password_pair(self.plateforme, label=label or "Mot de passe", confirm_label=again)

    def _make_channel(self) -> dict[str, forms.Field]:
        label, hint = self._words("code_channel")
        offered = self.plateforme.codes.sign_in.channels
        required = self._is_required("code_channel")
        field = makers.channel(label or "Réception par", offered=offered, required=required, help_text=hint)
        return {"preferred_channel": field}

    def _make_documents(self) -> dict[str, forms.Field]:
        required = self._is_required("accept_documents")
        return {
            f"accept_{document.key}": forms.BooleanField(
                label=document.acceptance_label, required=required, help_text=makers.read_link(document)
            )
            for document in documents.required()
        }

    def _make_newsletter(self) -> dict[str, forms.Field]:
        return {"newsletter": forms.BooleanField(label=self.plateforme.newsletter.label, required=False)}

    def show_after(self, name: str, after: str) -> None:
        for names in self.names.values():
            if after in names:
                names.insert(names.index(after) + 1, name)

    def _hide_other_steps(self) -> None:
        for key, names in self.names.items():
            if key in self.shown:
                continue
            for name in names:
                field = self.fields[name]
                if isinstance(field.widget, forms.PasswordInput):
                    field.widget.attrs["hidden"] = True
                else:
                    field.widget = forms.HiddenInput(attrs={"autocomplete": "off"})
        if not self._shows_last_step():
            self.fields.pop("robot", None)
        self.initial.setdefault("submission", str(uuid.uuid4()))

    def _shows_last_step(self) -> bool:
        return self.journey.steps[-1].key in self.shown

    # --- what the page shows -------------------------------------------------------------------------------
    def groups(self) -> list[Group]:
        return [self._group(step) for step in self.journey.steps if step.key in self.shown]

    def _group(self, step: Step) -> Group:
        return Group(
            step,
            [self[name] for name in self.names[step.key] if not name.endswith(SECOND)],
            [self[name] for name in self.names[step.key] if name.endswith(SECOND)],
            has_password="password" in self.names[step.key],
            has_robot="robot" in step.fields and "robot" in self.fields,
            look=f"{step.key} {self._blank_look}" if self._is_blank() else [],
        )

    def _is_blank(self) -> bool:
        """Nothing was typed and nothing is known of the person: the form looks the same to everybody."""
        return (
            settings.PROCESS_MEMORY
            and type(self) is SignUpForm
            and not self.is_bound
            and self.initial.keys() <= {"submission"}
        )

    @cached_property
    def _blank_look(self) -> str:
        """The parts on screen, who asks, and the lists of the moment."""
        return f"{self.shown} {self.for_directory} {self.auto_id} {makers.lists_stamp()}"

    def carried(self) -> list[BoundField]:
        """Fields of the other steps, as hidden inputs; the password is typed on the step that shows it."""
        names = [name for key, names in self.names.items() if key not in self.shown for name in names]
        hidden = [name for name in names if not isinstance(self.fields[name].widget, forms.PasswordInput)]
        return [self[name] for name in ("submission", *hidden)]

    def step_with_error(self) -> str:
        """First step that holds a mistake, "" when none does."""
        for key, names in self.names.items():
            if any(name in self.errors for name in names):
                return key
        return ""

    def keep_errors_of_shown(self) -> None:
        """Drop the mistakes of steps that are not on screen yet."""
        shown = {"robot", "__all__", *(name for key in self.shown for name in self.names[key])}
        for name in set(self.errors) - shown:
            del self.errors[name]

    # --- checking -------------------------------------------------------------------------------------------
    def clean_email_confirmation(self) -> str:
        typed = self.cleaned_data["email_confirmation"]
        if typed and typed != self.cleaned_data.get("email", typed):
            raise ValidationError("Les deux adresses sont différentes : recopiez la même.", code="mismatch")
        return typed

    def clean_identifiant(self) -> str:
        typed = self.cleaned_data["identifiant"]
        return identifiers.clean(typed, email=self.cleaned_data.get("email", "")) if typed else ""

    def clean(self) -> dict[str, Any]:
        self.complete_place()
        self._check_number()
        self._check_channel()
        self._check_password()
        self._check_one_of()
        cleaned = super().clean()
        return cleaned if cleaned is not None else self.cleaned_data

    def _check_number(self) -> None:
        typed = self.cleaned_data.get("national_number")
        if typed:
            self.national = parse(typed, self.cleaned_data.get("profession"))

    def _check_channel(self) -> None:
        wants_sms = self.cleaned_data.get("preferred_channel") == CodeChannel.SMS
        if wants_sms and not self.cleaned_data.get("phone_mobile") and "phone_mobile" not in self.errors:
            self.add_error(
                "phone_mobile",
                ValidationError("La réception par SMS demande un téléphone mobile.", code="mobile_needed"),
            )

    def _check_password(self) -> None:
        raw, again = self.cleaned_data.get("password"), self.cleaned_data.get("password_confirmation")
        if raw and again and raw != again:
            self.add_error(
                "password_confirmation", ValidationError(current().password.mismatch, code="mismatch")
            )
        if raw:
            try:
                validate_password(raw, self._person())
            except ValidationError as problem:
                self.add_error("password", problem)

    def _person(self) -> User:
        """Whose words the password may not hold."""
        known = {
            name: self.cleaned_data.get(name) or "" for name in ("nom", "prenom", "email", "identifiant")
        }
        numbers = {
            name: self.cleaned_data.get(name) or "" for name in ("phone_mobile", "phone_fixe", "code_postal")
        }
        return User(**known, **numbers, rpps=self.national.rpps, adeli=self.national.adeli)

    def _one_of(self) -> Iterator[tuple[list[str], str]]:
        """Columns of which one at least must be filled, with their labels as one says them."""
        for names in self.one_of_rules:
            columns = [makers.SIMPLE[name][0] for name in names if name in makers.SIMPLE]
            if columns:
                yield columns, " ou ".join(str(self.fields[name].label) for name in columns)

    def _announce_one_of(self) -> None:
        """Said before it is refused; none of them is « facultatif »."""
        for columns, labels in self._one_of():
            for name in columns:
                field = self.fields[name]
                field.is_one_of = True  # type: ignore[attr-defined]  # read by the template's `is_optional`
                field.help_text = f"{field.help_text} Remplissez au moins un champ : {labels}.".strip()

    def _check_one_of(self) -> None:
        for columns, labels in self._one_of():
            if not any(self.cleaned_data.get(name) or name in self.errors for name in columns):
                problem = ValidationError(f"Renseignez au moins un champ : {labels}.", code="one_of")
                self.add_error(columns[0], problem)

    # --- result -----------------------------------------------------------------------------------------------
    def application(self) -> Application:
        """What the person typed, for the workflow. Only for a valid form."""
        values: dict[str, Any] = {
            name: self.cleaned_data[name] or "" for name in _COLUMNS if name in self.cleaned_data
        }
        values["profession"] = self.cleaned_data.get("profession")
        if "national_number" in self.cleaned_data:
            values |= {"rpps": self.national.rpps, "adeli": self.national.adeli}
            values["matricule"] = self.national.matricule or values.get("matricule", "")
        return Application(
            **values,
            identifiant=self.cleaned_data.get("identifiant", ""),
            raw_password=self.cleaned_data.get("password"),
            workplace=self.first_workplace(),
            other_workplaces=self.other_workplaces(),
            preferred_channel=self.cleaned_data.get("preferred_channel") or CodeChannel.MAIL,
            newsletter=bool(self.cleaned_data.get("newsletter")),
        )


class ResendForm(Form):
    """Ask for the validation mail again."""

    email = EmailField(label="Adresse e-mail", max_length=254)
