"""/connexion/ : the door by password, and the page that shows every door."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import codes, doors, hints, last_door, shared_desk, signin
from accounts.enums import AccountStatus
from accounts.forms.sign_in import MAX_IDENTIFIER, EphemeralForm, PasswordForm
from accounts.models import User
from accounts.workflows import credentials
from portal.common import web
from portal.common.access import public
from portal.plateformes import current

# Word of the address for each tab of the profile.
TAB_WORDS = {"card": "carte", "password": "mot-de-passe", "ephemeral": "code-ephemere", "ecps": "ecps"}
TAB_ICONS = {"card": "card", "password": "key", "ephemeral": "mail", "ecps": "device"}
TAB_HINTS = {
    "card": "Dans le lecteur, avec votre code porteur",
    "password": "Puis un code à usage unique",
    "ephemeral": "Un code, puis un second moyen",
    "ecps": "Avec l’application de votre téléphone",
}
OPEN_TABS = ("password", "ephemeral")
WRONG = "Identifiant ou mot de passe incorrect. Vérifiez les deux, puis réessayez."
OVER_REASONS = {
    "idle": "Vous avez été déconnecté après un temps sans activité. Reconnectez-vous pour continuer.",
    "absolute": "Votre session est arrivée à sa durée maximale. Reconnectez-vous pour continuer.",
    "ended": "Votre session a été fermée. Reconnectez-vous pour continuer.",
}


@public
@sensitive_post_parameters("mot_de_passe")
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    next_url = asked_target(request)
    if request.user.is_authenticated:
        return HttpResponseRedirect(next_url or reverse("hub:home"))
    if request.method != "POST":
        tab = _asked_tab(request)
        return show(request, tab, _empty_form(request, tab, next_url), next_url)
    seconds = doors.refuse_address(request)
    if seconds:
        return too_many(
            request, "password", PasswordForm(request=request, next_url=next_url), next_url, seconds
        )
    form = PasswordForm(
        request.POST, request=request, robot_required=doors.asks_robot(request), next_url=next_url
    )
    if not form.is_valid():
        return show(request, "password", form, next_url)
    return _try(request, form, next_url)


def _try(request: HttpRequest, form: PasswordForm, next_url: str) -> HttpResponse:
    values = form.cleaned_data
    tried = doors.try_password(request, values["identifiant"], values["mot_de_passe"])
    if tried.wait_seconds:
        return too_many(request, "password", form, next_url, tried.wait_seconds)
    if tried.user is None:
        form.add_error(None, WRONG)
        return show(request, "password", form, next_url)
    if tried.user.status != AccountStatus.ACTIVE or credentials.temporary_secret_is_over(tried.user):
        return _refused(request, form, tried.user, next_url)
    signin.forget_failures(request, tried.user)
    return signin.begin(
        request,
        tried.user,
        first_proof="password",
        next_url=next_url,
        remember=values.get("se_souvenir", False),
    )


def _refused(request: HttpRequest, form: PasswordForm, user: User, next_url: str) -> HttpResponse:
    """The password was right: the person may be told what keeps them out (ROR-049, M94-073)."""
    signin.forget_failures(request, user)
    refusal = signin.note_closed_account(request, user)
    return show(request, "password", form, next_url, refusal=refusal)


def too_many(request: HttpRequest, tab: str, form: Any, next_url: str, seconds: int) -> HttpResponse:
    """429 with the time to wait, in words and in Retry-After; the same for an account that does not exist."""
    response = show(request, tab, form, next_url, wait=seconds)
    response.status_code = 429
    response["Retry-After"] = str(seconds)
    return response


# --- showing -----------------------------------------------------------------------------------------------
def asked_target(request: HttpRequest) -> str:
    """Where the person was going, when it is a page of ours; "" otherwise. `suivant` is the header's word for it."""
    for parameter in ("next", "suivant"):
        target = web.safe_next(request, "", parameter=parameter)
        if target and not target.startswith("/connexion/"):
            return target
    return ""


