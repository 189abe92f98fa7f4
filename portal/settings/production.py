"""Production: every secret and address comes from the environment, hardening on."""

from __future__ import annotations

from typing import Any

from portal.observability.logs import logging_config
from portal.settings import env, psc
from portal.settings.base import *  # noqa: F403
from portal.settings.base import CPS_CARD_HOST, CPS_ENVIRONMENT, DATABASES, PSC, SITE_URL

if not SITE_URL.startswith("https://"):
    raise env.ImproperlyConfigured("SITE_URL doit commencer par https:// en production.")

if PSC.environment == psc.SIMULATOR:
    raise env.ImproperlyConfigured("Le simulateur de Pro Santé Connect est refusé en production.")

SECRET_KEY = env.secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS", [])
CODE_PEPPER = env.secret("CODE_PEPPER")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = [SITE_URL]

DATABASES["default"].update(env.database(env.text("DATABASE_URL")))
env.text("REDIS_URL")
_mail: dict[str, Any] = env.mail(env.text("EMAIL_URL"))
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"], _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_SSL, EMAIL_USE_TLS = _mail["EMAIL_USE_SSL"], _mail["EMAIL_USE_TLS"]
SMS_URL = env.text("SMS_URL")

# --- CPS card: whatever the environment says, no authority of the simulator is accepted ---
CPS_ACCEPT_SIMULATED_AUTHORITY = False
if CPS_ENVIRONMENT not in {"production", "test"}:
    raise env.ImproperlyConfigured("CPS_ENVIRONMENT doit valoir « production » ou « test ».")
CPS_PROXY_SECRET = env.secret("CPS_PROXY_SECRET") if CPS_CARD_HOST else ""
ALLOWED_HOSTS += [CPS_CARD_HOST] if CPS_CARD_HOST else []

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^sante/", r"^metriques"]
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "portal.gallery.storage.ModuleStaticFilesStorage"},
}
LOGGING = logging_config(level=env.text("LOG_LEVEL", "INFO"))
