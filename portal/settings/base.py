"""What every deployment shares. No secret has a default here: see demo, test and production."""

from __future__ import annotations

import logging
from pathlib import Path

from csp.constants import NONCE, NONE, SELF

from portal.plateformes.loader import load
from portal.settings import env, psc

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var")))

PLATEFORME = env.text("PLATEFORME", "enrs-idf")
_plateforme = load(PLATEFORME)

DEBUG = False
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "portal.hub.admin_config.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "pgtrigger",
    "pghistory",
    "csp",
    "django_htmx",
    "django_otp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_structlog",
    "django_prometheus",
    "portal.common",
    "portal.plateformes",
    "portal.observability",
    "portal.messaging",
    "portal.referentiels",
    "accounts",
    "maillage",
    "portal.hub",
    "portal.gallery",
    "portal.backup",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "portal.observability.middleware.MachineHostMiddleware",
    # Above SecurityMiddleware, so that its redirect to https carries the headers too (WEB-1).
    "portal.observability.middleware.PolicyMiddleware",
    "portal.observability.middleware.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.observability.request_logs.RequestLogMiddleware",
    "portal.hub.oidc.middleware.ProtocolMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "accounts.middleware.SessionPolicyMiddleware",
    "portal.hub.oidc.middleware.EntryMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "accounts.gates.GateMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.observability.middleware.ErrorPagesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "portal.plateformes.context_processors.plateforme",
                "accounts.context_processors.session",
            ],
            "builtins": [
                "portal.common.templatetags.portal_components",
                "portal.common.templatetags.portal_formats",
                "portal.common.templatetags.portal_addresses",
                "portal.common.templatetags.portal_kept",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- addresses -----------------------------------------------------------------------------------
# Every link, mail and issuer is built from SITE_URL, never from the Host header (CODE-10).
SITE_URL = env.text("SITE_URL", "http://localhost:8000").rstrip("/")

# --- data ----------------------------------------------------------------------------------------
DATABASES = {"default": env.database(env.text("DATABASE_URL", "postgresql:///portail"))}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["ATOMIC_REQUESTS"] = False

CELERY_BROKER_URL, CACHE_URL = env.redis_urls(env.text("REDIS_URL", "redis://localhost:6379"))
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "portail",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2, "retry_on_timeout": True},
    }
}
# A lost broker must not hold a request: short timeouts, no retry loop; the sweep sends what is left (REL-1).
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "visibility_timeout": 600,
    "max_retries": 1,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 270
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TIMEZONE = "Europe/Paris"

# --- people --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
# The folded identifier (identifiant_key) is the unique one: accounts are found by it, never by the typed form.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["accounts.backends.AccountBackend"]
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = "hub:home"
PASSWORD_HASHERS = [
    "accounts.hashers.PortalArgon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [{"NAME": "accounts.passwords.PlatformPolicyValidator"}]
SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
# What was just said to somebody may name their address: kept on the server, not in one more cookie (SES-2, DAT-5).
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "portal.observability.views.csrf_failure"
OTP_ADMIN_HIDE_SENSITIVE_DATA = True

ACCOUNT_ADAPTER = "accounts.allauth_adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "identifiant"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False  # accounts.throttle counts for every door alike
MFA_ADAPTER = "accounts.allauth_adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_RECOVERY_CODE_COUNT = 10
MFA_RECOVERY_CODE_DIGITS = 20
MFA_TOTP_ISSUER = _plateforme.short_name
MFA_PASSKEY_LOGIN_ENABLED = False

# Number of proxies in front that append to X-Forwarded-For; 0 = take the socket's address (ABU-3).
TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", 0)
# Hours between the request to take away a lost authenticator app or passkey and its removal (MFA-5).
# Files deposited by the support and never written are erased after this many days.
IMPORT_DEPOSIT_DAYS = env.integer("IMPORT_DEPOSIT_DAYS", 30, minimum=1)

FACTOR_REMOVAL_HOURS = env.integer("FACTOR_REMOVAL_HOURS", 24, minimum=12)
METRICS_ALLOWED_ADDRESSES = env.words("METRICS_ALLOWED_ADDRESSES", ["127.0.0.1", "::1"])

# --- CPS card (docs/carte-cps.md) ----------------------------------------------------------------
# File or folder of the accepted authorities, read-only to the product; empty = card sign-in is closed.
CPS_TRUST_ANCHORS = env.text("CPS_TRUST_ANCHORS", "")
CPS_ENVIRONMENT = env.text("CPS_ENVIRONMENT", "production")  # whose cards: "production" or "test"
CPS_ACCEPT_SIMULATED_AUTHORITY = False
CPS_CRL_URLS = env.words("CPS_CRL_URLS", [])
CPS_CRL_GRACE_HOURS = env.integer("CPS_CRL_GRACE_HOURS", 6)
# Host that asks for the TLS client certificate, and the secret by which the front is recognised; empty = way closed.
CPS_CARD_HOST = env.text("CPS_CARD_HOST", "")
CPS_PROXY_SECRET = env.text("CPS_PROXY_SECRET", "")
CPS_AGENT_PORT = env.integer("CPS_AGENT_PORT", 8765, minimum=1)

# --- messages ------------------------------------------------------------------------------------
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_TIMEOUT = 10
SMS_URL = env.text("SMS_URL", "")
SMS_TOKEN = env.text("SMS_TOKEN", "")
DEFAULT_FROM_EMAIL = f"{_plateforme.senders.email_name} <{_plateforme.senders.email}>"

# --- logs ----------------------------------------------------------------------------------------
# The user's id would cost a query on every page, and the address is personal data: neither is logged here.
DJANGO_STRUCTLOG_USER_ID_FIELD = ""
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
CHANGE_PASSWORD_PATH = "/preferences/mot-de-passe/"  # noqa: S105  an address

# --- Pro Santé Connect ---------------------------------------------------------------------------
PSC = psc.read()
# Only the settings of the demo and of the tests open the door to a simulator (accounts.psc.checks).
PSC_SIMULATOR_ALLOWED = False

# --- OpenID provider -----------------------------------------------------------------------------
# Partners on our own machine or network may be told of sign-outs: the demo and the tests only (SSRF, OP-16).
OPENID_PRIVATE_PARTNERS = False

# --- language, files -----------------------------------------------------------------------------
LANGUAGE_CODE = "fr-fr"
TIME_ZONE = "Europe/Paris"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH: list[str] = []
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "depots"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
FILE_UPLOAD_PERMISSIONS = 0o640

# What is the same for everybody is read again every few seconds, not at every page (portal.common.memory).
PROCESS_MEMORY = True

# --- backup (docs/sauvegarde.md) -------------------------------------------------------------------
# File of the key that opens the backups; empty = each command names it by --cle.
BACKUP_KEY_FILE = env.text("BACKUP_KEY_FILE", "")

# --- front defences ------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        # A browser also holds the redirections of a form to this list: sign-in and sign-out pass by PSC.
        "form-action": [SELF, *PSC.form_targets],
        "report-uri": "/csp-rapport/",
    }
}
