"""What the pages that ask for a proof share: the choice of means, sending a code, and the words for each refusal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.http import urlencode

from accounts import codes, second_proof
from accounts.codes import Checked
from accounts.enums import CodePurpose, ProofMeans
from accounts.forms.sign_in import ProofForm
from accounts.models import OneTimeCode, User
from accounts.second_proof import Means
from portal.messaging.models import FINAL, Status
from portal.plateformes import current

ICONS = {
    ProofMeans.MAIL: "mail",
    ProofMeans.SMS: "phone",
    ProofMeans.TOTP: "shield",
    ProofMeans.PASSKEY: "key",
    ProofMeans.RECOVERY: "list",
    ProofMeans.PASSWORD: "lock",
}
CHOICES = {
    ProofMeans.MAIL: "Recevoir un code par e-mail",
    ProofMeans.SMS: "Recevoir un code par SMS",
    ProofMeans.TOTP: "Utiliser mon application d’authentification",
    ProofMeans.PASSKEY: "Utiliser ma clé d’accès",
    ProofMeans.RECOVERY: "Utiliser un code de secours",
    ProofMeans.PASSWORD: "Saisir mon mot de passe",
}
LEADS = {
    ProofMeans.TOTP: "Ouvrez votre application d’authentification et recopiez le code qu’elle affiche.",
    ProofMeans.PASSKEY: (
        "Votre appareil va vous demander votre empreinte, votre visage, votre code ou votre clé de sécurité."
    ),
    ProofMeans.RECOVERY: "Saisissez un des codes de secours que vous avez imprimés ou enregistrés.",
    ProofMeans.PASSWORD: "Saisissez le mot de passe de votre compte.",
}


AGAIN = "Un nouveau code est parti : le précédent ne fonctionne plus."
# A message usually leaves within a second or two.
LATE_AFTER_SECONDS = 10


@dataclass(frozen=True)
class Page:
    """One page that asks `user` for a proof; `path` is its own address, `send_path` where a code is asked from."""

    request: HttpRequest
    user: User
    means: list[Means]
    purpose: CodePurpose
    path: str
    send_path: str
    query: dict[str, str]

    def chosen(self) -> Means | None:
        """The means asked for (`?moyen=`), else the one proposed first; None when the person holds none."""
        asked = self.request.POST.get("moyen") or self.request.GET.get("moyen")
        return next((m for m in self.means if m.key.value == asked), self.means[0] if self.means else None)

    def url(self, means: Means | None = None) -> str:
        query = self.query | ({"moyen": means.key.value} if means else {})
        return f"{self.path}?{urlencode(query)}" if query else self.path


def digits(purpose: CodePurpose) -> int:
    return codes.rules_for(purpose).digits


def form_of(page: Page, means: Means, data: Any = None) -> ProofForm:
    return ProofForm(data, means=means, digits=digits(page.purpose))


def send(page: Page, means: Means) -> None:
    """Send the code of this page and tell the person; a refusal says when to come back."""
    before = codes.live(page.request, page.purpose)
    sent = codes.send(page.request, user=page.user, purpose=page.purpose, channel=means.channel)
    tell_sent(page.request, sent.refused_reason, is_again=before is not None)


def tell_sent(request: HttpRequest, refused_reason: str, *, is_again: bool) -> None:
    """The page looks the same after a second code: say that it left, and what becomes of the first."""
    if refused_reason:
        messages.warning(request, refused_reason)
    elif is_again:
        messages.success(request, AGAIN)


def context(page: Page, means: Means, form: ProofForm) -> dict[str, Any]:
    others = [
        {
            "url": page.url(m),
            "label": CHOICES[m.key],
            "detail": m.detail,
            "icon": ICONS[m.key],
            "is_code": m.is_code,
        }
        | {"value": m.key.value}
        for m in page.means
        if m.key != means.key
    ]
    described = {
        "form": form,
        "means": means,
        "others": others,
        "page_url": page.url(means),
        "send_url": f"{page.send_path}?{urlencode(page.query)}" if page.query else page.send_path,
        "lead": LEADS.get(means.key, ""),
        "submit_label": current().sign_in.code_button if page.purpose == CodePurpose.SIGN_IN else "Confirmer",
        "code": None,
        "passkey_options": "",
    }
    if means.is_code:
        described["code"] = code_state(
            page.request, page.purpose, means.key.value, codes.account_key(page.user)
        )
    elif means.key == ProofMeans.PASSKEY and page.request.method == "GET":
        described["passkey_options"] = json.dumps(second_proof.begin_passkey(page.user))
    return described


def code_state(request: HttpRequest, purpose: CodePurpose, channel: str, key: str) -> dict[str, Any]:
    """What the page tells of the code: on its way or not, seconds to live, tries left, seconds before another."""
    row = codes.live(request, purpose)
    is_sent = row is not None and row.channel == channel
    prompt = current().sign_in.code_prompt_sms if channel == "sms" else current().sign_in.code_prompt_email
    return {
        "is_sent": is_sent,
        "prompt": prompt,
        **(_way_of(row) if row and is_sent else ON_ITS_WAY),
        "tries_left": row.tries_left if row and is_sent else 0,
        "life_seconds": max(0, int((row.expires_at - timezone.now()).total_seconds()))
        if row and is_sent
        else 0,
        "resend_seconds": codes.seconds_before_resend(request, purpose, key) if is_sent else 0,
    }


# What is told of the message: nothing.
ON_ITS_WAY = {"is_lost": False, "is_late": False, "is_waiting": False}


def _way_of(row: OneTimeCode) -> dict[str, bool]:
    """The message could not leave, or is slow to: say so rather than let the person wait before an empty mailbox."""
    message = row.message
    if message is None:
        return ON_ITS_WAY
    is_waiting = message.status not in FINAL
    age = (timezone.now() - message.created_at).total_seconds()
    return {
        "is_lost": message.status in (Status.FAILED, Status.EXPIRED),
        "is_late": message.status == Status.RETRY or (is_waiting and age > LATE_AFTER_SECONDS),
        "is_waiting": is_waiting,
    }


def told(checked: Checked, means: Means | None = None) -> str:
    """The sentence for a refused proof."""
    wait = codes.say_seconds(checked.wait_seconds)
    if checked.reason == "wait":
        return (
            f"Trop d’essais rapprochés : attendez encore {wait}, puis recommencez. "
            "Ce que vous venez de saisir n’a pas été vérifié et peut resservir."
        )
    if checked.reason == "daily":
        return f"Trop de codes faux ces dernières 24 heures : réessayez dans {wait} ou appelez l’assistance."
    if checked.reason == "dead":
        return "Trop d’essais : ce code ne fonctionne plus. Demandez un nouveau code."
    if checked.reason == "expired":
        return "Ce code n’est plus valable. Demandez un nouveau code."
    return _wrong(checked, means)


def _wrong(checked: Checked, means: Means | None) -> str:
    after = (
        f" Prochain essai possible dans {codes.say_seconds(checked.wait_seconds)}."
        if checked.wait_seconds
        else ""
    )
    if means is not None and means.key == ProofMeans.PASSWORD:
        return f"Mot de passe incorrect.{after}"
    if means is not None and means.key == ProofMeans.PASSKEY:
        return f"Cette clé d’accès n’a pas été reconnue : recommencez ou choisissez un autre moyen.{after}"
    if means is not None and means.key == ProofMeans.RECOVERY:
        return f"Ce code de secours n’est pas valable ou a déjà servi.{after}"
    if means is not None and means.key == ProofMeans.TOTP:
        return (
            f"Ce code n’est pas le bon. Vérifiez l’heure de votre téléphone et prenez le code suivant.{after}"
        )
    plural = "s" if checked.tries_left > 1 else ""
    return f"Ce code n’est pas le bon. Il vous reste {checked.tries_left} essai{plural}.{after}"
