"""The ID token, claim by claim, signed here by keys of our own."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

from accounts.psc import provider, tokens
from accounts.psc.line import Line
from accounts.psc.reasons import PscRefused, Reason
from portal.settings.psc import PscSettings

NONCE = "n" * 64
ACCESS = "access-token"
ISSUER = "https://auth.exemple.invalid/realm"
KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
CURVE = ECKey.generate_key("P-256", {"kid": "e1", "use": "sig"})


@pytest.fixture(autouse=True)
def _service(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PSC = PscSettings(
        environment="bas",
        issuer=ISSUER,
        discovery_url=f"{ISSUER}/x",
        authorization_url=ISSUER,
        client_id="portail",
        client_secret="secret",
    )
    published = provider.Metadata(ISSUER, ISSUER, ISSUER, ISSUER, f"{ISSUER}/certs", ISSUER)
    monkeypatch.setattr(provider, "metadata", lambda line: published)
    keys = [("k1", "", KEY), ("e1", "ES256", CURVE)]
    monkeypatch.setattr(provider, "_read_keys", lambda line, url: keys)
    provider.forget()
    yield
    provider.forget()


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {
        "iss": ISSUER,
        "sub": "f:u:8",
        "aud": "portail",
        "exp": now + 120,
        "iat": now,
        "nonce": NONCE,
        **changes,
    }
    return {name: value for name, value in made.items() if value is not ...}


def sign(content: Any, header: dict[str, Any] | None = None, key: Any = KEY) -> str:
    shown = {"alg": "RS256", "kid": "k1", **(header or {})}
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return jws.serialize_compact(shown, raw, key, algorithms=["RS256", "RS512", "PS256", "ES256", "HS256"])


def verify(token: Any, **options: Any) -> dict[str, Any]:
    with Line() as line:
        return tokens.verify(line, token, nonce=NONCE, access_token=ACCESS, **options)


def refusal(token: Any, **options: Any) -> Reason:
    with pytest.raises(PscRefused) as refused:
        verify(token, **options)
    return refused.value.reason


def test_a_token_made_for_us_is_read() -> None:
    assert verify(sign(claims(at_hash=tokens.at_hash(ACCESS, "RS256"))))["sub"] == "f:u:8"


@pytest.mark.security("RP-2")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": ISSUER + "/"}, Reason.ISSUER),
        ({"iss": None}, Reason.ISSUER),
        ({"aud": "autre"}, Reason.AUDIENCE),
        ({"aud": ...}, Reason.AUDIENCE),
        ({"aud": []}, Reason.AUDIENCE),
        ({"aud": ["autre", {"portail": 1}]}, Reason.AUDIENCE),
        ({"aud": ["portail", "autre"]}, Reason.AUTHORIZED_PARTY),
        ({"azp": "autre"}, Reason.AUTHORIZED_PARTY),
        ({"exp": ...}, Reason.EXPIRED),
        ({"exp": "demain"}, Reason.EXPIRED),
        ({"exp": True}, Reason.EXPIRED),
        ({"exp": 1e300}, Reason.EXPIRED),
        ({"exp": 10**400}, Reason.EXPIRED),
        ({"iat": 10**400}, Reason.ISSUED_AT),
        ({"nbf": 10**400}, Reason.ISSUED_AT),
        ({"iat": ...}, Reason.ISSUED_AT),
        ({"iat": 0}, Reason.ISSUED_AT),
        ({"nbf": 4_000_000_000}, Reason.ISSUED_AT),
        ({"nbf": "x"}, Reason.ISSUED_AT),
        ({"nonce": ...}, Reason.NONCE),
        ({"nonce": ""}, Reason.NONCE),
        ({"nonce": [NONCE]}, Reason.NONCE),
        ({"nonce": "é"}, Reason.NONCE),
        ({"sub": ""}, Reason.SUBJECT),
        ({"sub": 8}, Reason.SUBJECT),
        ({"sub": "a\u0000"}, Reason.SUBJECT),
        ({"sub": "a" * 256}, Reason.SUBJECT),
        ({"sub": "\ud800"}, Reason.SUBJECT),
        ({"at_hash": "x"}, Reason.ACCESS_TOKEN_HASH),
        ({"at_hash": 3}, Reason.ACCESS_TOKEN_HASH),
        ({"acr": "eidas0"}, Reason.ACR),
        ({"acr": "0"}, Reason.ACR),
        ({"acr": ["eidas1"]}, Reason.ACR),
        ({"acr": ""}, Reason.ACR),
    ],
)
def test_a_claim_that_is_wrong_is_refused(changes: dict[str, Any], reason: Reason) -> None:
    assert refusal(sign(claims(**changes))) is reason


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["portail"]},
        {"aud": ["autre", "portail"], "azp": "portail"},
        {"acr": None},
        {"acr": "eidas2"},
        {"nbf": 0},
        {"inconnu": [1]},
    ],
)
def test_what_the_standard_allows_is_admitted(changes: dict[str, Any]) -> None:
    assert verify(sign(claims(**changes)))["nonce"] == NONCE


@pytest.mark.security("RP-2")
def test_the_header_chooses_neither_the_algorithm_nor_the_key() -> None:
    shared = OctKey.import_key("secret" * 8)
    assert refusal(sign(claims(), {"alg": "HS256"}, shared)) is Reason.ALGORITHM
    assert refusal(sign(claims(), {"alg": "PS256"})) is Reason.ALGORITHM
    assert refusal(sign(claims(), {"alg": "ES256", "kid": "e1"}, CURVE)) is Reason.ALGORITHM
    stranger = RSAKey.generate_key(2048)
    assert refusal(sign(claims(), {"jwk": stranger.as_dict(private=False)}, stranger)) is Reason.SIGNATURE
    assert (
        refusal(sign(claims(), {"jku": "https://evil.example/", "kid": "x"}, stranger)) is Reason.UNKNOWN_KEY
    )


def test_other_signatures_are_a_setting(settings: Any) -> None:
    from dataclasses import replace  # noqa: PLC0415

    settings.PSC = replace(settings.PSC, algorithms=("RS256", "PS256", "ES256"))
    assert verify(sign(claims(), {"alg": "PS256"}))
    assert verify(sign(claims(), {"alg": "ES256", "kid": "e1"}, CURVE))
    assert refusal(sign(claims(), {"alg": "RS512"})) is Reason.ALGORITHM


@pytest.mark.security("RP-2")
@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (None, Reason.NO_ID_TOKEN),
        ("", Reason.NO_ID_TOKEN),
        ({"a": 1}, Reason.NO_ID_TOKEN),
        ("abc", Reason.MALFORMED),
        ("a.b.c", Reason.MALFORMED),
        ("a.b.c.d.e", Reason.MALFORMED),
        ("é.é.é", Reason.MALFORMED),
        ("W10.e30.", Reason.MALFORMED),
        ("a" * 40_000 + ".b.c", Reason.MALFORMED),
        ("eyJhbGciOiJub25lIn0.e30.", Reason.ALGORITHM),
        ("eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.e30.AAAA", Reason.SIGNATURE),
    ],
)
def test_what_is_no_token_is_refused(token: Any, reason: Reason) -> None:
    assert refusal(token) is reason


def test_a_payload_that_is_no_object_is_refused() -> None:
    assert refusal(sign(b"[1]")) is Reason.MALFORMED
    assert refusal(sign(b"[" * 20_000)) is Reason.MALFORMED


@pytest.mark.security("RP-7")
@pytest.mark.parametrize(("seconds", "is_admitted"), [(29, True), (31, False)])
def test_thirty_seconds_of_clock_and_no_more(seconds: int, is_admitted: bool) -> None:
    now = int(time.time())
    late, early = sign(claims(exp=now - seconds + 1)), sign(claims(iat=now + seconds))

    assert (not _is_refused(late)) is is_admitted
    assert (not _is_refused(early)) is is_admitted


def _is_refused(token: str) -> bool:
    try:
        verify(token)
    except PscRefused:
        return True
    return False


def test_a_fresh_proof_is_a_recent_one() -> None:
    now = int(time.time())
    assert verify(sign(claims(auth_time=now - 200)), is_fresh=True)
    for moment in (now - 400, None, "x", now + 7200):
        assert refusal(sign(claims(auth_time=moment)), is_fresh=True) is Reason.AUTH_TIME


@pytest.mark.security("RP-2")
def test_only_public_signing_keys_are_kept() -> None:
    public = KEY.as_dict(private=False)
    short = {**public, "n": public["n"][:171]}
    assert provider._as_key(public) is not None
    for raw in (
        None,
        {**public, "use": "enc"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "RSA"},
        {**public, "n": 3},
        {**public, "kid": 3},
        short,
    ):
        assert provider._as_key(raw) is None
