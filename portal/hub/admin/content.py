"""Notices, legal pages, useful documents and experts' mailboxes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from accounts.staff_admin import ReasonedForm, StaffAdmin, agent_of
from portal.common.validators import check_characters
from portal.hub import pages
from portal.hub.models import ExpertMailbox, LegalPage, LegalPageVersion, Notice, ResourceLink


class NoticeForm(ReasonedForm):
    """Plain paragraphs: HTML stays text, invisible characters are refused."""

    class Meta:
        model = Notice
        fields = "__all__"
        help_texts = {
            "text": "Texte simple : une ligne vide sépare deux paragraphes. Le HTML s’affiche tel quel."
        }

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        check_characters(text, multiline=True)
        return text

    def clean_title(self) -> str:
        title = str(self.cleaned_data["title"])
        check_characters(title)
        return title


@admin.register(Notice)
class NoticeAdmin(StaffAdmin):
    form = NoticeForm
    list_display = ("title", "kind", "tone", "audience", "starts_at", "ends_at", "is_active")
    list_filter = ("kind", "audience", "is_active")
    search_fields = ("title", "text")
    may_delete = True


class LegalPageForm(ReasonedForm):
    """The text of the version in force; saving another text publishes a new version."""

    body = forms.CharField(
        label="Texte",
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 30, "class": "vLargeTextField"}),
        help_text="« ## » devant un titre, « - » devant un élément de liste, **gras**, [libellé](adresse). "
        "Enregistrer un autre texte publie une nouvelle version ; les précédentes restent lisibles.",
    )

    class Meta:
        model = LegalPage
        fields = ("slug", "title")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            found = pages.find(self.instance.slug)
            self.fields["body"].initial = found.source if found else ""

    def clean_body(self) -> str:
        text = str(self.cleaned_data["body"]).replace("\r\n", "\n")
        check_characters(text, multiline=True)
        return text


class LegalPageVersionInline(admin.TabularInline):
    model = LegalPageVersion
    extra = 0
    fields = readonly_fields = ("number", "published_at", "author")
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_staff)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(LegalPage)
class LegalPageAdmin(StaffAdmin):
    form = LegalPageForm
    inlines = (LegalPageVersionInline,)
    list_display = ("title", "slug")
    fieldsets = ((None, {"fields": ("title", "slug", "body")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: LegalPage | None = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def save_model(self, request: HttpRequest, obj: LegalPage, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        pages.publish(obj.slug, obj.title, form.cleaned_data["body"], author=agent_of(request))


@admin.register(ResourceLink)
class ResourceLinkAdmin(StaffAdmin):
    list_display = ("title", "url", "rank", "is_active")
    may_delete = True


@admin.register(ExpertMailbox)
class ExpertMailboxAdmin(StaffAdmin):
    list_display = ("name", "email", "is_active")
