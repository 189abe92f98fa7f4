"""Notices for any page, whatever application it belongs to: `{% load hub_notices %}{% user_notices %}`."""

from __future__ import annotations

import hashlib

import structlog
from django import template
from django.db import DatabaseError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from portal.common.memory import remembered
from portal.common.templatetags.portal_components import TONE_ICONS
from portal.hub import selectors
from portal.hub.enums import NoticeKind, NoticeTone
from portal.hub.models import Notice
from portal.hub.safe_text import paragraphs

logger = structlog.get_logger(__name__)
register = template.Library()
LIFE_SECONDS = 3
"""What staff publish, change or take back shows everywhere that much later."""


def _shown(notice: Notice) -> dict[str, str | int | SafeString]:
    return {
        "pk": notice.pk,
        "tone": notice.tone,
        "icon": TONE_ICONS[notice.tone],
        "title": notice.title,
        "html": paragraphs(notice.text),
        "key": _closing_key(notice),
    }


def _closing_key(notice: Notice) -> str:
    """Name under which a banner stays closed, empty when it may not be: an incident is for everybody, all the time.

    It changes with what is written: a banner that says something new shows again.
    """
    if notice.kind != NoticeKind.BANNER or notice.tone == NoticeTone.DANGER:
        return ""
    digest = hashlib.sha256(f"{notice.title}\n{notice.text}".encode()).hexdigest()[:12]
    return f"annonce-{notice.pk}-{digest}"


@remembered(LIFE_SECONDS)
def _drawn(signed_in: bool) -> dict[str, SafeString]:
    """The notices of this audience by kind; nothing but them and the audience decides what is drawn."""
    found = selectors.all_notices(signed_in=signed_in)
    return {
        str(kind): render_to_string(
            "hub/includes/notices.html", {"notices": [_shown(one) for one in found if one.kind == kind]}
        )
        for kind in NoticeKind
    }


def _of_page(context: template.Context, kind: NoticeKind) -> SafeString:
    """Read once for a page, whatever number of kinds it shows."""
    user = context.get("user")
    signed_in = bool(user and user.is_authenticated)
    kept = context.render_context
    key = f"hub_notices {signed_in}"
    if key not in kept:
        kept[key] = _drawn(signed_in)
    return SafeString(kept[key][str(kind)])


@register.simple_tag(takes_context=True)
def user_notices(context: template.Context) -> SafeString:
    """« NOTE AUX UTILISATEURS »: one query at most, nothing drawn when staff published none."""
    return _of_page(context, NoticeKind.USER_NOTICE)


@register.simple_tag(takes_context=True)
def banner_notices(context: template.Context) -> SafeString:
    """Banners (incident, maintenance) above every page; none without database: the page itself matters more."""
    try:
        return _of_page(context, NoticeKind.BANNER)
    except DatabaseError as error:
        logger.warning("banners_missing", error=type(error).__name__.lower())
        return SafeString("")
