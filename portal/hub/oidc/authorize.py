"""/openid/autorisation/ : from a partner's request to a code, through whatever the person must still do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import assurance, gates, hints, journal, sessions
from accounts.models import User, UserSession
from portal.common.access import public
from portal.common.web import writes_on_get
from portal.hub import perms
from portal.hub.oidc import access, claims, consents, grants, requests
from portal.hub.oidc.enums import PERSON_SCOPES
from portal.hub.oidc.errors import PageRefused, Refused
from portal.hub.oidc.grants import Entry
from portal.hub.oidc.models import OpenIdClient
from portal.hub.oidc.requests import Authorization, SentBack
from portal.hub.perms import Missing, Reason

_ENTERS = writes_on_get("the protocol starts by a GET that leaves a single-use code")


def enter_directly(request: HttpRequest) -> HttpResponse | None:
    """The answer when a live session has nothing more to do or to be told; None leaves the request to the page."""
    user = _person(request)
    if user is None:
        return None
    try:
        client, redirect_uri = requests.find_client(request.GET, user.pk)
        visit = _Visit(request, client, requests.read(request.GET, client, redirect_uri, timezone.now()))
        if visit.lacks_nothing():
            return visit.enter()
    except Refused:
        return None
    return None


@public
@never_cache
@csrf_exempt
@_ENTERS
@require_http_methods(["GET", "HEAD", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """A partner's request. Without session nor anything to ask, the browser goes straight back with a code."""
    source = request.POST if request.method == "POST" else request.GET
    user = _person(request)
    try:
        client, redirect_uri = requests.find_client(source, user.pk if user else None)
        asked = requests.read(source, client, redirect_uri, timezone.now())
        return _Visit(request, client, asked).go()
    except PageRefused as refused:
        return refuse(request, refused)
    except SentBack as refused:
        return HttpResponseRedirect(refused.url)


@public
@never_cache
@_ENTERS
@require_safe
def resume(request: HttpRequest, reference: str) -> HttpResponse:
    """Back from the sign-in or a stronger proof: the request goes on as it was kept."""
    user = _person(request)
    found = requests.resume(reference, user.pk if user else None)
    if found is None:
        return _too_late(request)
    try:
        return _Visit(request, *found, reference=reference).go()
    except SentBack as refused:
        requests.forget(reference)
        return leave(request, found[0].name, refused.url)


@never_cache
@require_POST
def decide(request: HttpRequest, reference: str) -> HttpResponse:
    """« Continuer » or « Refuser » on the page of agreement."""
    user = _person(request)
    found = requests.resume(reference, user.pk if user else None)
    if found is None or user is None:
        return _too_late(request)
    visit = _Visit(request, *found, reference=reference)
    try:
        return _decided(visit, user)
    except SentBack as refused:
        requests.forget(reference)
        return leave(request, visit.client.name, refused.url)


def _decided(visit: _Visit, user: User) -> HttpResponse:
    """An answer that is not of the page shown to this session gives nothing: the page is shown again."""
    request, client, asked = visit.request, visit.client, visit.asked
    session_id = visit.row.pk if visit.row else 0
    if not consents.was_shown(request.POST.get("page", ""), client, visit.reference, session_id):
        return visit.go()
    if request.POST.get("choix") != "accepter":
        raise SentBack(Refused("access_denied", "The person refused"), asked.redirect_uri, asked.state)
    with transaction.atomic():
        consents.give(request, user, client, asked.scopes)
    client.agreed_scopes = asked.scopes  # type: ignore[attr-defined]
    visit.has_agreed = True
    return visit.go()