def _asked_tab(request: HttpRequest) -> str:
    tabs = current().sign_in.tabs
    asked = next((tab for tab in tabs if TAB_WORDS[tab] == request.GET.get("onglet")), None)
    last = "" if _is_window(request) else last_door.read(request)
    if not asked and last in tabs:
        return last
    return asked or next((tab for tab in tabs if tab in OPEN_TABS), tabs[0])


def _is_window(request: HttpRequest) -> bool:
    """The window of the header has the two fields of its guide (M94-010…015), whatever was used before."""
    return request.headers.get("X-Portal-Modal") == "1"


def _empty_form(request: HttpRequest, tab: str, next_url: str) -> PasswordForm | EphemeralForm | None:
    if tab not in OPEN_TABS:
        return None
    kind = PasswordForm if tab == "password" else EphemeralForm
    form = kind(request=request, robot_required=doors.asks_robot(request), next_url=next_url)
    hint = hints.read(request, next_url)
    if hint:
        form.initial["identifiant"] = hint
    return form


def show(
    request: HttpRequest,
    tab: str,
    form: Any,
    next_url: str,
    *,
    refusal: str = "",
    wait: int = 0,
    is_modal: bool | None = None,
) -> HttpResponse:
    """The whole page, or the form alone for the window of the header."""
    request.is_sign_in_page = True  # type: ignore[attr-defined]
    profile = current()
    is_part = web.wants_fragment(request) or _is_window(request)
    context = {
        "form": form,
        "tab": tab,
        "tabs": _tabs(next_url),
        "tab_label": profile.sign_in.labels.get(tab, ""),
        "button": profile.sign_in.buttons.get(tab, profile.sign_in.title),
        "next_url": next_url,
        "has_ephemeral": "ephemeral" in profile.sign_in.tabs,
        "refusal": refusal,
        "wait_words": codes.say_seconds(wait) if wait else "",
        "session_over": OVER_REASONS.get(request.GET.get("fin", ""), ""),
        "is_modal": is_part if is_modal is None else is_modal,
        "asks_desk": shared_desk.is_offered(),
        "is_shared": shared_desk.is_shared(request),
        "tab_word": TAB_WORDS[tab],
        "last_door": last_door.read(request),
    }
    if context["is_modal"] and form is not None:
        form.speak_as_window()
    template = "accounts/includes/login_form.html" if is_part else "accounts/sign_in.html"
    return render(request, template, context)


@public
@require_http_methods(["POST"])
def desk(request: HttpRequest) -> HttpResponse:
    """« Poste partagé », ticked or not: noted on this browser; the form comes again with the identifier typed."""
    next_url = asked_target(request)
    if not shared_desk.is_offered():
        raise Http404
    is_shared = request.POST.get("poste_partage") == "on"
    tab = next((tab for tab, word in TAB_WORDS.items() if word == request.POST.get("onglet")), "")
    tab = tab if tab in current().sign_in.tabs else _asked_tab(request)
    if web.wants_fragment(request):
        shared_desk.choose(request, is_shared=is_shared)
        form = _empty_form(request, tab, next_url)
        if form is not None:
            form.initial["identifiant"] = request.POST.get("identifiant", "")[:MAX_IDENTIFIER]
        response = show(request, tab, form, next_url, is_modal=request.POST.get("fenetre") == "1")
    else:
        response = HttpResponseRedirect(tab_url(tab, next_url))
    shared_desk.mark(response, is_shared=is_shared)
    if is_shared:
        last_door.forget(request, response)
    return response


def _tabs(next_url: str) -> list[dict[str, str]]:
    labels = current().sign_in.labels
    return [
        {
            "key": tab,
            "label": labels[tab],
            "url": tab_url(tab, next_url),
            "icon": TAB_ICONS[tab],
            "hint": TAB_HINTS[tab],
        }
        for tab in current().sign_in.tabs
    ]


def tab_url(tab: str, next_url: str = "") -> str:
    query = {"onglet": TAB_WORDS[tab]} | ({"next": next_url} if next_url else {})
    return f"{reverse('accounts:sign_in')}?{urlencode(query)}"


def start_again(request: HttpRequest, sentence: str = "") -> HttpResponse:
    """Back to the door, with the reason."""
    if sentence:
        messages.info(request, sentence)
    return HttpResponseRedirect(reverse("accounts:sign_in"))
