"""The lists of the support's desk filter on what they show, and on nothing else: a filter on a hash reads the hash."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory

from portal.common.admin_lists import GuardedListAdmin
from tests.hub.people import make_agent, make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("ACL-5", "WEB-8")]
LISTS = [
    *("accounts/user", "accounts/securityevent", "hub/supportticket", "hub/tile", "hub/notice"),
    "messaging/outgoingmessage",
]


@pytest.fixture
def desk() -> Client:
    browser = sign_in(make_agent(), level=2)
    browser.raise_request_exception = False
    return browser


def test_no_list_filters_on_a_secret_or_on_another_table(rf: RequestFactory) -> None:
    secrets = [
        *("password__startswith", "password", "token_hash__gt", "user__password__startswith", "seal__gt"),
        *("subject__password__regex", "author__password__gt", "is_superuser__exact", "created_at__year"),
        *("body_text__contains", "dedup_key__startswith", "recipient__startswith", "claim__gt"),
    ]
    checked = list(admin.site._registry.values())
    assert len(checked) >= 5 and all(isinstance(entry, GuardedListAdmin) for entry in checked)
    for entry in checked:
        for lookup in secrets:
            assert not entry.lookup_allowed(lookup, "a", rf.get("/")), (entry, lookup)
    users = next(entry for entry in checked if entry.opts.model_name == "user")
    for lookup in ("status__exact", "is_staff__exact", "created_at__gte", "created_at__lt"):
        assert users.lookup_allowed(lookup, "a", rf.get("/"))


def test_the_hash_of_a_password_is_not_guessed_letter_by_letter(desk: Client) -> None:
    person = make_person("unique.personne")
    for start in (person.password[:3], "zzz"):
        answer = desk.get("/administration/accounts/user/", {"password__startswith": start})
        assert answer.status_code == 400 and b"unique.personne" not in answer.content


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "status__exact=%00",
        "outcome=%00",
        "recipient=%00",
        "created_at__year=99999999",
        "p=-9",
        "o=99.-7.x",
        "e=1",
    ],
)
def test_odd_filters_never_crash_a_list(desk: Client, path: str, query: str) -> None:
    assert desk.get(f"/administration/{path}/?{query}").status_code < 500


@pytest.mark.parametrize("key", ["abc", "\x00", "", "99999999999999999999"])
@pytest.mark.parametrize("more", [{}, {"confirm": "1", "reason": "essai"}])
def test_a_line_that_is_none_is_refused_not_a_failure(desk: Client, key: str, more: dict[str, str]) -> None:
    ticked = {"action": "resend_chosen", "_selected_action": key, **more}
    assert desk.post("/administration/messaging/outgoingmessage/", ticked).status_code == 400


@pytest.mark.parametrize(
    "address", ["r/1/1/", "r/99/1/", "accounts/user/1/password/", "auth/group/", "mfa/authenticator/"]
)
def test_pages_of_djangos_own_desk_are_closed(desk: Client, address: str) -> None:
    assert desk.get(f"/administration/{address}", follow=True).status_code in {403, 404}