class _Visit:
    """One request at the door, with the session of this browser."""

    def __init__(
        self,
        request: HttpRequest,
        client: OpenIdClient,
        asked: Authorization,
        *,
        reference: str = "",
        has_agreed: bool = False,
    ) -> None:
        self.request, self.client, self.asked = request, client, asked
        self.reference, self.has_agreed = reference, has_agreed
        self.row = sessions.session_of(request)
        self.user = _person(request)

    def lacks_nothing(self) -> bool:
        return (
            self.user is not None
            and self.row is not None
            and not gates.next_gate(self.user)
            and not self._must_prove_again(self.row)
            and self.asked.hinted_subject in {"", claims.subject_for(self.client, self.user.public_id)}
            and not self._reasons(self.user, self.row)
            and self.row.level >= self.asked.level
            and not self._must_agree()
        )

    def go(self) -> HttpResponse:
        """What is missing, in order: a session, a proof recent enough, a level, the right to enter, an agreement."""
        if self.user is None or self.row is None:
            return self._need("login_required", self._sign_in)
        gate = gates.next_gate(self.user)
        if gate:
            return self._need("interaction_required", lambda: self._pass_gate(gate))
        if self._must_prove_again(self.row):
            return self._need("login_required", lambda: assurance.ask_new_proof(self.request, self._kept()))
        if self.asked.hinted_subject not in {"", claims.subject_for(self.client, self.user.public_id)}:
            raise self._sent_back("login_required", "Another person is signed in")
        refusal = self._refused_entry(self.user, self.row)
        if refusal is not None:
            return refusal
        if self.row.level < self.asked.level:
            ask = lambda: assurance.ask_level(self._kept(), self.asked.level)  # noqa: E731
            return self._need("interaction_required", ask)
        if self._must_agree():
            return self._need("consent_required", self._ask_agreement)
        return self.enter()

    def _pass_gate(self, route: str) -> HttpResponse:
        """A password to choose or a text to accept comes before any application."""
        return HttpResponseRedirect(f"{reverse(route)}?{urlencode({'next': self._kept()})}")

    def _need(self, error: str, ask: Any) -> HttpResponse:
        if self.asked.is_silent:
            raise self._sent_back(error, "The person must act, and prompt=none forbids it")
        response: HttpResponse = ask()
        return response

    def _sent_back(self, code: str, message: str) -> SentBack:
        return SentBack(Refused(code, message), self.asked.redirect_uri, self.asked.state)

    def _kept(self) -> str:
        """Address to come back to; the request itself waits on the server."""
        if not self.reference:
            self.reference = requests.keep(self.client, self.asked)
        return reverse("openid:resume", args=[self.reference])

    def _sign_in(self) -> HttpResponse:
        """The same page whoever `login_hint` names, whether such an account exists or not."""
        query = {"next": self._kept()}
        hints.keep(self.request, query["next"], self.asked.login_hint)
        return HttpResponseRedirect(f"{reverse('accounts:sign_in')}?{urlencode(query)}")

    def _must_prove_again(self, row: UserSession) -> bool:
        """prompt=login asks for a proof made after the request; max_age for one that is not older than that."""
        proved_at = row.proved_at.timestamp()
        if self.asked.wants_login:
            return proved_at < self.asked.wanted_at
        if self.asked.max_age is None:
            return False
        return (
            timezone.now().timestamp() - proved_at > self.asked.max_age and proved_at < self.asked.wanted_at
        )

    def _refused_entry(self, user: User, row: UserSession) -> HttpResponse | None:
        """Our page with what is missing, or the partner's error when it forbids pages; the level comes later."""
        found = self._reasons(user, row)
        if not found:
            return None
        denied = self._sent_back("access_denied", "This person may not enter this application")
        if self.asked.is_silent:
            raise denied
        journal.record(
            journal.Action.PARTNER_REFUSED,
            request=self.request,
            actor=user,
            subject=user,
            outcome="refused",
            client=self.client.client_id,
            name=self.client.name,
        )
        told = {"client": self.client, "reasons": found, "back_url": denied.url}
        return render(self.request, "hub/oidc/closed.html", told, status=403)

    def _reasons(self, user: User, row: UserSession) -> list[Reason]:
        if not access.has_rule(self.client):
            return []
        person = perms.person_for(user, row.level)
        return [one for one in access.reasons(self.client, person) if one.missing != Missing.LEVEL]

    def _must_agree(self) -> bool:
        if self.client.is_regional or self.has_agreed:
            return False
        agreed = getattr(self.client, "agreed_scopes", None)
        return agreed is None or not set(self.asked.scopes) <= set(agreed) or "consent" in self.asked.prompts

    def _ask_agreement(self) -> HttpResponse:
        self._kept()
        told = {
            "client": self.client,
            "data": [PERSON_SCOPES[scope] for scope in self.asked.scopes],
            "decide_url": reverse("openid:decide", args=[self.reference]),
            "mark": consents.mark(self.client, self.reference, self.row.pk if self.row else 0),
            "hours": self.client.refresh_hours,
        }
        return render(self.request, "hub/oidc/consent.html", told)

    def enter(self) -> HttpResponse:
        """Leave a code with the partner. Only for a visit that lacks nothing."""
        user, row, now = self.user, self.row, timezone.now()
        if user is None or row is None:
            raise self._sent_back("login_required", "Nobody is signed in")
        code, is_first = grants.open_code(
            Entry(
                client_pk=self.client.pk,
                user_id=user.pk,
                session_id=row.pk,
                scopes=self.asked.scopes,
                nonce=self.asked.nonce,
                redirect_uri=self.asked.redirect_uri,
                challenge=self.asked.challenge,
                level=row.level,
                methods=list(row.methods),
                proved_at=row.proved_at,
                ends_at=min(row.ends_at, now + timedelta(hours=self.client.refresh_hours)),
            )
        )
        if is_first:
            journal.record(
                journal.Action.PARTNER_ENTERED,
                request=self.request,
                actor=user,
                subject=user,
                level=row.level,
                client=self.client.client_id,
                name=self.client.name,
            )
        url = requests.answer_url(self.asked.redirect_uri, self.asked.state, {"code": code})
        if not self.reference:
            return HttpResponseRedirect(url)
        requests.forget(self.reference)
        return leave(self.request, self.client.name, url)


# --- pages -----------------------------------------------------------------------------------------------------
def leave(request: HttpRequest, name: str, url: str) -> HttpResponse:
    """Go on to the partner from a page of ours, not by a redirection.

    The browser holds every redirection that follows a form to the `form-action` of the page of that form, the partner's
    own redirections included: a page in between ends that chain, with a policy that opens nothing (OP-14).
    """
    response = render(request, "hub/oidc/leave.html", {"name": name, "url": url})
    response["Referrer-Policy"] = "no-referrer"
    return response


def refuse(request: HttpRequest, refused: PageRefused) -> HttpResponse:
    """Our own page, and nothing sent anywhere (OP-1)."""
    told = {"sentence": refused.message, "code": refused.code}
    return render(request, "hub/oidc/refused.html", told, status=refused.http_status)


def _too_late(request: HttpRequest) -> HttpResponse:
    sentence = "Cette demande de connexion a été ouverte il y a trop longtemps. Repartez de l’application."
    return refuse(request, PageRefused("expired_request", sentence))


def _person(request: HttpRequest) -> User | None:
    """Owner of the session that was admitted; `request.user` would cost a query for its second proof."""
    row = sessions.session_of(request)
    return row.user if row is not None else None
