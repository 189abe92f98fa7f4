"""Template tags of the component library: registered as built-ins, no {% load %} needed.

Tags take every optional value as a keyword with a default, so a page never hands an undefined variable
to a component. templates/components/README.md shows each one with an example.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField, widgets
from django.forms.boundfield import BoundWidget
from django.http import QueryDict
from django.template.engine import Engine
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from portal.common import pristine
from portal.common.templatetags.portal_icons import ICONS

register = template.Library()

TONE_ICONS = {
    "neutral": "dash",
    "accent": "info",
    "info": "info",
    "positive": "check-circle",
    "warning": "alert",
    "danger": "cross-circle",
}
SESSION_EXTEND_URL = "/session/prolonger/"
MESSAGE_TONES = {
    "debug": "neutral",
    "info": "info",
    "success": "positive",
    "warning": "warning",
    "error": "danger",
}

CLASS_LABELS = {
    "lower": "une minuscule",
    "upper": "une majuscule",
    "digit": "un chiffre",
    "special": "un caractère spécial",
}


@register.simple_tag(name="portal_icon")
@register.simple_tag
@lru_cache(maxsize=512, typed=True)  # typed: a text marked safe is not taken for the same text that is not
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """Draw an icon inline; decorative unless `label` names it. KeyError on a name we do not draw.

    Drawn once per process for each triple: nothing else decides, so it never goes stale.
    """
    drawing = mark_safe(ICONS[name])  # noqa: S308 - our own constant
    classes = f"icon {css}".strip()
    if label:
        return format_html(
            '<svg class="{}" viewBox="0 0 24 24" role="img" aria-label="{}">{}</svg>', classes, label, drawing
        )
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>', classes, drawing
    )


@register.filter
def tone_icon(tone: str) -> str:
    """Name of the icon that goes with a tone, so that colour is never alone."""
    return TONE_ICONS.get(tone, "info")


@register.filter
def message_tone(message: Any) -> str:
    """Tone of a message of django.contrib.messages."""
    return MESSAGE_TONES.get(getattr(message, "level_tag", "info"), "info")


_KINDS: tuple[tuple[type[widgets.Widget], str], ...] = (
    (widgets.HiddenInput, "hidden"),
    (widgets.PasswordInput, "password"),
    (widgets.CheckboxSelectMultiple, "checkboxes"),
    (widgets.RadioSelect, "radio"),
    (widgets.CheckboxInput, "checkbox"),
    (widgets.Textarea, "textarea"),
    (widgets.Select, "select"),
    (widgets.FileInput, "file"),
)


@register.filter
def field_kind(field: BoundField) -> str:
    """How form_field.html draws this field: the widget's `kind` attribute if it has one, else by its type.

    Values: text, hidden, password, checkboxes, radio, cards, inline, checkbox, textarea, select, file, group.
    """
    widget = field.field.widget
    if declared := getattr(widget, "kind", ""):
        return str(declared)
    for kind_type, name in _KINDS:
        if isinstance(widget, kind_type):
            return name
    return "group" if field.use_fieldset else "text"


@register.filter
def is_optional(field: BoundField) -> bool:
    """The label says « (facultatif) »: a control to fill in that may stay empty (not a tick, not the robot check,
    not one of several of which one must be filled: `is_one_of`)."""
    if getattr(field.field, "is_one_of", False):
        return False
    fillable = (widgets.Input, widgets.Textarea, widgets.Select, widgets.ChoiceWidget, widgets.MultiWidget)
    return not field.field.required and not field.field.disabled and isinstance(field.field.widget, fillable)


@register.filter
def max_characters(field: BoundField) -> int:
    """Longest text the field takes, 0 when it has no limit worth counting down."""
    return int(getattr(field.field, "max_length", 0) or 0)


@register.filter
def error_count(form: BaseForm) -> int:
    """How many sentences the error summary lists."""
    return sum(len(errors) for errors in form.errors.values())


@register.filter
def first_control_id(field: BoundField) -> str:
    """Id to send the focus to from the error summary: the first choice of a group, else the control."""
    if field.field.widget.use_fieldset and (options := list(field.subwidgets)):
        return str(options[0].id_for_label)
    return str(field.id_for_label or field.auto_id)


@register.filter
def choice_hint(option: BoundWidget, field: BoundField) -> str:
    """Sentence under a choice, from the widget's `hints` (value → text)."""
    return str(getattr(field.field.widget, "hints", {}).get(option.data["value"], ""))


