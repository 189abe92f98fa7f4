"""/connexion/rattachement/ : an identity proven by card or e-CPS that no account holds yet."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import codes, destinations, doors, signin
from accounts.assurance import requires_recent_proof
from accounts.enums import AccountStatus
from accounts.even_time import takes_even_time
from accounts.forms.strong import LinkForm, ProvenSignUpForm
from accounts.models import User
from accounts.strong import arrival, claims, linking, means, numbers, pending, refusals
from accounts.strong.pending import Pending
from accounts.strong.refusals import StrongRefusal
from accounts.views.sign_up import ADDRESS_KEY
from accounts.workflows import credentials
from portal.common import web
from portal.common.access import public

WRONG = "Identifiant ou mot de passe incorrect. Votre carte ou votre e-CPS n’a pas été rattachée."
CHANGED = (
    "Une autre carte ou une autre e-CPS a été présentée depuis l’affichage de cette page : rien n’a été enregistré. "
    "Vérifiez l’identité affichée avant de continuer."
)
TOO_LATE = "Présentez d’abord votre carte ou votre e-CPS : le rattachement n’attend que quinze minutes."


@public
@never_cache
@sensitive_post_parameters("mot_de_passe", "password", "password_confirmation")
@require_http_methods(["GET", "HEAD", "POST"])
@takes_even_time
def link(request: HttpRequest) -> HttpResponse:
    waiting = pending.read(request)
    if waiting is None:
        messages.info(request, TOO_LATE)
        place = "accounts:means" if request.user.is_authenticated else "accounts:sign_in"
        return HttpResponseRedirect(reverse(place))
    if request.method == "POST" and not pending.is_shown(waiting, request.POST.get("identite", "")):
        messages.warning(request, CHANGED)
        return HttpResponseRedirect(reverse("accounts:strong_link"))
    if request.user.is_authenticated:
        return _confirm(request, waiting)
    if request.method != "POST":
        return _choose(request, waiting)
    if request.POST.get("compte") == "oui":
        return _existing(request, waiting)
    return _new(request, waiting)


# --- choosing ---------------------------------------------------------------------------------------------
def _choose(request: HttpRequest, waiting: Pending) -> HttpResponse:
    answer = request.GET.get("compte", "")
    if answer == "oui":
        return _page(request, waiting, link_form=LinkForm(request=request))
    if answer == "non":
        form = ProvenSignUpForm(request=request, identity=waiting.identity)
        return _page(request, waiting, sign_up_form=form)
    return _page(request, waiting)


def _page(
    request: HttpRequest,
    waiting: Pending,
    *,
    link_form: LinkForm | None = None,
    sign_up_form: ProvenSignUpForm | None = None,
    refusal: str = "",
    wait: int = 0,
) -> HttpResponse:
    identity = waiting.identity
    context = {
        "identity": identity,
        "mark": pending.mark(waiting),
        "number": numbers.shown(identity.national_id),
        "number_kind": numbers.kind_of(identity.national_id),
        "link_form": link_form,
        "sign_up_form": sign_up_form,
        "form": link_form or sign_up_form,
        "refusal": refusal,
        "wait_words": codes.say_seconds(wait) if wait else "",
    }
    response = render(request, "accounts/strong/link.html", context)
    if wait:
        response.status_code = 429
        response["Retry-After"] = str(wait)
    return response


# --- « J'ai déjà un compte » ------------------------------------------------------------------------------
def _existing(request: HttpRequest, waiting: Pending) -> HttpResponse:
    seconds = doors.refuse_address(request)
    if seconds:
        return _page(request, waiting, link_form=LinkForm(request=request), wait=seconds)
    form = LinkForm(request.POST, request=request)
    if not form.is_valid():
        return _page(request, waiting, link_form=form)
    values = form.cleaned_data
    tried = doors.try_password(request, values["identifiant"], values["mot_de_passe"])
    if tried.wait_seconds:
        return _page(request, waiting, link_form=form, wait=tried.wait_seconds)
    if tried.user is None:
        form.add_error(None, WRONG)
        return _page(request, waiting, link_form=form)
    signin.forget_failures(request, tried.user)
    if tried.user.status != AccountStatus.ACTIVE or credentials.temporary_secret_is_over(tried.user):
        return _closed(request, waiting, form, tried.user)
    response = signin.begin(
        request, tried.user, first_proof="password", next_url=reverse("accounts:strong_link_end")
    )
    pending.bind(request, waiting, tried.user)
    return response


def _closed(request: HttpRequest, waiting: Pending, form: LinkForm, user: User) -> HttpResponse:
    refusal = signin.note_closed_account(request, user)
    return _page(request, waiting, link_form=form, refusal=refusal)


@never_cache
@require_safe
@web.writes_on_get("reached by the redirection that ends the second proof, itself a POST of this sign-in")
def link_end(request: HttpRequest) -> HttpResponse:
    """Both proofs of the account were given in this session: link exactly the identity it began with.

    Whoever holds an app, a passkey or a card gives that one too: a mailed code adds no card beside them (MFA-4).
    """
    waiting, user = pending.read(request), request.user
    if not isinstance(user, User) or waiting is None or waiting.user_pk != user.pk:
        messages.info(request, TOO_LATE)
        return HttpResponseRedirect(reverse("hub:home"))
    return _tie_proven(request, user, waiting)


def _tie_proven(request: HttpRequest, user: User, waiting: Pending) -> HttpResponse:
    """What `linking` would refuse is told before anything more is asked."""
    try:
        linking.check(user, waiting.identity)
    except StrongRefusal as refusal:
        return _not_tied(request, refusal, waiting)
    return requires_recent_proof(_tie)(request, user, waiting)


def _tie(request: HttpRequest, user: User, waiting: Pending) -> HttpResponse:
    try:
        linking.link(request, user, waiting.identity)
    except StrongRefusal as refusal:
        return _not_tied(request, refusal, waiting)
    pending.forget(request)
    arrival.raise_level(request, user, waiting.identity)
    name = destinations.place_of(waiting.next_url).name
    destinations.note_done(request, destinations.Aim(waiting.next_url or reverse("hub:home"), name))
    return HttpResponseRedirect(reverse("accounts:strong_linked"))


def _not_tied(request: HttpRequest, refusal: StrongRefusal, waiting: Pending) -> HttpResponse:
    pending.forget(request)
    return refusals.show(request, refusal, waiting.identity, next_url=waiting.next_url)


# --- signed in already ------------------------------------------------------------------------------------
@requires_recent_proof
def _confirm(request: HttpRequest, waiting: Pending) -> HttpResponse:
    """Add the card or e-CPS to the account in use, after a proof of that account as strong as any it has."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 — only called for a signed-in person
    if request.method == "POST":
        return _tie(request, user, waiting)
    context = {
        "identity": waiting.identity,
        "mark": pending.mark(waiting),
        "number": numbers.shown(waiting.identity.national_id),
        "number_kind": numbers.kind_of(waiting.identity.national_id),
        "account": user,
    }
    return render(request, "accounts/strong/confirm.html", context)


