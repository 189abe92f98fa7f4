"""Suggestions for the fields of forms: an HTML list for the comboboxes, JSON for scripts (`?format=json`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.client import network
from portal.common.access import public
from portal.referentiels.limites import too_many
from portal.referentiels.selectors import (
    suggest_communes,
    suggest_concepts,
    suggest_professions,
    suggest_structures,
)
from portal.referentiels.selectors.nomenclatures import LISTES_DES_CHAMPS

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Option:
    """One suggestion: what is stored, what is written in the field, a second line, and what a form fills from it."""

    value: str
    label: str
    detail: str = ""
    data: dict[str, str] = field(default_factory=dict)


def limited(view: View) -> View:
    """Answer 429 with Retry-After to an address that asks too much."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        wait = too_many(network(request))
        if wait:
            response = HttpResponse("Trop de recherches : réessayez dans un instant.", status=429)
            response["Retry-After"] = str(wait)
            return response
        return view(request, *args, **kwargs)

    return guarded


@public
@require_safe
@limited
def communes(request: HttpRequest) -> HttpResponse:
    found = suggest_communes(request.GET.get("q", ""), departements=_codes(request, "departement"))
    return _answer(
        request,
        (
            Option(
                row.code_insee,
                row.libelle,
                row.nom_departement,
                {
                    # A town with several codes says nothing of the code: what is typed stays.
                    **({"code-postal": row.code_postal} if row.code_postal else {}),
                    "commune": row.nom,
                    "departement": row.departement,
                    "code-departement": row.code_departement,
                },
            )
            for row in found
        ),
    )


@public
@require_safe
@limited
def structures(request: HttpRequest) -> HttpResponse:
    found = suggest_structures(
        request.GET.get("q", ""),
        departements=_codes(request, "departement"),
        categories=_codes(request, "categorie"),
        code_postal=request.GET.get("code_postal", "")[:10],
    )
    return _answer(
        request,
        (
            Option(
                row.numero_finess,
                row.libelle,
                f"{row.libelle_categorie} · FINESS {row.numero_finess}".removeprefix(" · "),
                {
                    "nom": row.nom,
                    "finess": row.numero_finess,
                    "adresse": row.adresse,
                    "code-postal": row.code_postal,
                    "commune": row.commune,
                    "departement": row.departement,
                    "code-departement": row.code_departement,
                },
            )
            for row in found
        ),
    )


@public
@require_safe
@limited
def professions(request: HttpRequest) -> HttpResponse:
    found = suggest_professions(request.GET.get("q", ""))
    return _answer(
        request,
        (
            Option(str(row.pk), row.label, str(row.get_categorie_display()), {"code": row.code})
            for row in found
        ),
    )


@require_safe
@limited
def concepts(request: HttpRequest, champ: str) -> HttpResponse:
    if champ not in LISTES_DES_CHAMPS:
        raise Http404("champ inconnu")
    found = suggest_concepts(
        champ, request.GET.get("q", ""), code_profession=request.GET.get("profession", "")[:10]
    )
    return _answer(request, (Option(row.code, row.libelle, "", {"liste": row.liste}) for row in found))


def _codes(request: HttpRequest, name: str) -> list[str]:
    return [value[:10].replace("\0", "") for value in request.GET.getlist(name)[:20] if value]


def _answer(request: HttpRequest, options: Iterable[Option]) -> HttpResponse:
    found = list(options)
    if request.GET.get("format") == "json":
        response: HttpResponse = JsonResponse(
            {
                "resultats": [
                    {"valeur": row.value, "libelle": row.label, "detail": row.detail, **row.data}
                    for row in found
                ]
            }
        )
    else:
        response = render(request, "referentiels/includes/suggestions.html", {"options": found})
    # Public and the same for everybody: the browser may keep what was just typed.
    response["Cache-Control"] = "private, max-age=60"
    return response