@register.filter
def choice_icon(option: BoundWidget, field: BoundField) -> str:
    """Icon of a choice card, from the widget's `icons` (value → icon name)."""
    return str(getattr(field.field.widget, "icons", {}).get(option.data["value"], ""))


@register.simple_tag(takes_context=True)
def field(context: template.Context, field: BoundField, css: str = "", kind: str = "") -> SafeString:
    """One field with label, hint, error and control.

    `css`: "short" or "medium" narrows the control. `kind` overrides what `field_kind` would choose:
    "code" (boxes for a one-time code), "cards", "inline" (choices on a line), "combobox".
    """

    def render() -> SafeString:
        drawing = Engine.get_default().get_template("components/form_field.html")
        return drawing.render(context.new({"field": field, "css": css, "declared_kind": kind}))

    return pristine.draw(field, css, kind, render)


@register.inclusion_tag("components/banner.html")
def banner(
    content: Any, tone: str = "info", title: str = "", dismissible: bool = False, alert: bool = False
) -> dict[str, Any]:
    """A message in the flow of the page; `alert=True` interrupts a screen reader."""
    return _banner_context(content, tone, title, dismissible, alert)


def _banner_context(content: Any, tone: str, title: str, dismissible: bool, alert: bool) -> dict[str, Any]:
    return {
        "content": content, "tone": tone, "title": title, "dismissible": dismissible, "alert": alert,
        "tone_icon": TONE_ICONS[tone],
    }  # fmt: skip


@register.simple_block_tag(end_name="endnotice")
def notice(content: str, tone: str = "info", title: str = "", alert: bool = False) -> str:
    """`{% notice tone="info" title="À savoir" %}<p>…</p>{% endnotice %}`: a banner with rich content."""
    return render_to_string("components/banner.html", _banner_context(content, tone, title, False, alert))


@register.filter
def class_label(name: str) -> str:
    """A class of characters of a password policy, with its article."""
    return CLASS_LABELS[name]


@register.simple_tag
def robot_worker_url() -> str:
    """Address of the worker that looks for the robot check's number, as static files name it."""
    return static("js/robot-worker.js")


@register.simple_tag(takes_context=True)
def theme_url(context: template.Context) -> str:
    """Address of the stylesheet that carries the platform's accent; changes with the accent, so it caches for good."""
    plateforme = context.get("plateforme")
    address = reverse("gallery:theme_css")
    return f"{address}?v={plateforme.accent.lstrip('#')}" if plateforme else address


@register.inclusion_tag("components/badge.html")
def badge(label: str, tone: str = "neutral", icon: str = "") -> dict[str, str]:
    """A state in words with its icon. Tones: neutral, accent, info, positive, warning, danger."""
    return {"label": label, "tone": tone, "icon": icon or TONE_ICONS[tone]}


@register.inclusion_tag("components/breadcrumb.html")
def breadcrumb(*steps: str) -> dict[str, Any]:
    """`{% breadcrumb "Accueil" "/" "Préférences" %}`: label, address pairs, then the current page's label."""
    trail = [{"label": steps[i], "url": steps[i + 1]} for i in range(0, len(steps) - 1, 2)]
    return {"trail": trail, "here": steps[-1]}


