"""What the measures of single sign-on need from inside the product: `sessions` gives a live session and the queries of
each operation, `store COUNT` writes tokens of other people's entries."""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import django
from django.conf import settings


def sessions() -> dict[str, Any]:
    """A session opened as after two proofs, and how many queries an entry, a renewal and a reading take with it."""
    from django.test import Client, RequestFactory  # noqa: PLC0415  after setup

    from accounts import sessions as portal_sessions  # noqa: PLC0415
    from accounts.models import User  # noqa: PLC0415

    person = User.objects.get(identifiant="noe.barrandon")
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(person)
    store = browser.session
    request = RequestFactory().get("/", REMOTE_ADDR="127.0.0.1", HTTP_USER_AGENT="Firefox/140 Linux")
    request.session = store
    portal_sessions.open_session(request, person, level=1, methods=["password", "mail"])
    store.save()
    return {
        "cookie": settings.SESSION_COOKIE_NAME,
        "session": store.session_key,
        "queries": _queries(browser),
    }


def _queries(browser: Any) -> dict[str, int]:
    """The second of each: the first one of a process also reads what it then remembers."""
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    from portal.hub.oidc import demo  # noqa: PLC0415

    client = demo.load_clients()[0]
    counted: dict[str, int] = {}
    for _ in range(2):
        tokens: dict[str, Any] = {}
        for name in ("flow", "refresh", "userinfo"):
            with CaptureQueriesContext(connection) as captured:
                tokens = _do(browser, client, name, tokens)
            counted[name] = len(captured)
    return counted


def _do(browser: Any, client: dict[str, Any], name: str, tokens: dict[str, Any]) -> dict[str, Any]:
    verifier = "v" * 64
    basic = {"client_id": client["client_id"], "client_secret": client["client_secret"]}
    if name == "userinfo":
        browser.get("/openid/identite/", headers={"Authorization": f"Bearer {tokens['access_token']}"})
        return tokens
    if name == "refresh":
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], **basic}
    else:
        from portal.hub.oidc import jose  # noqa: PLC0415

        asked = {
            "response_type": "code",
            "client_id": client["client_id"],
            "redirect_uri": client["redirect_uris"][0],
            "scope": "openid profile",
            "code_challenge": jose.s256(verifier),
            "code_challenge_method": "S256",
        }
        answer = browser.get(f"/openid/autorisation/?{urlencode(asked)}")
        code = parse_qs(urlsplit(answer["Location"]).query)["code"][0]
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": asked["redirect_uri"],
            "code_verifier": verifier,
            **basic,
        }
    answer = browser.post(
        "/openid/jetons/", urlencode(form), content_type="application/x-www-form-urlencoded"
    )
    found: dict[str, Any] = answer.json()
    return found


_STORE = (
    """
    INSERT INTO accounts_usersession (user_id, session_key_hash, level, methods, device, remembered, started_at,
        proved_at, proved_level, seen_at, ends_at, ended_reason)
    SELECT %(user)s, md5('s' || n) || md5('t' || n), 1, '["password","mail"]', 'Firefox', false, now(), now(), 1,
        now(), now() + interval '10 h', ''
    FROM generate_series(%(known)s + 1, %(known)s + %(count)s / 10) AS n
    """,
    """
    INSERT INTO accounts_storedsession (session_key, session_data, expire_date)
    SELECT s.session_key_hash, repeat('x', 300), s.ends_at FROM accounts_usersession AS s
    WHERE NOT EXISTS (SELECT 1 FROM accounts_storedsession AS c WHERE c.session_key = s.session_key_hash)
    """,
    """
    INSERT INTO hub_openidgrant (id, client_id, user_id, session_id, scopes, nonce, redirect_uri, challenge, level,
        methods, proved_at, code_hash, code_expires_at, code_used_at, ends_at, ended_reason)
    SELECT gen_random_uuid(), %(client)s, s.user_id, s.id, '{openid,profile,email}', md5(random()::text),
        'http://localhost:9/retour/', md5(random()::text), 1, s.methods, s.started_at, sha256(random()::text::bytea),
        now(), now(), s.ends_at, ''
    FROM accounts_usersession AS s, generate_series(1, 2)
    WHERE NOT EXISTS (SELECT 1 FROM hub_openidgrant AS g WHERE g.session_id = s.id)
    """,
    """
    INSERT INTO hub_openidtoken (grant_id, is_refresh, token_hash, scopes, expires_at, used_at)
    SELECT g.id, n %% 2 = 1, sha256((g.id::text || n)::bytea), g.scopes, g.ends_at,
        CASE WHEN n = 1 THEN now() END
    FROM hub_openidgrant AS g, generate_series(0, 4) AS n
    WHERE NOT EXISTS (SELECT 1 FROM hub_openidtoken AS t WHERE t.grant_id = g.id)
    """,
)
_TABLES = ("accounts_usersession", "accounts_storedsession", "hub_openidgrant", "hub_openidtoken")


def store(count: int) -> dict[str, int]:
    """Bring the tokens stored to about `count`: ten by session, of two entries renewed twice. Rows by table."""
    from django.db import connection  # noqa: PLC0415  after setup

    from accounts.models import User  # noqa: PLC0415
    from portal.hub.oidc.models import OpenIdClient, OpenIdToken  # noqa: PLC0415

    known = OpenIdToken.objects.count()
    values = {
        "user": User.objects.get(identifiant="noe.barrandon").pk,
        "client": OpenIdClient.objects.order_by("pk").values_list("pk", flat=True)[0],
        "known": known,
        "count": max(0, count - known),
    }
    rows = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        if cursor.fetchone()[0]:  # the rows are right by their making: no check of each reference
            cursor.execute("SET session_replication_role = replica")
        for statement in _STORE:
            cursor.execute(statement, values)
        for table in _TABLES:
            cursor.execute(f"VACUUM ANALYZE {table}")
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 — our own names
            rows[table] = int(cursor.fetchone()[0])
        cursor.execute("CHECKPOINT")  # what writing them costs the server is paid before the measures
    return rows


def main(action: str, *words: str) -> None:
    settings.LOGGING = {}
    django.setup()
    print(json.dumps(sessions() if action == "sessions" else store(int(words[0]))))


if __name__ == "__main__":
    main(*sys.argv[1:])
