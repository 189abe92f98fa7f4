"""The ordinary way: entering, renewing, reading; and what it costs in queries."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import gates
from accounts.models import SecurityEvent
from portal.hub.oidc import keys
from portal.hub.oidc.models import OpenIdGrant
from tests.oidc.partner import answer_of, claims_of, make_client

pytestmark = pytest.mark.django_db


@pytest.mark.security("OP-7")
def test_the_id_token_says_who_when_how_and_for_whom(visitor: Any, person: Any, partner: Any) -> None:
    tokens = partner.tokens(visitor)
    claims = claims_of(tokens["id_token"])
    now = int(time.time())
    assert claims["iss"] == "http://testserver"
    assert claims["aud"] == partner.id
    assert claims["sub"] == str(person.public_id)
    assert claims["sub"] != str(person.pk)
    assert claims["nonce"] == "nonce-456"
    assert abs(claims["iat"] - now) <= 5
    assert 0 < claims["exp"] - claims["iat"] <= 600
    assert claims["auth_time"] == int(visitor.row.proved_at.timestamp())
    assert claims["acr"] == "niveau1"
    assert claims["amr"] == ["pwd", "otp", "mfa"]
    assert len(claims["sid"]) == 32
    assert len(claims["at_hash"]) == 22


@pytest.mark.security("OP-10")
def test_the_answer_names_its_issuer_and_gives_the_state_back_untouched(visitor: Any, partner: Any) -> None:
    state = 'a&b=c d"<é>#%2F'
    answer = answer_of(partner.ask(visitor, state=state))
    assert answer["state"] == state
    assert answer["iss"] == "http://testserver"
    assert set(answer) == {"code", "state", "iss"}


def test_userinfo_tells_what_the_scopes_allow(visitor: Any, person: Any, partner: Any) -> None:
    told = partner.userinfo(partner.tokens(visitor)["access_token"]).json()
    assert told["name"] == "Ariane Martel"
    assert told["email"] == person.email
    assert told["email_verified"] is True
    assert told["roles"] == []
    told = partner.userinfo(partner.tokens(visitor, scope="openid email")["access_token"]).json()
    assert set(told) == {"sub", "email", "email_verified"}


@pytest.mark.security("OP-7")
def test_the_contract_of_the_partner_bounds_what_it_asks(visitor: Any) -> None:
    narrow = make_client("etroite", scopes=["openid", "profile"])
    tokens = narrow.tokens(visitor)
    assert tokens["scope"] == "openid profile"
    assert "email" not in narrow.userinfo(tokens["access_token"]).json()


@pytest.mark.security("OP-7")
def test_email_verified_is_the_truth(visitor: Any, person: Any, partner: Any) -> None:
    access = partner.tokens(visitor)["access_token"]
    person.email_verified_at = None
    person.save(update_fields=["email_verified_at"])
    assert partner.userinfo(access).json()["email_verified"] is False


def test_a_renewal_gives_new_tokens_and_keeps_when_and_how(visitor: Any, partner: Any) -> None:
    first = partner.tokens(visitor)
    second = partner.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    before, after = claims_of(first["id_token"]), claims_of(second["id_token"])
    assert {k: before[k] for k in ("sub", "auth_time", "acr", "amr", "sid")} == {
        k: after[k] for k in ("sub", "auth_time", "acr", "amr", "sid")
    }
    assert partner.userinfo(second["access_token"]).status_code == 200


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_both_algorithms_sign(visitor: Any, algorithm: str) -> None:
    client = make_client(f"signe-{algorithm.lower()}", id_token_algorithm=algorithm)
    assert claims_of(client.tokens(visitor)["id_token"])["aud"] == client.id


def test_pairwise_names_differ_between_partners_and_stay_the_same(visitor: Any, person: Any) -> None:
    one, two = make_client("un", is_pairwise=True), make_client("deux", is_pairwise=True)
    first = partner_sub(one, visitor)
    assert first == partner_sub(one, visitor)
    assert first not in {partner_sub(two, visitor), str(person.public_id)}


def partner_sub(client: Any, visitor: Any) -> str:
    tokens = client.tokens(visitor)
    sub = claims_of(tokens["id_token"])["sub"]
    assert client.userinfo(tokens["access_token"]).json()["sub"] == sub
    return str(sub)


def test_a_machine_gets_access_without_anybody(db: None) -> None:
    machine = make_client("machine", grants=["client_credentials"], scopes=["annuaire.lire", "email"])
    answer = machine.post("/openid/jetons/", {"grant_type": "client_credentials"}).json()
    assert answer["scope"] == "annuaire.lire"
    assert "id_token" not in answer
    assert "refresh_token" not in answer
    assert machine.userinfo(answer["access_token"]).status_code == 401
    told = machine.post("/openid/introspection/", {"token": answer["access_token"]}).json()
    assert told["active"] is True
    assert "sub" not in told
    widened = machine.post("/openid/jetons/", {"grant_type": "client_credentials", "scope": "email"})
    assert widened.json()["error"] == "invalid_scope"


def test_the_first_entry_of_a_session_is_in_the_journal_once(visitor: Any, person: Any, partner: Any) -> None:
    partner.tokens(visitor)
    partner.tokens(visitor)
    events = SecurityEvent.objects.filter(action="partner_entered", subject=person)
    assert [event.data["name"] for event in events.order_by("pk")] == [partner.row.name]


def test_a_whole_entry_takes_eight_queries_and_the_protocol_opens_no_session(
    visitor: Any, person: Any, partner: Any
) -> None:
    keys.ring()
    gates.next_gate(person)  # remembered for an hour
    with CaptureQueriesContext(
        connection,
    ) as entry:
        tokens = partner.tokens(visitor)
    assert len(real(entry)) <= 8
    with CaptureQueriesContext(connection) as again:
        partner.tokens(visitor)
    assert len(real(again)) <= 7, [query["sql"][:90] for query in again]
    with CaptureQueriesContext(connection) as renewal:
        partner.refresh(tokens["refresh_token"])
    assert len(real(renewal)) <= 3
    with CaptureQueriesContext(connection) as reading:
        response = partner.userinfo(tokens["access_token"])
    assert len(real(reading)) == 1
    assert response.cookies == {}
    statements = " ".join(query["sql"] for query in [*renewal.captured_queries, *reading.captured_queries])
    assert "storedsession" not in statements


def real(captured: CaptureQueriesContext) -> list[str]:
    """Without the savepoints that the test's own transaction adds."""
    return [query["sql"] for query in captured.captured_queries if "SAVEPOINT" not in query["sql"]]


def test_discovery_and_keys_cost_no_query(client: Any, db: None) -> None:
    keys.ring()
    with CaptureQueriesContext(connection) as captured:
        discovery = client.get("/.well-known/openid-configuration")
        jwks = client.get("/openid/cles/")
    assert len(captured) == 0
    assert discovery["Cache-Control"] == jwks["Cache-Control"] == "public, max-age=3600"
    assert {key["alg"] for key in jwks.json()["keys"]} == {"RS256", "ES256"}
    assert all("d" not in key and key["use"] == "sig" for key in jwks.json()["keys"])


def test_the_session_bounds_the_refresh(visitor: Any, partner: Any) -> None:
    partner.tokens(visitor)
    grant = OpenIdGrant.objects.get()
    assert grant.ends_at <= visitor.row.ends_at
