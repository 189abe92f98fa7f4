"""Who enters the support's pages, and through which door."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.models import SecurityEvent, User
from tests.hub.people import make_agent, make_person, sign_in

pytestmark = pytest.mark.django_db

PAGES = [
    "/administration/",
    "/administration/accounts/user/",
    "/administration/accounts/user/1/change/",
    "/administration/accounts/user/1/actes/suspendre/",
    "/administration/accounts/user/1/corriger/",
    "/administration/accounts/user/1/autre-etablissement/",
    "/administration/accounts/user/1/adresse/",
    "/administration/accounts/user/1/roles/",
    "/administration/accounts/securityevent/",
    "/administration/hub/supportticket/",
    "/administration/hub/notice/add/",
    "/administration/hub/tile/",
    "/administration/hub/legalpage/",
    "/administration/jsi18n/",
]


@pytest.mark.security("ACL-5", "MFA-1")
@pytest.mark.parametrize("address", PAGES)
def test_a_visitor_is_sent_to_the_portal_s_own_sign_in(address):
    answer = Client().get(address, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/connexion/")
    assert "administration" in answer.redirect_chain[-1][0]


@pytest.mark.security("ACL-5")
@pytest.mark.parametrize("address", PAGES)
def test_an_agent_without_a_strong_second_proof_sees_nothing(agent, address):
    answer = sign_in(agent, level=1).get(address, follow=True)
    assert answer.status_code == 403
    assert "application d’authentification" in answer.content.decode()
    assert reverse("accounts:means") in answer.content.decode()


@pytest.mark.security("ACL-5", "MFA-3")
def test_an_agent_who_holds_an_authenticator_is_asked_for_it_and_comes_back(agent):
    Authenticator.objects.create(user=agent, type=Authenticator.Type.TOTP, data={"secret": "x"})
    answer = sign_in(agent, level=1).get("/administration/accounts/user/", follow=False)
    while answer["Location"].startswith("/administration/login"):
        answer = sign_in(agent, level=1).get(answer["Location"])
    assert answer["Location"].startswith("/connexion/niveau/?niveau=2&next=%2Fadministration%2F")


@pytest.mark.security("ACL-5")
@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_professional_never_enters_whatever_their_level(person, level):
    answer = sign_in(person, level=level).get("/administration/accounts/user/", follow=True)
    assert answer.status_code == 403
    event = SecurityEvent.objects.get(action="admin_refused")
    assert (event.actor, event.outcome) == (person, "refused")


@pytest.mark.security("ACL-5")
@pytest.mark.parametrize("level", [2, 3])
def test_an_agent_with_two_strong_proofs_enters(agent, level):
    assert sign_in(agent, level=level).get("/administration/").status_code == 200


@pytest.mark.security("ACL-6")
def test_an_agent_who_is_no_longer_one_is_out_at_the_next_request(agent):
    client = sign_in(agent, level=2)
    User.objects.filter(pk=agent.pk).update(is_staff=False)
    assert client.get("/administration/", follow=True).status_code == 403


@pytest.mark.security("WEB-4")
@pytest.mark.parametrize(
    "target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_return_address_stays_on_the_portal(agent, target):
    answer = sign_in(agent, level=2).get("/administration/login/", {"next": target})
    assert answer["Location"] == "/administration/"


@pytest.mark.security("PWD-7")
def test_there_is_no_password_door():
    for name in ("password_change", "password_change_done", "auth_user_password_change"):
        with pytest.raises(NoReverseMatch):
            reverse(f"admin:{name}", args=[1] if name.startswith("auth") else [])
    assert (
        sign_in(make_agent("autre.agent"), level=2).get("/administration/password_change/").status_code == 404
    )


@pytest.mark.security("ACL-5")
def test_only_the_product_s_own_tables_have_pages():
    labels = {model._meta.app_label for model in admin.site._registry}
    assert labels <= {"accounts", "hub", "messaging", "referentiels", "ror", "maillage"}
    names = {model.__name__ for model in admin.site._registry}
    assert not names & {
        "Group",
        "Authenticator",
        "EmailAddress",
        "OneTimeCode",
        "MailedLink",
        "StoredSession",
    }


@pytest.mark.security("ACL-5")
def test_nobody_may_add_or_delete_a_person(person):
    client = sign_in(make_agent("chef", is_superuser=True), level=2)
    assert client.get("/administration/accounts/user/add/").status_code == 403
    assert (
        client.post(f"/administration/accounts/user/{person.pk}/delete/", {"post": "yes"}).status_code == 403
    )
    assert User.objects.filter(pk=person.pk).exists()


@pytest.mark.security("WEB-1", "WEB-2")
def test_every_page_holds_under_the_strict_policy_and_is_not_cached(desk, person):
    make_person("autre.personne")
    addresses = [
        "/administration/",
        "/administration/accounts/user/?q=zoe",
        f"/administration/accounts/user/{person.pk}/change/",
        f"/administration/accounts/user/{person.pk}/actes/suspendre/",
        "/administration/accounts/securityevent/",
        "/administration/hub/tile/add/",
        "/administration/hub/notice/add/",
        "/administration/hub/legalpage/add/",
    ]
    for address in addresses:
        answer = desk.get(address)
        page = answer.content.decode()
        assert answer.status_code == 200, address
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert "no-store" in answer["Cache-Control"], address
        assert " style=" not in page and "<style" not in page, address
        assert page.count("<h1") == 1, address
        assert all(
            "src=" in tag
            for tag in page.split("<script")[1:]
            if not tag.startswith(' type="application/json"')
        )
