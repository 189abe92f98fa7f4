"""The one stage of a sign-in after its first proof: the second proof (MFA-1)."""

from __future__ import annotations

from typing import Any

from allauth.account.stages import LoginStage
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts import codes, second_proof
from accounts.enums import CodePurpose

KEY = "second_proof"


class SecondProofStage(LoginStage):
    """Skipped for no one but the doors that are two proofs by themselves: a card or e-CPS with its secret code.

    `login.signal_kwargs` holds what accounts.signin.begin put there: first proof, remember-me, level reached.
    """

    key = KEY
    urlname = "accounts:second_proof"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Called once, at the first proof: the code leaves at once when that is how the person proves first."""
        user, told = self.login.user, self.told()
        if user is None or not user.is_active:
            return None, False
        if told.get("is_complete"):
            return None, True
        means = second_proof.means_of(user, without={told["first"]})
        if means and means[0].is_code:
            sent = codes.send(self.request, user=user, purpose=CodePurpose.SIGN_IN, channel=means[0].channel)
            if sent.refused_reason:
                messages.warning(self.request, sent.refused_reason)
        return HttpResponseRedirect(reverse("accounts:second_proof")), True

    def told(self) -> dict[str, Any]:
        return self.login.signal_kwargs or {}