@register.inclusion_tag("components/page_title.html")
def page_title(
    title: str,
    lead: str = "",
    eyebrow: str = "",
    action: str = "",
    action_url: str = "",
    action_icon: str = "",
) -> dict[str, str]:
    """The page's only <h1>, with at most one main action as a link."""
    return {
        "title": title, "lead": lead, "eyebrow": eyebrow,
        "action": action, "action_url": action_url, "action_icon": action_icon,
    }  # fmt: skip


@register.simple_block_tag(end_name="endcard")
def card(content: str, title: str = "", css: str = "", level: int = 2) -> SafeString:
    """`{% card title="Mes accès" %}…{% endcard %}`."""
    heading = format_html("<h{}>{}</h{}>", level, title, level) if title else ""
    return format_html('<section class="{}">{}{}</section>', f"card {css}".strip(), heading, content)


@register.simple_block_tag(end_name="enddialog")
def dialog(content: str, id: str, title: str, css: str = "") -> str:
    """`{% dialog id="retirer" title="Retirer l’accès ?" %}…{% enddialog %}`, opened by data-portal-dialog="retirer"."""
    return render_to_string(
        "components/dialog.html", {"id": id, "title": title, "css": css, "content": content}
    )


@register.simple_block_tag(end_name="endfilters")
def filters(content: str, count: int = 0, label: str = "Filtrer", reset_url: str = "") -> str:
    """A search form's criteria: a column on a wide screen, a drawer on a phone. `count`: criteria in use."""
    return render_to_string(
        "components/filters.html",
        {"content": content, "count": count, "label": label, "reset_url": reset_url},
    )


@register.simple_block_tag(end_name="endrobot")
def robot(content: str, url: str, name: str = "altcha", error: str = "") -> str:
    """The « je ne suis pas un robot » check; the block's content is what people without JavaScript get instead."""
    return render_to_string(
        "components/robot.html", {"alternative": content, "url": url, "name": name, "error": error}
    )


@register.inclusion_tag("components/tabs.html")
def tabs(items: Sequence[Mapping[str, Any]], current: str, label: str) -> dict[str, Any]:
    """Tabs that are real links. Each item: key, label, url, and optionally icon and count."""
    return {"items": items, "current": current, "label": label}


@register.inclusion_tag("components/stepper.html")
def stepper(steps: Sequence[str | Mapping[str, str]], current: int) -> dict[str, Any]:
    """Where one is in a journey. Steps: titles, or mappings with title and url (a done step one may go back to);
    `current` counts from 1."""
    named = [{"title": step, "url": ""} if isinstance(step, str) else step for step in steps]
    return {"steps": named, "current": current, "total": len(named), "here": named[current - 1]}


@register.inclusion_tag("components/tile.html")
def tile(
    application: Any, starred: bool = False, star_url: str = "", details_url: str = "", movable: bool = False
) -> dict[str, Any]:
    """An application: key, name, description, icon (name of an icon), links (label, url, new_window).

    `star_url` receives a POST of `favori=1` or `favori=0`; `movable` adds the keyboard buttons of a favourite.
    """
    return {
        "application": application, "starred": starred, "star_url": star_url,
        "details_url": details_url, "movable": movable,
    }  # fmt: skip


@register.inclusion_tag("components/chip.html")
def chip(
    label: str, url: str = "", remove_url: str = "", icon: str = "", current: bool = False
) -> dict[str, Any]:
    """A small label: plain, a link (`url`), or a criterion one can take off (`remove_url`)."""
    return {"label": label, "url": url, "remove_url": remove_url, "icon": icon, "current": current}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: template.Context, page: Page[Any], parameter: str = "page") -> dict[str, Any]:
    """Pages of a list; the other criteria of the address are kept. Draws nothing for a single page."""
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    links = [
        {"number": n, "query": _query(context, parameter, n)} if isinstance(n, int) else None for n in numbers
    ]
    return {
        "page": page,
        "links": links,
        "previous": _query(context, parameter, page.number - 1),
        "next": _query(context, parameter, page.number + 1),
    }


