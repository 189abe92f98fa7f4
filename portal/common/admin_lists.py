"""Lists of the administration: what their addresses and their ticked lines may ask."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse

# What the links of the lists ask: equal, in a range of dates, empty or not.
_FILTER_KINDS = frozenset({"", "exact", "gte", "lt", "isnull", "in"})


class GuardedListAdmin(admin.ModelAdmin):
    """A list filtered by what it shows and by nothing else; a malformed value is a 400 (WEB-8)."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only the filters a list shows: one on a hash would read it letter by letter (ACL-5)."""
        if lookup in {getattr(entry, "parameter_name", None) for entry in self.list_filter}:
            return True  # a filter of ours, which compares with its own list of choices
        name, _, kind = lookup.partition("__")
        shown = {entry for entry in self.list_filter if isinstance(entry, str)}
        return name in shown and kind in _FILTER_KINDS | self._kinds_of_relation(name)

    def _kinds_of_relation(self, name: str) -> frozenset[str]:
        """« …__id__exact »: how Django's filter on another table names the row it points to."""
        target = getattr(self.opts.get_field(name), "target_field", None)
        return frozenset({f"{target.name}__exact"}) if target is not None else frozenset()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        if any("\0" in text for texts in request.GET.lists() for text in texts[1]):
            raise BadRequest("NUL in a filter")
        for typed in request.POST.getlist(ACTION_CHECKBOX_NAME):
            self._check_key(typed)
        return super().changelist_view(request, extra_context)

    def _check_key(self, typed: str) -> None:
        try:
            self.opts.pk.to_python(typed)
        except ValidationError:
            raise BadRequest("not the key of a line") from None
