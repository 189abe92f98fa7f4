"""Texts of the legal pages: the version staff published last, else the document that comes with the platform."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.models import User
from portal.hub.models import LegalPage, LegalPageVersion
from portal.hub.safe_text import document
from portal.plateformes import current

CONTACTS = "contacts"


@dataclass(frozen=True)
class PageText:
    """`version` is what people quote; `older` are the numbers of the versions before it, newest first."""

    slug: str
    title: str
    source: str
    version: str
    published_on: date | None
    older: tuple[int, ...] = ()

    @property
    def html(self) -> SafeString:
        return document(self.source)


def titles() -> dict[str, str]:
    """Slug and title of every page of this platform, in the profile's order."""
    found = {doc.slug: doc.title for doc in current().documents}
    return {**found, CONTACTS: "Contacts"}


def find(slug: str, number: int | None = None) -> PageText | None:
    """The page as it is now, or as version `number` was; None when either does not exist."""
    page = LegalPage.objects.filter(slug=slug).first()
    versions = list(page.versions.order_by("-number")) if page else []
    if page is None or not versions:
        return _default(slug) if number is None else None
    chosen = next((row for row in versions if number is None or row.number == number), None)
    if chosen is None:
        return None
    older = tuple(row.number for row in versions if row.number < chosen.number)
    published = timezone.localdate(chosen.published_at)
    return PageText(slug, page.title, chosen.body, str(chosen.number), published, older)


def _default(slug: str) -> PageText | None:
    plateforme = current()
    if slug == CONTACTS:
        text = render_to_string("hub/pages/contacts.md", {"plateforme": plateforme})
        return PageText(slug, "Contacts", text, "", None)
    shipped = next((doc for doc in plateforme.documents if doc.slug == slug), None)
    if shipped is None:
        return None
    return PageText(slug, shipped.title, without_title(shipped.text), shipped.version, shipped.published_on)


def without_title(text: str) -> str:
    """Drop a first « # title » line: the page shows its title itself."""
    first, _, rest = text.lstrip().partition("\n")
    return rest.lstrip() if first.startswith("# ") else text


def publish(slug: str, title: str, body: str, *, author: User) -> LegalPageVersion:
    """Make `body` the text people read from now on. The text already published again is not a new version."""
    with transaction.atomic():
        page, _ = LegalPage.objects.get_or_create(slug=slug, defaults={"title": title})
        page = LegalPage.objects.select_for_update(of=("self",)).get(pk=page.pk)
        if page.title != title:
            page.title = title
            page.save(update_fields=["title"])
        last = page.versions.order_by("-number").first()
        if last is not None and last.body == body:
            return last
        return LegalPageVersion.objects.create(
            page=page, number=last.number + 1 if last else 1, body=body, author=author
        )
