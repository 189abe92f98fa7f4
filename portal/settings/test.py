"""The test suite: real PostgreSQL and Valkey given by tests/support/servers.py, cheap password hash."""

from __future__ import annotations

from portal.observability.logs import logging_config
from portal.settings.base import *  # noqa: F403
from portal.settings.base import MIDDLEWARE, VAR_DIR

SECRET_KEY = "a-key-for-the-test-suite-only-" + "0123456789abcdefghijklmnopqrst"
CODE_PEPPER = "a-pepper-for-the-test-suite-only-" + "0123456789abcdefghijklmnopqrst"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
SITE_URL = "http://testserver"
# One hash costs 20 ms with the real parameters; the rule is tested on its own (tests/accounts).
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", "accounts.hashers.PortalArgon2Hasher"]
STATIC_ROOT = VAR_DIR / "static-tests"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
EMAIL_HOST, EMAIL_PORT = "127.0.0.1", 1
SMS_URL = "http://127.0.0.1:1/sms"

# --- CPS card: tests that use cards name their own authorities ---
CPS_TRUST_ANCHORS = ""
CPS_ENVIRONMENT = "test"
CPS_ACCEPT_SIMULATED_AUTHORITY = True
PSC_SIMULATOR_ALLOWED = True  # the tests of this door name the service themselves
EVEN_TIME_SECONDS = 0  # the constant answer time of some doors is proved on its own
# Reading a page writes nothing but what keeps the session, the limits and the journal (WEB-3).
MIDDLEWARE = [*MIDDLEWARE, "portal.common.web.ReadOnlyGetMiddleware"]
READ_ONLY_GET_EXEMPT_TABLES = [
    "accounts_storedsession",
    "accounts_usersession",
    "accounts_securityevent",
    "accounts_attemptcounter",
]
OPENID_PRIVATE_PARTNERS = True
PROCESS_MEMORY = False  # what a test has just written is read; tests/common/test_memory.py proves the memory
LOGGING = logging_config(level="WARNING")
