"""Base of every form: clean text at the door, French messages that say what to do, accessible rendering.

A field renders with `{{ form.email.as_field_group }}` (template `components/form_field.html`, where `field`
is the BoundField) or a whole form with `{{ form }}` (`components/form.html`). The hint has the id
`<auto_id>_helptext`, the errors `<auto_id>_error`; Django ties both to the control with aria-describedby and
sets aria-invalid.
"""

import unicodedata
from typing import Any, ClassVar

from django import forms
from django.core import validators as django_validators
from django.core.exceptions import ValidationError
from django.forms.renderers import BaseRenderer, TemplatesSetting
from django.utils.safestring import SafeString

from portal.common import validators, widgets


class PortalRenderer(TemplatesSetting):
    form_template_name = "components/form.html"
    field_template_name = "components/form_field.html"

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> SafeString:
        """The usual controls are drawn by portal.common.widgets; the others by their template."""
        drawn = widgets.draw(template_name, context)
        return super().render(template_name, context, request) if drawn is None else drawn


class PortalBoundField(forms.BoundField):
    """NFC at the door, except where the value counts exactly as typed (passwords)."""

    @property
    def data(self) -> Any:
        value = super().data
        if isinstance(value, str) and not _is_exact(self.field):
            return unicodedata.normalize("NFC", value)
        return value

    @property
    def hint_id(self) -> str:
        return f"{self.auto_id}_helptext"

    @property
    def error_id(self) -> str:
        return f"{self.auto_id}_error"

    @property
    def is_optional(self) -> bool:
        """The label says « (facultatif) »."""
        return not self.field.required and not isinstance(self.field, forms.BooleanField)


def _is_exact(field: forms.Field) -> bool:
    return isinstance(field.widget, forms.PasswordInput)


class _HostileText:
    """Validator of every text field: no control, direction or NUL character."""

    def __init__(self, *, multiline: bool) -> None:
        self.multiline = multiline

    def __call__(self, value: Any) -> None:
        if isinstance(value, str):
            validators.check_characters(value, multiline=self.multiline)


class _Length:
    """Over-long text is told its limit and its length."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __call__(self, value: Any) -> None:
        if isinstance(value, str) and len(value) > self.limit:
            raise ValidationError(validators.too_long_message(self.limit, len(value)), code="max_length")


class _PortalFormMixin:
    """`autocomplete` gives the HTML purpose of each field, by name (« given-name », « one-time-code »…)."""

    default_renderer: BaseRenderer | type[BaseRenderer] | None = PortalRenderer
    bound_field_class: type[forms.BoundField] | None = PortalBoundField
    use_required_attribute = False
    autocomplete: ClassVar[dict[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # type: ignore[attr-defined]
            _prepare(field)
            if name in self.autocomplete:
                field.widget.attrs.setdefault("autocomplete", self.autocomplete[name])


def _prepare(field: forms.Field) -> None:
    field.error_messages["required"] = _required_message(field)
    if field.required:
        field.widget.attrs.setdefault("aria-required", "true")
    if isinstance(field, forms.CharField) and not _is_exact(field):
        _protect_text(field)


def _protect_text(field: forms.CharField) -> None:
    multiline = isinstance(field.widget, forms.Textarea)
    limit = field.max_length or (validators.MAX_TEXT if multiline else validators.MAX_LINE)
    replaced = (django_validators.MaxLengthValidator, django_validators.ProhibitNullCharactersValidator)
    kept = [check for check in field.validators if not isinstance(check, replaced)]
    field.validators = [_HostileText(multiline=multiline), _Length(limit), *kept]


def _required_message(field: forms.Field) -> str:
    if isinstance(field, forms.BooleanField):
        return "Cochez cette case pour continuer."
    if isinstance(field, forms.FileField):
        return "Choisissez un fichier."
    if isinstance(field, forms.ChoiceField | forms.ModelChoiceField):
        return f"Choisissez une réponse\u00a0: {field.label}." if field.label else "Choisissez une réponse."
    return f"Renseignez ce champ\u00a0: {field.label}." if field.label else "Renseignez ce champ."


class Form(_PortalFormMixin, forms.Form):
    """Plain form of the portal."""


class ModelForm(_PortalFormMixin, forms.ModelForm):
    """Form on a model; states are not among its fields: a machine writes them."""


# --- fields -------------------------------------------------------------------------------------------
class CleanedField(forms.CharField):
    """Text whose stored form is given by `cleaner`, one of the functions of `portal.common.validators`."""

    cleaner: ClassVar[Any] = staticmethod(validators.clean_text)
    inputmode = ""
    autocomplete = ""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.inputmode:
            self.widget.attrs.setdefault("inputmode", self.inputmode)
        if self.autocomplete:
            self.widget.attrs.setdefault("autocomplete", self.autocomplete)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        return self.cleaner(text) if text else text


class NameField(CleanedField):
    cleaner = staticmethod(validators.clean_name)


class EmailField(CleanedField):
    cleaner = staticmethod(validators.clean_email)
    widget = forms.EmailInput
    autocomplete = "email"


class PhoneField(CleanedField):
    cleaner = staticmethod(validators.clean_phone)
    inputmode = "tel"
    autocomplete = "tel"


class MobilePhoneField(PhoneField):
    cleaner = staticmethod(validators.clean_mobile_phone)


class FinessField(CleanedField):
    cleaner = staticmethod(validators.clean_finess)


class FinessOrSiretField(CleanedField):
    cleaner = staticmethod(validators.clean_finess_or_siret)


class PostalCodeField(CleanedField):
    """Five digits (M94-069)."""

    cleaner = staticmethod(validators.clean_postal_code)
    inputmode = "numeric"
    autocomplete = "postal-code"


def expect_code(field: forms.Field, digits: int) -> None:
    """Draw `field` as the boxes of a one-time code of `digits` figures.

    The control itself takes more than that: a code pasted with spaces must arrive whole, with or without JavaScript.
    """
    field.widget.attrs.update(
        {
            "inputmode": "numeric",
            "autocomplete": "one-time-code",
            "maxlength": "40",
            "spellcheck": "false",
            "data-portal-digits": str(digits),
        }
    )
    field.widget.kind = "code"


class PasswordField(forms.CharField):
    """Checked exactly as typed: no trim, no normalisation; over 4096 bytes refused before any hash."""

    def __init__(self, *, new: bool = False, **kwargs: Any) -> None:
        purpose = "new-password" if new else "current-password"
        widget = forms.PasswordInput(attrs={"autocomplete": purpose, "spellcheck": "false"})
        super().__init__(strip=False, widget=widget, **kwargs)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value.encode("utf-8", "surrogatepass")) > validators.MAX_PASSWORD_BYTES:
            raise ValidationError("Ce mot de passe est trop long : 4 096 octets au plus.", code="max_length")
