"""What allauth asks of us: its sign-in machinery runs here, none of its pages do (each would be another door)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts import client, keyed, signin
from accounts.models import User
from portal.plateformes import current


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_stages(self) -> list[str]:
        return ["accounts.stages.SecondProofStage"]

    def get_client_ip(self, request: HttpRequest) -> str:
        return client.address(request) or "0.0.0.0"  # noqa: S104 — a name for « unknown », nothing listens on it

    def is_safe_url(self, url: str) -> bool:
        return signin.is_safe_target(url)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        clear_login(request)
        return HttpResponseRedirect(reverse("accounts:sign_in"))

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        return signin.finish(request, user, kwargs["redirect_url"], kwargs["signal_kwargs"] or {})

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Our pages say what they do in French; allauth's own messages are not shown."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Notices of security go through accounts.notifications (written in the transaction, sent by the outbox)."""


class MfaAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return keyed.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return keyed.decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        return current().short_name

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The relying party is the configured site: never the Host header (CODE-10)."""
        return {"id": urlsplit(settings.SITE_URL).hostname or "localhost", "name": current().short_name}
