"""Attacks on the authorization endpoint, each test named after one (OP-1 to OP-3, OP-8 to OP-10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
from django.test import Client
from django.utils import timezone

from portal.hub.oidc.models import OpenIdConsent, OpenIdGrant, OpenIdPending
from tests.oidc.partner import AUTHORIZE, Partner, answer_of, claims_of, decide, make_client

pytestmark = pytest.mark.django_db

URI = "https://appli-region.example/retour"


# --- OP-1 ------------------------------------------------------------------------------------------------
@pytest.mark.security("OP-1")
@pytest.mark.parametrize(
    "uri",
    [
        f"{URI}?x=1",
        f"{URI};x",
        f"{URI}/",
        f"{URI}#a",
        f"{URI}%00",
        "https://appli-region.example/RETOUR",
        "https://appli-region.example/a/../retour",
        "https://appli-region.example:443/retour",
        "http://appli-region.example/retour",
        "https://appli-region.example@mechant.example/retour",
        "https://appli-region.example.mechant.example/retour",
        "https://appli-region.example\\@mechant.example/retour",
        "//appli-region.example/retour",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_redirect_uri_that_is_not_registered_to_the_letter_leads_nowhere(
    visitor: Any, partner: Partner, uri: str
) -> None:
    response = partner.ask(visitor, redirect_uri=uri)
    assert response.status_code == 400
    assert "Location" not in response
    assert not OpenIdGrant.objects.exists()


@pytest.mark.security("OP-1")
@pytest.mark.parametrize("name", ["redirect_uri", "client_id"])
def test_a_repeated_client_or_redirect_uri_leads_nowhere(visitor: Any, partner: Partner, name: str) -> None:
    query = [*partner.query().items(), (name, partner.query()[name])]
    assert visitor.get(f"{AUTHORIZE}?{urlencode(query)}").status_code == 400


@pytest.mark.security("OP-1")
@pytest.mark.parametrize("client_id", ["inconnue", "", "appli-region\0", "APPLI-REGION"])
def test_an_unknown_client_leads_nowhere(visitor: Any, partner: Partner, client_id: str) -> None:
    response = partner.ask(visitor, client_id=client_id)
    assert response.status_code == 400
    assert "Location" not in response


@pytest.mark.security("OP-1")
def test_a_closed_client_leads_nowhere(visitor: Any, partner: Partner) -> None:
    partner.row.is_active = False
    partner.row.save()
    assert partner.ask(visitor).status_code == 400


@pytest.mark.security("OP-1")
def test_the_redirect_uri_of_another_client_leads_nowhere(
    visitor: Any, partner: Partner, stranger: Partner
) -> None:
    assert partner.ask(visitor, redirect_uri=stranger.uri).status_code == 400


# --- OP-2, OP-3, OP-9, OP-10 -------------------------------------------------------------------------------
REFUSALS = [
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "id_token"}, "unsupported_response_type"),
    ({"response_type": "code id_token"}, "unsupported_response_type"),
    ({"response_type": None}, "unsupported_response_type"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"response_mode": "form_post"}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"code_challenge": None}, "invalid_request"),
    ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge": "court"}, "invalid_request"),
    ({"scope": "profile"}, "invalid_scope"),
    ({"scope": None}, "invalid_scope"),
    ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
    ({"request_uri": "http://169.254.169.254/"}, "request_uri_not_supported"),
    ({"registration": "{}"}, "registration_not_supported"),
    ({"claims": '{"userinfo":{"email":null}}'}, "invalid_request"),
    ({"prompt": "none login"}, "invalid_request"),
    ({"prompt": "toto"}, "invalid_request"),
    ({"max_age": "-1"}, "invalid_request"),
    ({"max_age": "demain"}, "invalid_request"),
    ({"nonce": "n" * 600}, "invalid_request"),
    ({"state": "e" * 3000}, "invalid_request"),
    ({"nonce": "a\0b"}, "invalid_request"),
    ({"id_token_hint": "a.b.c"}, "invalid_request"),
]


@pytest.mark.security("OP-2", "OP-3", "OP-9", "OP-10")
@pytest.mark.parametrize(("changes", "error"), REFUSALS, ids=[f"{a[1]}-{n}" for n, a in enumerate(REFUSALS)])
def test_what_is_not_offered_is_told_to_the_partner(
    visitor: Any, partner: Partner, changes: dict[str, Any], error: str
) -> None:
    response = partner.ask(visitor, **changes)
    assert response.url.startswith(f"{URI}?")
    answer = answer_of(response)
    assert answer["error"] == error
    assert answer["iss"] == "http://testserver"
    assert "code" not in answer
    assert not OpenIdGrant.objects.exists()


@pytest.mark.security("OP-2")
@pytest.mark.parametrize("name", ["scope", "state", "nonce", "prompt", "code_challenge"])
def test_a_repeated_parameter_is_refused(visitor: Any, partner: Partner, name: str) -> None:
    query = [*partner.query(prompt="login").items(), (name, "openid")]
    assert answer_of(visitor.get(f"{AUTHORIZE}?{urlencode(query)}"))["error"] == "invalid_request"


@pytest.mark.security("OP-2")
def test_a_client_without_the_code_grant_signs_nobody_in(visitor: Any) -> None:
    machine = make_client("machine", grants=["client_credentials"])
    assert answer_of(machine.ask(visitor))["error"] == "unauthorized_client"


@pytest.mark.security("OP-2")
def test_discovery_says_what_is_true(client: Any) -> None:
    told = client.get("/.well-known/openid-configuration", HTTP_HOST="localhost").json()
    assert told["issuer"] == "http://testserver"  # never from the Host header
    assert told["response_types_supported"] == ["code"]
    assert told["grant_types_supported"] == ["authorization_code", "refresh_token", "client_credentials"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["authorization_response_iss_parameter_supported"] is True
    for name, url in told.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            path = url.removeprefix("http://testserver")
            assert client.get(path).status_code != 404, name


# --- OP-8 ------------------------------------------------------------------------------------------------------
@pytest.mark.security("OP-8")
def test_prompt_none_without_session_answers_login_required(partner: Partner) -> None:
    answer = answer_of(partner.ask(Client(), prompt="none"))
    assert answer["error"] == "login_required"
    assert answer["state"] == "etat-123"


@pytest.mark.security("OP-8")
def test_prompt_none_without_agreement_answers_consent_required(visitor: Any, stranger: Partner) -> None:
    assert answer_of(stranger.ask(visitor, prompt="none"))["error"] == "consent_required"


@pytest.mark.security("OP-8")
def test_an_agreement_with_one_partner_opens_nothing_for_another(
    visitor: Any, person: Any, stranger: Partner
) -> None:
    other = make_client("troisieme", is_regional=False)
    agree(visitor, other)
    assert "code" in answer_of(other.ask(visitor, prompt="none"))
    assert answer_of(stranger.ask(visitor, prompt="none"))["error"] == "consent_required"


@pytest.mark.security("OP-8")
def test_an_agreement_covers_its_scopes_and_its_version_only(visitor: Any, stranger: Partner) -> None:
    agree(visitor, stranger, scope="openid profile")
    assert "code" in answer_of(stranger.ask(visitor, prompt="none", scope="openid profile"))
    assert answer_of(stranger.ask(visitor, prompt="none"))["error"] == "consent_required"
    stranger.row.consent_version = 2
    stranger.row.save()
    asked = stranger.ask(visitor, prompt="none", scope="openid profile")
    assert answer_of(asked)["error"] == "consent_required"


@pytest.mark.security("OP-8")
@pytest.mark.parametrize("changes", [{"prompt": "login"}, {"max_age": "0"}, {"prompt": "select_account"}])
def test_prompt_login_really_asks_a_new_proof_even_right_after_one(
    visitor: Any, partner: Partner, changes: dict[str, str]
) -> None:
    response = partner.ask(visitor, **changes)
    assert unquote(response.url).startswith("/connexion/preuve/?next=/openid/autorisation/reprise/")
    assert visitor.get(response.url).status_code == 200  # the page of proof, not a way round
    kept = OpenIdPending.objects.get().reference
    again = visitor.get(f"/openid/autorisation/reprise/{kept}/")
    assert again.url.startswith("/connexion/preuve/")
    assert not OpenIdGrant.objects.exists()


@pytest.mark.security("OP-8")
def test_after_the_new_proof_the_entry_goes_on_and_auth_time_proves_it(
    visitor: Any, partner: Partner
) -> None:
    partner.ask(visitor, prompt="login")
    kept = OpenIdPending.objects.get().reference
    proved = timezone.now() + timedelta(seconds=2)
    type(visitor.row).objects.filter(pk=visitor.row.pk).update(proved_at=proved)
    page = visitor.get(f"/openid/autorisation/reprise/{kept}/")
    code = page.context["url"].split("code=")[1].split("&")[0]
    claims = claims_of(partner.redeem(code).json()["id_token"])
    assert claims["auth_time"] == int(proved.timestamp())
    assert not OpenIdPending.objects.exists()


@pytest.mark.security("OP-8")
def test_max_age_asks_again_only_when_the_proof_is_older(visitor: Any, partner: Partner) -> None:
    assert "code" in answer_of(partner.ask(visitor, max_age="600"))
    old = timezone.now() - timedelta(minutes=11)
    type(visitor.row).objects.filter(pk=visitor.row.pk).update(proved_at=old)
    assert partner.ask(visitor, max_age="600").url.startswith("/connexion/preuve/")
    assert answer_of(partner.ask(visitor, max_age="600", prompt="none"))["error"] == "login_required"


@pytest.mark.security("OP-8")
def test_taking_prompt_out_of_the_address_does_not_help(visitor: Any, partner: Partner) -> None:
    """What was asked is kept on the server: the address of return holds no parameter to remove."""
    target = unquote(partner.ask(visitor, prompt="login").url.split("next=")[1])
    assert "prompt" not in target
    assert "?" not in target
    assert visitor.get(f"{target}?prompt=").url.startswith("/connexion/preuve/")


@pytest.mark.security("OP-8")
def test_an_id_token_hint_of_somebody_else_is_not_this_person(visitor: Any, partner: Partner) -> None:
    from tests.support.sign_in import make_person, sign_in  # noqa: PLC0415

    mine = partner.tokens(visitor)["id_token"]
    assert "code" in answer_of(partner.ask(visitor, id_token_hint=mine))
    other = Client()
    somebody = make_person()
    _accept(somebody)
    sign_in(other, somebody)
    assert answer_of(partner.ask(other, id_token_hint=mine))["error"] == "login_required"


def _accept(person: Any) -> None:
    from accounts import documents  # noqa: PLC0415

    documents.accept(person, documents.required())


@pytest.mark.security("OP-8")
def test_login_hint_changes_nothing_whoever_it_names(person: Any, partner: Partner) -> None:
    known = partner.ask(Client(), login_hint=person.email)
    unknown = partner.ask(Client(), login_hint="personne@nulle-part.example")
    for response in (known, unknown):
        assert response.url.startswith("/connexion/?next=")
        assert len(response.url) == len(known.url)


# --- OP-9: levels -------------------------------------------------------------------------------------------------
@pytest.mark.security("OP-9")
def test_a_higher_level_is_asked_and_the_request_is_kept(visitor: Any, partner: Partner) -> None:
    response = partner.ask(visitor, acr_values="niveau2")
    assert unquote(response.url).startswith("/connexion/niveau/?niveau=2&next=/openid/autorisation/reprise/")
    assert answer_of(partner.ask(visitor, acr_values="niveau2", prompt="none"))["error"] == (
        "interaction_required"
    )
    assert "code" in answer_of(partner.ask(visitor, acr_values="urn:autre niveau1"))


@pytest.mark.security("OP-9")
def test_the_level_of_the_client_holds_whatever_is_asked(visitor: Any, person: Any) -> None:
    from tests.support.sign_in import sign_in  # noqa: PLC0415

    strict = make_client("stricte", needed_level=3)
    assert strict.ask(visitor, acr_values="niveau1").url.startswith("/connexion/niveau/?niveau=3")
    strong = Client()
    sign_in(strong, person, level=3)
    assert claims_of(strict.tokens(strong)["id_token"])["acr"] == "niveau3"


def agree(visitor: Any, partner: Partner, **changes: str) -> None:
    page = partner.ask(visitor, **changes)
    assert page.status_code == 200
    assert partner.row.name in page.content.decode()
    answer = decide(visitor, page, "accepter")
    assert answer.status_code == 200
    assert OpenIdConsent.objects.filter(client=partner.row, revoked_at=None).count() == 1