def _query(context: template.Context, parameter: str, number: int) -> str:
    request = context.get("request")
    query = request.GET.copy() if request else QueryDict(mutable=True)
    query[parameter] = str(number)
    return f"?{query.urlencode()}"


@register.inclusion_tag("components/empty_state.html")
def empty_state(
    title: str, text: str = "", action: str = "", action_url: str = "", icon: str = "search"
) -> dict[str, str]:
    """What to do when there is nothing to show."""
    return {"title": title, "text": text, "action": action, "action_url": action_url, "icon": icon}


@register.inclusion_tag("components/timeline.html")
def timeline(events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What happened, newest first as given. Each event: title, at (datetime), and optionally text, who, tone."""
    return {"events": events}


@register.inclusion_tag("components/skeleton.html")
def skeleton(lines: int = 3, label: str = "Chargement en cours") -> dict[str, Any]:
    """Grey lines that hold the place of a slow part."""
    return {"lines": range(lines), "label": label}


@register.inclusion_tag("components/progress.html")
def progress(value: int, maximum: int, label: str, text: str = "") -> dict[str, Any]:
    """How far a long action is; `text` replaces « 3 sur 10 »."""
    return {"value": value, "maximum": maximum, "label": label, "text": text}


@register.inclusion_tag("components/countdown.html")
def countdown(
    seconds: int, label: str = "Ce code expire dans", done: str = "Ce code a expiré.", enables: str = ""
) -> dict[str, Any]:
    """Time left, told aloud at each minute then at 30 and 10 seconds; `enables`: id of a button freed at the end."""
    return {"seconds": max(0, int(seconds)), "label": label, "done": done, "enables": enables}


@register.inclusion_tag("components/password_policy.html")
def password_policy(policy: Any, for_id: str, confirm_id: str = "") -> dict[str, Any]:
    """Rules of the profile's `password` section, ticked while typing in the input `for_id`."""
    return {"policy": policy, "for_id": for_id, "confirm_id": confirm_id}


@register.inclusion_tag("components/password_generator.html")
def password_generator(policy: Any, for_id: str, confirm_id: str = "") -> dict[str, Any]:
    """Button that fills both inputs with a password the policy accepts, shown to be copied."""
    return {"policy": policy, "for_id": for_id, "confirm_id": confirm_id}


@register.inclusion_tag("components/copy_button.html")
def copy_button(text: str, label: str = "Copier") -> dict[str, str]:
    """Puts `text` in the clipboard; absent without JavaScript."""
    return {"text": text, "label": label}


@register.inclusion_tag("components/psc_button.html")
def psc_button(url: str, label: str = "S’identifier avec") -> dict[str, str]:
    """Entry by Pro Santé Connect: a form that posts to `url`, in our own shape; `label` comes before the name."""
    return {"url": url, "label": label}


@register.inclusion_tag("components/session_warning.html")
def session_warning(
    seconds_left: int, warn_seconds: int, extend_url: str, person: str = ""
) -> dict[str, Any]:
    """Dialog that offers to stay before an idle session closes; `extend_url` answers a POST with JSON
    {"seconds_left": n}. `person`: opaque mark under which this tab keeps what was typed until the next sign-in."""
    return {
        "seconds_left": seconds_left,
        "warn_seconds": warn_seconds,
        "extend_url": extend_url,
        "person": person,
    }


@register.inclusion_tag("components/session_warning.html")
def session_watch(limits: Mapping[str, Any]) -> dict[str, Any]:
    """The warning from `session_limits` (accounts' context processor): whichever end comes first, idle or absolute."""
    absolute = (limits["ends_at"] - timezone.now()).total_seconds()
    left = max(0, int(min(limits["idle_seconds"], absolute)))
    return session_warning(left, limits["warning_seconds"], SESSION_EXTEND_URL, limits["person"])
