"""The anchor of single sign-on: the same exchanges by Django and PostgreSQL alone, with nothing around them.

Authorization = session + account + one insert; code = one `delete … returning`, one insert of both tokens, one RS256
signature; renewal = one `update … where not used returning`, one insert; UserInfo = one join; discovery and keys =
ready bytes. No consent, no journal, no replay detection, no headers of security: the least such a provider can do.
Served by the same gunicorn settings and the same PostgreSQL as the portal, in a schema of its own:
`gunicorn portal.launcher.bench.floor:application`, after `python -m portal.launcher.bench.floor prepare`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import sys
import time
from typing import Any
from urllib.parse import urlencode

import django
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from portal.settings import env

SCHEMA = "mesure_plancher"
CLIENT_ID, CLIENT_SECRET = "plancher", "secret-du-plancher"
REDIRECT_URI = "http://localhost:9/retour/"
_database: dict[str, Any] = env.database(os.environ.get("DATABASE_URL", "postgresql:///portail"))
_OPTIONS = {key: value for key, value in _database["OPTIONS"].items() if key != "prepare_threshold"}

if not settings.configured:
    settings.configure(
        SECRET_KEY=hashlib.sha256(SCHEMA.encode()).hexdigest(),  # the same for the processes of one measure
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF="portal.launcher.bench.floor",
        USE_TZ=True,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        DATABASES={
            "default": {
                **_database,
                "ENGINE": "django.db.backends.postgresql",
                "CONN_MAX_AGE": 60,
                "OPTIONS": {**_OPTIONS, "options": f"-c search_path={SCHEMA}"},
            }
        },
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
    )

_TABLES = """
CREATE TABLE code (hash bytea PRIMARY KEY, user_id int NOT NULL REFERENCES auth_user, redirect_uri text NOT NULL,
    challenge text NOT NULL, nonce text NOT NULL, expires_at timestamptz NOT NULL);
CREATE TABLE token (hash bytea PRIMARY KEY, is_refresh bool NOT NULL, user_id int NOT NULL REFERENCES auth_user,
    expires_at timestamptz NOT NULL, used_at timestamptz);
"""
_TOKENS = "INSERT INTO token VALUES (%s, false, %s, now() + '10 min'), (%s, true, %s, now() + '12 h')"
_READY = json.dumps({"issuer": "http://localhost", "names": ["a name of a document"] * 60}).encode()


class _Key:
    """Parsed once per process, on the first use."""

    private: rsa.RSAPrivateKey | None = None


def _sign(claims: dict[str, Any]) -> str:
    if _Key.private is None:
        _Key.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    parts = [
        json.dumps(one, separators=(",", ":")).encode() for one in ({"alg": "RS256", "typ": "JWT"}, claims)
    ]
    signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = _Key.private.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return (signed + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def authorize(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return HttpResponse(status=403)
    code, asked = secrets.token_urlsafe(32), request.GET
    values: list[Any] = [request.user.pk, asked["redirect_uri"], asked["code_challenge"], asked["nonce"]]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO code VALUES (%s, %s, %s, %s, %s, now() + '1 min')", [_digest(code), *values]
        )
    return HttpResponseRedirect(
        f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
    )


@csrf_exempt
def token(request: HttpRequest) -> HttpResponse:
    expected = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    if not hmac.compare_digest(request.headers.get("Authorization", ""), expected):
        return HttpResponse(status=401)
    form = request.POST
    found = _spend_code(form) if form["grant_type"] == "authorization_code" else _spend_refresh(form)
    if found is None:
        return JsonResponse({"error": "invalid_grant"}, status=400)
    access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    with connection.cursor() as cursor:
        cursor.execute(_TOKENS, [_digest(access), found["user"], _digest(refresh), found["user"]])
    told = {"access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": 600}
    if "nonce" in found:
        now = int(time.time())
        claims = {
            "iss": "http://localhost",
            "sub": str(found["user"]),
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
        }
        told["id_token"] = _sign({**claims, "nonce": found["nonce"]})
    return JsonResponse(told)


def _spend_code(form: Any) -> dict[str, Any] | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM code WHERE hash = %s AND expires_at > now()"
            " RETURNING user_id, redirect_uri, challenge, nonce",
            [_digest(form["code"])],
        )
        row = cursor.fetchone()
    challenge = base64.urlsafe_b64encode(_digest(form["code_verifier"])).rstrip(b"=").decode()
    if row is None or row[1] != form["redirect_uri"] or row[2] != challenge:
        return None
    return {"user": row[0], "nonce": row[3]}


def _spend_refresh(form: Any) -> dict[str, Any] | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE token SET used_at = now() WHERE hash = %s AND is_refresh AND used_at IS NULL"
            " AND expires_at > now() RETURNING user_id",
            [_digest(form["refresh_token"])],
        )
        row = cursor.fetchone()
    return {"user": row[0]} if row else None


def userinfo(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u.id, u.username, u.email FROM token AS t JOIN auth_user AS u ON u.id = t.user_id"
            " WHERE t.hash = %s AND NOT t.is_refresh AND t.expires_at > now() AND u.is_active",
            [_digest(request.headers["Authorization"].removeprefix("Bearer "))],
        )
        row = cursor.fetchone()
    if row is None:
        return HttpResponse(status=401)
    return JsonResponse({"sub": str(row[0]), "preferred_username": row[1], "email": row[2]})


def ready(request: HttpRequest) -> HttpResponse:
    headers = {"Cache-Control": "public, max-age=3600"}
    return HttpResponse(_READY, content_type="application/json", headers=headers)


def prepare() -> dict[str, Any]:
    """Make the schema, one account and its session; what a partner and a browser must hold."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: PLC0415  after setup
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.contrib.sessions.backends.db import SessionStore  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
    user = User.objects.create(username="plancher", email="plancher@example.org")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uris": [REDIRECT_URI]}
    return {"cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}", "client": client}


urlpatterns = [
    path("autorisation", authorize),
    path("jetons", token),
    path("identite", userinfo),
    path("pret", ready),
]

if __name__ == "__main__" and sys.argv[1:] == ["prepare"]:
    django.setup()
    print(json.dumps(prepare()))
else:
    application = get_wsgi_application()
