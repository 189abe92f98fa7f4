"""« Mes données »: what the file holds, and the file."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import my_data, my_data_page
from accounts.assurance import requires_recent_proof
from accounts.views.reprove import signed_in
from portal.plateformes import current


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires_recent_proof
def show(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "accounts/my_data.html", {"person": signed_in(request)})
    data = my_data.export(signed_in(request), request=request)
    if request.POST.get("forme") == "lisible":
        context = {"sections": my_data_page.sections(data), "portal_name": current().name}
        return _file(render_to_string("accounts/my_data_file.html", context), "text/html", "html")
    return _file(json.dumps(data, ensure_ascii=False, indent=2), "application/json", "json")


def _file(text: str, kind: str, extension: str) -> HttpResponse:
    response = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    name = f"mes-donnees-{timezone.localdate():%Y-%m-%d}.{extension}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