# --- « Je n'ai pas de compte » ----------------------------------------------------------------------------
def _new(request: HttpRequest, waiting: Pending) -> HttpResponse:
    form = ProvenSignUpForm(request.POST, request=request, identity=waiting.identity)
    if not form.is_valid():
        return _page(request, waiting, sign_up_form=form)
    application = form.application()
    try:
        claims.sign_up(
            request,
            application,
            waiting.identity,
            submission=form.cleaned_data.get("submission", ""),
            then=destinations.begin(request, waiting.next_url),
        )
    except StrongRefusal as refusal:
        return refusals.show(request, refusal, waiting.identity, next_url=waiting.next_url)
    pending.forget(request)
    request.session[ADDRESS_KEY] = application.email
    return HttpResponseRedirect(reverse("accounts:sign_up_sent"))


@public
@require_POST
def cancel(request: HttpRequest) -> HttpResponse:
    """« Annuler »: nothing is kept of the card or e-CPS."""
    pending.forget(request)
    place = "accounts:means" if request.user.is_authenticated else "accounts:sign_in"
    return HttpResponseRedirect(reverse(place))


@never_cache
@require_safe
def linked(request: HttpRequest) -> HttpResponse:
    """« Votre inscription au portail s'est effectuée avec succès » (ROR-057), then on to where one was going."""
    aim, user = destinations.done(request), request.user
    if aim is None or not isinstance(user, User):
        return HttpResponseRedirect(reverse("hub:home"))
    return render(request, "accounts/strong/linked.html", {"aim": aim, "has_strong": bool(means.kinds(user))})
