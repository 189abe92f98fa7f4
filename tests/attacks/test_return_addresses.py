"""Where a sign-in leads must stay ours, however the address is written (WEB-4)."""

from __future__ import annotations

import pytest
from django.test import Client

from portal.common.web import is_safe_next
from tests.accounts.signin.steps import pass_both
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("WEB-4")]

ELSEWHERE = [
    *(
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "http:evil.example",
    ),
    *("/\t/evil.example", "\t//evil.example", "/%09/evil.example", "/%2f/evil.example", "%2f%2fevil.example"),
    *(
        "/%5cevil.example",
        "/%255cevil.example",
        "/%25252fevil.example/%2f",
        "///evil.example",
        "/@evil.example",
    ),
    *(
        "/.//evil.example",
        "/..//evil.example",
        "/x/../../evil.example",
        "/%2e%2e//evil.example",
        "/./evil.example",
    ),
    *(
        "evil.example",
        "/\u2028/evil.example",
        "/x//evil.example",
        "https:/evil.example",
        "",
        "/" + "a" * 3000,
    ),
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_address_that_could_be_read_as_another_site_is_followed(target: str) -> None:
    assert not is_safe_next(target)


@pytest.mark.parametrize(
    "target",
    ["/", "/preferences/", "/?q=a//b&x=../y", "/applications/ror/ouvrir/?lien=a.b", "/.well-known/x"],
)
def test_our_own_addresses_are(target: str) -> None:
    assert is_safe_next(target)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_page_redirects_elsewhere(target: str) -> None:
    client = Client()
    sign_in(client, make_person())
    for path in (
        "/connexion/",
        "/connexion/preuve/",
        "/connexion/niveau/",
        "/preferences/documents/",
        "/administration/login/",
    ):
        for name in ("next", "suivant"):
            answer = client.get(
                path, {name: target, "niveau": "1"}, headers={"Referer": target.strip() or "x"}
            )
            assert "evil" not in answer.get("Location", "").partition("?")[0], (path, name)
            assert "javascript" not in answer.get("Location", "")


def test_a_forged_host_changes_no_link_and_no_redirect(outbox: Outbox) -> None:
    client, person = Client(), make_person()
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Port": "1",
        "Forwarded": "host=evil.example",
        "X-Original-URL": "/x",
    }
    answer = client.post("/mot-de-passe/oublie/", {"identifiant": person.email}, headers=forged)
    assert "evil" not in answer["Location"]
    assert outbox.last(person.email).link.startswith("http://testserver/")
    assert "evil" not in outbox.last(person.email).text + outbox.last(person.email).html
    for host in ("evil.example", "testserver@evil.example", "testserver:80:80", "test server", ""):
        assert client.get("/connexion/", headers={"Host": host}).status_code == 400


def test_the_next_page_asked_by_a_form_is_ours(outbox: Outbox) -> None:
    client, person = Client(), make_person()
    assert pass_both(client, person, outbox, next="//evil.example")["Location"] == "/"
