"""The demo started by `bin/run`: loopback only, simulators mounted, secrets made once in var/."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from typing import Any

from portal.observability.logs import logging_config
from portal.settings import env, psc
from portal.settings.base import *  # noqa: F403
from portal.settings.base import CONTENT_SECURITY_POLICY, PLATEFORME, VAR_DIR

_DIRECTORY = VAR_DIR / PLATEFORME


def _demo_secrets() -> dict[str, str]:
    """Read the secrets of this checkout's demo, made at its first start (file mode 0600)."""
    path = _DIRECTORY / "secrets.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whole or absent: several commands of a first start read it at the same moment.
        draft = path.with_name(f"secrets.{os.getpid()}.json")
        draft.touch(mode=0o600)
        draft.write_text(
            json.dumps({name: secrets.token_urlsafe(64) for name in ("SECRET_KEY", "CODE_PEPPER")})
        )
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    result: dict[str, str] = json.loads(path.read_text())
    return result


_secrets = _demo_secrets()
SECRET_KEY = _secrets["SECRET_KEY"]
CODE_PEPPER = _secrets["CODE_PEPPER"]

ROOT_URLCONF = "portal.demo_urls"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
DEMO_MESSAGES_STORE = _DIRECTORY / "messages.sqlite3"
DEMO_DESCRIPTION = _DIRECTORY / "demo.json"

_mail: dict[str, Any] = env.mail(env.text("EMAIL_URL", "smtp://127.0.0.1:8030"))
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_SSL, EMAIL_USE_TLS = _mail["EMAIL_USE_SSL"], _mail["EMAIL_USE_TLS"]
SMS_URL = env.text("SMS_URL", "http://127.0.0.1:8040/sms")

# --- CPS card: the test cards of portal.simulators.cps ---
CPS_ENVIRONMENT = "test"
CPS_ACCEPT_SIMULATED_AUTHORITY = True

# --- Pro Santé Connect: the simulator, unless another environment is named ---
PSC = psc.read(psc.SIMULATOR)
PSC_SIMULATOR_ALLOWED = True
CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] = ["'self'", *PSC.form_targets]

# --- partner applications run on this machine ---
OPENID_PRIVATE_PARTNERS = True

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "portal.gallery.storage.ModuleStaticFilesStorage"},
}
LOGGING = logging_config(level=env.text("LOG_LEVEL", "INFO"))
