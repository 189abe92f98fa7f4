"""Django's authentication backend: permissions, and a password check that costs one hash whatever is typed.

The sign-in page does not come through here: it needs to know why somebody is refused (accounts.signin).
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from accounts import identify, passwords
from accounts.models import User


class AccountBackend(ModelBackend):
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        if username is None or password is None:
            return None
        user = identify.find_account(username)
        is_right = passwords.check(user, password)
        return user if user is not None and is_right and self.user_can_authenticate(user) else None
