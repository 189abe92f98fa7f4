"""The controls of every form, written without a template engine: exactly the bytes of Django's own templates.

Django draws an input with three nested templates and a list of choices with two templates per choice; here one
function does it. tests/common/test_widgets.py compares both on every kind of widget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.formats import localize
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

_WIDGETS = "django/forms/widgets/"


def _attrs(attrs: Mapping[str, Any]) -> str:
    """As attrs.html: False is left out, True is a bare name."""
    return "".join(
        f" {conditional_escape(name)}" + ("" if value is True else f'="{_text(value)}"')
        for name, value in attrs.items()
        if value is not False
    )


def _text(value: Any) -> str:
    """As `|stringformat:'s'`: a text marked safe loses the mark by the formatting, hence is escaped again."""
    return conditional_escape("%s" % (value,))  # noqa: UP031  the filter's own formatting


def _input(widget: Mapping[str, Any]) -> str:
    value = "" if widget["value"] is None else f' value="{_text(widget["value"])}"'
    kind, name = conditional_escape(widget["type"]), conditional_escape(widget["name"])
    return f'<input type="{kind}" name="{name}"{value}{_attrs(widget["attrs"])}>'


def _select(widget: Mapping[str, Any]) -> str:
    parts = [f'<select name="{conditional_escape(widget["name"])}"{_attrs(widget["attrs"])}>']
    for label, options, _ in widget["optgroups"]:
        if label:
            parts.append(f'\n  <optgroup label="{conditional_escape(label)}">')
        parts += [f"\n  {_option(option)}\n" for option in options]
        if label:
            parts.append("\n  </optgroup>")
    return "".join([*parts, "\n</select>"])


def _option(option: Mapping[str, Any]) -> str:
    label = conditional_escape(localize(option["label"]))
    return f'<option value="{_text(option["value"])}"{_attrs(option["attrs"])}>{label}</option>'


_DRAWN: dict[str, Callable[[Mapping[str, Any]], str]] = {
    f"{_WIDGETS}{name}.html": _input
    for name in ("input", "text", "password", "email", "tel", "number", "url", "hidden", "checkbox", "search")
} | {f"{_WIDGETS}select.html": _select}
_CHOICES = {f"{_WIDGETS}{name}.html" for name in ("radio_option", "checkbox_option")}


def draw(template_name: str, context: Mapping[str, Any]) -> SafeString | None:
    """The control that this template of Django would draw, None for those left to it."""
    widget = context.get("widget")
    if widget is None:
        return None
    function = _DRAWN.get(template_name)
    if function is None and template_name in _CHOICES and not widget.get("wrap_label"):
        function = _input
    return mark_safe(function(widget)) if function else None  # noqa: S308  every value is escaped above
