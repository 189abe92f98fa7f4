"""A field that nobody has filled in is drawn once per process: it looks the same to everybody.

What decides its look is its key: everything its widget holds, its words, and how the page asks for it. A field of a
form that was sent, that starts with a value, or whose widget is not one of Django's own is drawn each time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from django import forms
from django.conf import settings
from django.forms import BoundField
from django.forms.widgets import boolean_check
from django.utils.choices import CallableChoiceIterator
from django.utils.functional import Promise
from django.utils.safestring import SafeString

MAX_ENTRIES = 1000
_WIDGETS = frozenset(
    {
        forms.CheckboxInput,
        forms.CheckboxSelectMultiple,
        forms.EmailInput,
        forms.HiddenInput,
        forms.NumberInput,
        forms.PasswordInput,
        forms.RadioSelect,
        forms.Select,
        forms.Textarea,
        forms.TextInput,
    }
)
_PLAIN = (str, int, float, bool, type(None))
_kept: dict[Hashable, SafeString] = {}


def draw(field: BoundField, css: str, kind: str, render: Callable[[], SafeString]) -> SafeString:
    """What `render` gives for this field, from the memory of this process when it may be."""
    key = _key(field, css, kind) if settings.PROCESS_MEMORY else None
    if key is None:
        return render()
    found = _kept.get(key)
    if found is None:
        found = render()
        if len(_kept) >= MAX_ENTRIES:
            _kept.clear()
        _kept[key] = found
    return found


def _key(field: BoundField, css: str, kind: str) -> Hashable | None:
    form, inner, widget = field.form, field.field, field.field.widget
    if form.is_bound or type(widget) not in _WIDGETS or field.value() not in (None, "", False, []):
        return None
    words = (field.label, field.help_text, vars(widget), getattr(inner, "max_length", None))
    asked = (field.html_name, field.auto_id, inner.required, inner.disabled, inner.localize, css, kind)
    try:
        return type(form.renderer), type(field), type(widget), asked, field.value() is False, _frozen(words)
    except TypeError:  # something whose look cannot be told from its value
        return None


def _frozen(value: Any) -> Hashable:
    """A key for the value; a text marked safe differs from the same text that is not. TypeError for other objects."""
    if type(value) in _PLAIN:
        return type(value), value
    if isinstance(value, str | Promise):  # a safe text, a word of an enumeration, a translation
        return type(value), str(value)
    if value is boolean_check:  # how a box knows that it is ticked
        return value
    if isinstance(value, dict):
        return tuple((name, _frozen(one)) for name, one in value.items())
    if isinstance(value, list | tuple | CallableChoiceIterator):
        return type(value), tuple(_frozen(one) for one in value)
    raise TypeError(type(value).__name__)
