"""Attacks on the token endpoint and what follows it, each test named after one (OP-4 to OP-6, OP-11, OP-12)."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import ECKey

from accounts import documents
from accounts.models import AttemptCounter, SecurityEvent
from portal.hub.oidc import grants, keys, registry
from portal.hub.oidc.models import OpenIdGrant, OpenIdKey, OpenIdToken
from tests.oidc.partner import TOKEN, Partner, claims_of, make_client
from tests.support.sign_in import make_person, sign_in

pytestmark = pytest.mark.django_db


def refused(response: Any, error: str, status: int = 400) -> bool:
    assert response["Cache-Control"] == "no-store"
    assert (response.status_code, response.json()["error"]) == (status, error), response.content
    return True


# --- OP-3, OP-4: code ------------------------------------------------------------------------------------
@pytest.mark.security("OP-4")
def test_a_code_shown_twice_gives_nothing_and_ends_what_it_gave(visitor: Any, partner: Partner) -> None:
    code = partner.code(visitor)
    tokens = partner.redeem(code).json()
    assert refused(partner.redeem(code), "invalid_grant")
    assert partner.userinfo(tokens["access_token"]).status_code == 401
    assert refused(partner.refresh(tokens["refresh_token"]), "invalid_grant")
    assert SecurityEvent.objects.filter(action="partner_access_replayed").count() == 1


@pytest.mark.security("OP-3")
@pytest.mark.parametrize("verifier", ["autre" * 12, "court", None, "é" * 50])
def test_a_wrong_verifier_burns_the_code(visitor: Any, partner: Partner, verifier: str | None) -> None:
    code = partner.code(visitor)
    assert partner.redeem(code, code_verifier=verifier).status_code == 400
    if verifier is not None:
        assert refused(partner.redeem(code), "invalid_grant")


@pytest.mark.security("OP-4")
@pytest.mark.parametrize("uri", ["https://appli-region.example/retour?x=1", None])
def test_another_redirect_uri_gives_nothing(visitor: Any, partner: Partner, uri: str | None) -> None:
    assert refused(partner.redeem(partner.code(visitor), redirect_uri=uri), "invalid_grant")


@pytest.mark.security("OP-4")
def test_a_code_of_another_client_gives_nothing_and_is_burnt(
    visitor: Any, partner: Partner, stranger: Partner
) -> None:
    code = partner.code(visitor)
    stolen = {"code_verifier": partner.verifier, "redirect_uri": partner.uri}
    assert refused(stranger.redeem(code, **stolen), "invalid_grant")
    assert refused(partner.redeem(code), "invalid_grant")


@pytest.mark.security("OP-4")
def test_an_altered_or_old_code_gives_nothing(visitor: Any, partner: Partner) -> None:
    code = partner.code(visitor)
    assert len(code) >= 22
    assert refused(partner.redeem(code[:-1] + ("A" if code[-1] != "A" else "B")), "invalid_grant")
    OpenIdGrant.objects.update(code_expires_at=timezone.now() - timedelta(seconds=1))
    assert refused(partner.redeem(code), "invalid_grant")
    assert timedelta(seconds=60) >= grants.CODE_LIFE


@pytest.mark.security("OP-4", "OP-5")
def test_codes_and_tokens_are_not_in_the_database(visitor: Any, partner: Partner) -> None:
    code = partner.code(visitor)
    tokens = partner.redeem(code).json()
    stored = {bytes(row.token_hash) for row in OpenIdToken.objects.order_by("pk")}
    assert stored == {grants.digest(tokens["access_token"]), grants.digest(tokens["refresh_token"])}
    assert bytes(OpenIdGrant.objects.get().code_hash or b"") == grants.digest(code)


def at_once(count: int, work: Callable[[], int]) -> list[int]:
    """Run `work` in `count` threads that start together, each on a connection of its own."""
    gate, found, guard = threading.Barrier(count), [], threading.Lock()

    def run() -> None:
        try:
            gate.wait(timeout=30)
            status = work()
        finally:
            connections.close_all()
        with guard:
            found.append(status)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return sorted(found)


@pytest.fixture
def committed(transactional_db: None) -> tuple[Any, Partner]:
    """A signed-in browser and a partner that other connections see."""
    person = make_person()
    documents.accept(person, documents.required())
    visitor = Client()
    sign_in(visitor, person)
    keys.ring()
    return visitor, make_client("parallele")


@pytest.mark.security("OP-4")
@pytest.mark.django_db(transaction=True)
def test_eight_parallel_exchanges_of_one_code_have_one_winner(committed: tuple[Any, Partner]) -> None:
    visitor, partner = committed
    for _ in range(3):
        code = partner.code(visitor)
        assert at_once(8, lambda code=code: exchange(partner, code)) == [200] + [400] * 7  # type: ignore[misc]


def exchange(partner: Partner, code: str) -> int:
    alone = Partner(partner.row, partner.secret, verifier=partner.verifier)
    return int(alone.redeem(code).status_code)


@pytest.mark.security("OP-5")
@pytest.mark.django_db(transaction=True)
def test_eight_parallel_uses_of_one_refresh_token_have_one_winner_at_most(
    committed: tuple[Any, Partner],
) -> None:
    visitor, partner = committed
    token = partner.tokens(visitor)["refresh_token"]

    def renew() -> int:
        return int(Partner(partner.row, partner.secret).refresh(token).status_code)

    assert at_once(8, renew) == [200] + [400] * 7
    assert OpenIdGrant.objects.get().ended_reason == "refresh_replayed"


# --- OP-5: refresh -------------------------------------------------------------------------------------------
@pytest.mark.security("OP-5")
def test_a_stolen_refresh_token_used_after_its_owner_ends_the_family(visitor: Any, partner: Partner) -> None:
    first = partner.tokens(visitor)
    second = partner.refresh(first["refresh_token"]).json()
    assert refused(partner.refresh(first["refresh_token"]), "invalid_grant")
    assert refused(partner.refresh(second["refresh_token"]), "invalid_grant")
    assert partner.userinfo(second["access_token"]).status_code == 401


@pytest.mark.security("OP-5")
def test_a_refresh_token_of_another_client_gives_nothing(
    visitor: Any, partner: Partner, stranger: Partner
) -> None:
    token = partner.tokens(visitor)["refresh_token"]
    assert refused(stranger.refresh(token), "invalid_grant")
    assert partner.refresh(token).status_code == 200


@pytest.mark.security("OP-5")
def test_a_refresh_never_widens_the_scope(visitor: Any, partner: Partner) -> None:
    tokens = partner.tokens(visitor, scope="openid profile")
    assert refused(partner.refresh(tokens["refresh_token"], scope="openid email"), "invalid_scope")


@pytest.mark.security("OP-5")
def test_a_refresh_may_narrow_the_scope(visitor: Any, partner: Partner) -> None:
    tokens = partner.tokens(visitor, scope="openid profile email")
    narrowed = partner.refresh(tokens["refresh_token"], scope="openid email").json()
    assert narrowed["scope"] == "openid email"
    assert "name" not in partner.userinfo(narrowed["access_token"]).json()


@pytest.mark.security("OP-5")
def test_an_access_token_is_not_a_refresh_token_nor_the_reverse(visitor: Any, partner: Partner) -> None:
    tokens = partner.tokens(visitor)
    assert refused(partner.refresh(tokens["access_token"]), "invalid_grant")
    assert partner.userinfo(tokens["refresh_token"]).status_code == 401


# --- OP-6: client authentication ------------------------------------------------------------------------------
@pytest.mark.security("OP-6")
@pytest.mark.parametrize("encoded", [True, False])
def test_basic_credentials_work_form_encoded_and_raw(visitor: Any, encoded: bool) -> None:
    client = make_client("a-b_c.d~e", secret="x-y_z.0~1" * 5)
    code = client.code(visitor)
    pair = f"{client.id}:{client.secret}"
    if encoded:
        pair = ":".join(
            "".join(f"%{ord(c):02X}" if c in "-_.~" else c for c in half) for half in pair.split(":")
        )
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.uri,
        "code_verifier": client.verifier,
    }
    basic = "Basic " + base64.b64encode(pair.encode()).decode()
    assert client.post(TOKEN, form, basic=basic).status_code == 200


@pytest.mark.security("OP-6")
def test_the_secret_may_go_in_the_body_but_not_in_both_places(visitor: Any, partner: Partner) -> None:
    form = {
        "grant_type": "authorization_code",
        "code": partner.code(visitor),
        "redirect_uri": partner.uri,
        "code_verifier": partner.verifier,
        "client_id": partner.id,
        "client_secret": partner.secret,
    }
    assert refused(partner.post(TOKEN, form), "invalid_request")
    assert partner.post(TOKEN, form, basic="").status_code == 200


@pytest.mark.security("OP-6")
def test_a_wrong_secret_is_refused_recorded_and_slowed_down(visitor: Any, partner: Partner) -> None:
    wrong = Partner(partner.row, "faux", verifier=partner.verifier)
    code = partner.code(visitor)
    statuses = [wrong.redeem(code).status_code for _ in range(30)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    last = wrong.redeem(code)
    assert int(last["Retry-After"]) > 0
    lines = SecurityEvent.objects.filter(action="openid_client_refused")
    assert 0 < lines.count() < 30
    assert lines.first().data["client"] == partner.id  # type: ignore[union-attr]
    assert partner.redeem(code).status_code == 200  # who holds the right secret is never locked out


@pytest.mark.security("OP-6")
@pytest.mark.parametrize(
    "basic", ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"sans").decode(), "Bearer x"]
)
def test_malformed_credentials_are_refused(partner: Partner, basic: str) -> None:
    answer = partner.post(TOKEN, {"grant_type": "authorization_code"}, basic=basic)
    assert refused(answer, "invalid_client", 401)
    assert answer["WWW-Authenticate"].startswith("Basic")


@pytest.mark.security("OP-6")
def test_a_new_secret_leaves_the_former_one_a_day_unless_it_leaked(partner: Partner) -> None:
    former = partner.secret
    partner.secret = registry.new_secret(partner.row, actor=None)
    assert works(partner)
    assert works(Partner(partner.row, former))
    leaked = partner.secret
    partner.secret = registry.new_secret(partner.row, actor=None, keep_former=False)
    assert works(partner)
    assert not works(Partner(partner.row, leaked))
    assert not AttemptCounter.objects.filter(kind="openid_client", count__gt=5).exists()


def works(partner: Partner) -> bool:
    return bool(partner.post("/openid/revocation/", {"token": "rien"}).status_code == 200)


@pytest.fixture
def key_client(db: None) -> tuple[Partner, ECKey]:
    key = ECKey.generate_key("P-256", auto_kid=True)
    public = {**key.as_dict(private=False), "alg": "ES256"}
    row = make_client("a-cle", auth_method="private_key_jwt", jwks={"keys": [public]}, secret_hash="")
    return row, key


def assertion(partner: Partner, key: ECKey, **changes: Any) -> dict[str, str]:
    now = int(time.time())
    claims = {
        "iss": partner.id,
        "sub": partner.id,
        "aud": f"http://testserver{TOKEN}",
        "iat": now,
        "exp": now + 60,
        "jti": f"j{time.perf_counter_ns()}",
    } | changes
    signed = jwt.encode({"alg": "ES256"}, {k: v for k, v in claims.items() if v is not None}, key)
    return {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": signed,
        "token": "rien",
    }


@pytest.mark.security("OP-6")
def test_a_private_key_authenticates_once_per_assertion(key_client: tuple[Partner, ECKey]) -> None:
    partner, key = key_client
    form = assertion(partner, key)
    assert partner.post("/openid/revocation/", form, basic="").status_code == 200
    assert refused(partner.post("/openid/revocation/", form, basic=""), "invalid_client", 401)


@pytest.mark.security("OP-6")
@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://ailleurs.example"},
        {"iss": "un-autre"},
        {"exp": 1},
        {"exp": None},
        {"exp": 99_999_999_999},
        {"iat": 99_999_999_999},
        {"jti": None},
        {"jti": ["a"]},
        {"sub": None},
    ],
    ids=str,
)
def test_an_assertion_that_says_something_else_is_refused(
    key_client: tuple[Partner, ECKey], changes: dict[str, Any]
) -> None:
    partner, key = key_client
    form = assertion(partner, key, **changes) | {"client_id": partner.id}
    assert refused(partner.post("/openid/revocation/", form, basic=""), "invalid_client", 401)


@pytest.mark.security("OP-6")
def test_an_assertion_of_another_key_or_of_a_clock_far_off_is_refused_a_minute_off_accepted(
    key_client: tuple[Partner, ECKey],
) -> None:
    partner, key = key_client
    other = ECKey.generate_key("P-256")
    forged = assertion(partner, other)
    assert refused(partner.post("/openid/revocation/", forged, basic=""), "invalid_client", 401)
    now = int(time.time())
    ahead = assertion(partner, key, iat=now + 50, exp=now + 110)
    assert partner.post("/openid/revocation/", ahead, basic="").status_code == 200


@pytest.mark.security("OP-6")
def test_a_client_with_a_key_has_no_secret_to_guess(key_client: tuple[Partner, ECKey]) -> None:
    partner, _ = key_client
    assert refused(
        Partner(partner.row, "").post("/openid/revocation/", {"token": "x"}), "invalid_client", 401
    )


# --- OP-2: usages ---------------------------------------------------------------------------------------------
@pytest.mark.security("OP-2")
@pytest.mark.parametrize(
    "asked", ["password", "implicit", "", "urn:ietf:params:oauth:grant-type:device_code"]
)
def test_other_grants_do_not_exist(partner: Partner, asked: str) -> None:
    form = {"grant_type": asked, "username": "a", "password": "b"}
    assert refused(partner.post(TOKEN, form), "unsupported_grant_type")


@pytest.mark.security("OP-2")
def test_a_grant_the_client_does_not_have_is_refused(partner: Partner) -> None:
    assert refused(partner.post(TOKEN, {"grant_type": "client_credentials"}), "unauthorized_client")


@pytest.mark.security("OP-2")
def test_the_token_endpoint_takes_a_form_in_its_body_and_nothing_else(visitor: Any, partner: Partner) -> None:
    code = partner.code(visitor)
    assert partner.http.get(f"{TOKEN}?code={code}").status_code == 405
    assert partner.http.post(TOKEN, {"code": code}, content_type="application/json").status_code == 400
    twice = f"grant_type=authorization_code&code={code}&code={code}"
    answer = partner.http.post(
        TOKEN, twice, content_type="application/x-www-form-urlencoded", HTTP_AUTHORIZATION=partner.basic
    )
    assert refused(answer, "invalid_request")
    assert partner.redeem(code).status_code == 200


# --- OP-11 -------------------------------------------------------------------------------------------------------
@pytest.mark.security("OP-11")
def test_a_partner_neither_ends_nor_reads_the_tokens_of_another(
    visitor: Any, partner: Partner, stranger: Partner
) -> None:
    tokens = partner.tokens(visitor)
    for name in ("access_token", "refresh_token"):
        assert stranger.post("/openid/revocation/", {"token": tokens[name]}).status_code == 200
        told = stranger.post("/openid/introspection/", {"token": tokens[name]}).json()
        assert told == {"active": False}
    assert partner.userinfo(tokens["access_token"]).status_code == 200
    own = partner.post("/openid/introspection/", {"token": tokens["access_token"]}).json()
    assert own["active"] is True
    assert own["client_id"] == partner.id


@pytest.mark.security("OP-11")
def test_revoking_a_refresh_token_ends_its_family(visitor: Any, partner: Partner) -> None:
    tokens = partner.tokens(visitor)
    assert partner.post("/openid/revocation/", {"token": tokens["refresh_token"]}).status_code == 200
    assert partner.userinfo(tokens["access_token"]).status_code == 401
    told = partner.post("/openid/introspection/", {"token": tokens["access_token"]}).json()
    assert told == {"active": False}


@pytest.mark.security("OP-11")
def test_revoking_an_access_token_leaves_the_rest(visitor: Any, partner: Partner) -> None:
    tokens = partner.tokens(visitor)
    partner.post("/openid/revocation/", {"token": tokens["access_token"]})
    assert partner.userinfo(tokens["access_token"]).status_code == 401
    assert partner.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.security("OP-11")
def test_nobody_revokes_without_saying_who_they_are(partner: Partner) -> None:
    assert refused(partner.post("/openid/revocation/", {"token": "x"}, basic=""), "invalid_client", 401)


@pytest.mark.security("OP-11")
def test_userinfo_refuses_tokens_in_the_address_and_id_tokens(visitor: Any, partner: Partner) -> None:
    tokens = partner.tokens(visitor)
    in_query = partner.http.get(f"/openid/identite/?access_token={quote(tokens['access_token'])}")
    assert in_query.status_code == 400
    in_body = partner.http.post("/openid/identite/", {"access_token": tokens["access_token"]})
    assert in_body.status_code == 400
    for presented in (tokens["id_token"], "rien", ""):
        answer = partner.userinfo(presented)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer["Cache-Control"] == "no-store"


# --- OP-12 --------------------------------------------------------------------------------------------------------
@pytest.mark.security("OP-12")
def test_keys_rotate_under_a_live_session_published_before_and_kept_after(
    visitor: Any, partner: Partner, client: Any
) -> None:
    before = partner.tokens(visitor)
    former = keys.signer("RS256").kid
    fresh = keys.rotate("RS256")
    published = {key["kid"] for key in client.get("/openid/cles/").json()["keys"]}
    assert {former, fresh.kid} <= published
    assert keys.signer("RS256").kid == former  # announced a day before it signs
    OpenIdKey.objects.filter(pk=fresh.pk).update(signs_from=timezone.now())
    OpenIdKey.objects.filter(kid=former).update(signs_until=timezone.now())
    keys.forget_ring()
    after = partner.refresh(before["refresh_token"]).json()
    assert keys.signer("RS256").kid == fresh.kid
    assert claims_of(before["id_token"])["sub"] == claims_of(after["id_token"])["sub"]


@pytest.mark.security("OP-12")
def test_a_compromised_key_signs_and_verifies_nothing_any_more(visitor: Any, partner: Partner) -> None:
    partner.tokens(visitor)
    former = keys.signer("RS256").kid
    fresh = keys.rotate("RS256", at_once=True)
    assert keys.signer("RS256").kid == fresh.kid
    assert former.encode() not in keys.ring().jwks


@pytest.mark.security("OP-12")
def test_private_keys_are_sealed_in_the_database(db: None) -> None:
    keys.ring()
    for row in OpenIdKey.objects.order_by("pk"):
        assert "PRIVATE" not in row.private_sealed
        assert "d" not in row.public_jwk


@pytest.mark.security("OP-12")
def test_a_key_of_ninety_days_is_rotated_by_the_clock_once(db: None) -> None:
    keys.ring()
    OpenIdKey.objects.update(signs_from=timezone.now() - timedelta(days=91))
    assert len(keys.rotate_old()) == 2
    assert keys.rotate_old() == []
