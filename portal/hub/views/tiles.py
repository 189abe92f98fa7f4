"""One application: its sheet, its star, its place, its opening."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts import assurance
from portal.common.web import wants_fragment
from portal.hub import favourites, selectors
from portal.hub.models import Favourite, Tile, TileLink
from portal.hub.oidc import access, initiation
from portal.hub.oidc.authorize import leave
from portal.hub.perms import Missing, Reason, audience_in_words, reasons_closed
from portal.hub.views.board import after_change, person_of, user_of

_STEPS = {"avant": -1, "apres": 1}
MAX_POSITION = 999
_OUTSIDE = frozenset({"same-site", "cross-site"})


def _tile_or_404(request: HttpRequest, slug: str) -> Tile:
    tile = selectors.visible_tile(slug, person_of(request))
    if tile is None:
        raise Http404
    return tile


@require_safe
def details(request: HttpRequest, slug: str) -> HttpResponse:
    tile = _tile_or_404(request, slug)
    starred = Favourite.objects.filter(user=user_of(request), tile=tile).exists()
    entry = selectors.board_tile(tile, person_of(request), is_favourite=starred)
    return render(request, "hub/tile.html", {"entry": entry, "audience": audience_in_words(tile)})


@require_POST
def star(request: HttpRequest, slug: str) -> HttpResponse:
    """`favori` is the wanted result (1 or 0), so that two clicks or two tabs cannot undo each other.

    `place` puts a favourite back where it was: « Annuler » of the note that says it is gone.
    """
    tile = _tile_or_404(request, slug)
    wanted = request.POST.get("favori")
    if wanted not in {"0", "1"}:
        return HttpResponseBadRequest("favori vaut 0 ou 1")
    if wanted == "1":
        favourites.star(user_of(request), tile, place=_asked_place(request))
        return after_change(request, f"{tile.name} est dans vos favoris.", anchor=f"application-{tile.slug}")
    place = favourites.unstar(user_of(request), tile)
    undo = {"favori": "1", "place": str(place)} if place is not None else None
    sentence, anchor = f"{tile.name} n’est plus dans vos favoris.", f"application-{tile.slug}"
    return after_change(request, sentence, anchor=anchor, undo=undo)


def _asked_place(request: HttpRequest) -> int | None:
    typed = request.POST.get("place", "")
    return min(int(typed), MAX_POSITION) if typed.isascii() and typed.isdecimal() and len(typed) < 9 else None


@require_POST
def move(request: HttpRequest, slug: str) -> HttpResponse:
    """One place before or after: the way without dragging, and without JavaScript."""
    tile = _tile_or_404(request, slug)
    step = _STEPS.get(request.POST.get("sens", ""))
    if step is None:
        return HttpResponseBadRequest("sens vaut avant ou apres")
    place = favourites.move(user_of(request), tile, step)
    said = (
        f"{tile.name} n’est pas dans vos favoris." if place is None else f"{tile.name} : place {place + 1}."
    )
    return after_change(request, said, anchor=f"application-{tile.slug}")


@require_POST
def order(request: HttpRequest) -> HttpResponse:
    """What drag and drop leaves: `ordre`, every favourite's slug in order; `connues`, those the page had shown."""
    wanted = request.POST.getlist("ordre")
    known = request.POST.getlist("connues")
    if max(len(wanted), len(known)) > MAX_POSITION:
        return HttpResponseBadRequest("trop d’applications")
    person = person_of(request)
    tiles = {tile.slug: tile for tile in selectors.visible_tiles(person)}
    if not all(slug in tiles for slug in wanted):
        raise Http404
    favourites.set_order(
        user_of(request),
        [tiles[slug] for slug in dict.fromkeys(wanted)],
        known=[tiles[slug] for slug in known if slug in tiles],
    )
    return HttpResponse(status=204) if wants_fragment(request) else redirect("hub:home")


@require_safe
def launch(request: HttpRequest, slug: str) -> HttpResponse:
    """Open the application, or say what is missing. A session that is too weak is asked for more, then comes back."""
    tile = _tile_or_404(request, slug)
    reasons = reasons_closed(tile, person_of(request))
    if not reasons:
        return _open(request, tile)
    if [reason.missing for reason in reasons] == [Missing.LEVEL]:
        stepped_up = assurance.requires_level(access.level_of_tile(tile))(_explain)
        return stepped_up(request, tile=tile, reasons=reasons)
    return _explain(request, tile=tile, reasons=reasons)


def _explain(request: HttpRequest, *, tile: Tile, reasons: list[Reason]) -> HttpResponse:
    return render(request, "hub/tile_closed.html", {"tile": tile, "reasons": reasons}, status=403)


def _open(request: HttpRequest, tile: Tile) -> HttpResponse:
    link = _chosen_link(request, tile)
    if link is None or not link.url:
        started = initiation.url_for(tile, "") if link is None else None
        if started:
            return redirect(started)
        return render(request, "hub/tile_without_address.html", {"tile": tile}, status=200)
    url = initiation.url_for(tile, link.url) or link.url
    return leave(request, tile.name, url) if _follows_a_form(request) else redirect(url)


def _follows_a_form(request: HttpRequest) -> bool:
    """A proof just given sent the browser here: it would hold a redirection elsewhere to that form's `form-action`."""
    came_from = urlsplit(request.headers.get("Referer", "")).path
    return came_from.startswith("/connexion/") or request.headers.get("Sec-Fetch-Site") in _OUTSIDE


def _chosen_link(request: HttpRequest, tile: Tile) -> TileLink | None:
    """The link named by `lien`, else the first one; an unknown name is a 404."""
    links = list(tile.links.all())
    wanted = request.GET.get("lien", "")
    if not wanted:
        return links[0] if links else None
    for link in links:
        if link.slug == wanted:
            return link
    raise Http404
