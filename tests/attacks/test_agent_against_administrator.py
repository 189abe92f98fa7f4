"""An agent of the support must not take the account of an administrator: detach, re-address, reset, sign in (ACL-5)."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from accounts import support, support_acts
from accounts.models import EmailChange, SecurityEvent, User
from tests.hub.people import make_agent, make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("ACL-5", "ACL-2")]
MINE = "agent@exemple.fr"
WHY = {"motif": "appel téléphonique"}


@pytest.fixture
def administrator() -> User:
    return make_agent("alix.admin", is_superuser=True, phone_mobile="+33639980001")


def test_an_agent_changes_nothing_of_an_administrator(administrator: User) -> None:
    desk = sign_in(make_agent(), level=2)
    page = f"/administration/accounts/user/{administrator.pk}"
    before = User.objects.values().get(pk=administrator.pk)
    acts = [f"actes/{act.key}" for act in support_acts.ACTS]
    for act in [*acts, "corriger", "autre-etablissement", "adresse", "roles"]:
        answer = desk.post(f"{page}/{act}/", WHY | {"email": MINE, "nom": "X", "prenom": "Y", "vu": "x"})
        assert answer.status_code == 200, act
    assert User.objects.values().get(pk=administrator.pk) == before
    assert not EmailChange.objects.exists()
    refused = desk.post(f"{page}/actes/retirer-mobile/", WHY).content.decode()
    assert "administrateur" in refused


def test_another_administrator_may(administrator: User) -> None:
    colleague = make_agent("bo.admin", is_superuser=True)
    support.remove_mobile(administrator, actor=colleague, reason="téléphone perdu")
    administrator.refresh_from_db()
    assert administrator.phone_mobile == ""


def test_an_agent_names_no_agent_and_no_administrator() -> None:
    desk, person = sign_in(make_agent(), level=2), make_person()
    role = Group.objects.create(name="essai")
    extra = {
        "is_staff": "on",
        "is_superuser": "on",
        "status": "active",
        "user_permissions": "1",
        "password": "x",
    }
    desk.post(f"/administration/accounts/user/{person.pk}/roles/", WHY | extra | {"roles": [role.pk]})
    person.refresh_from_db()
    assert person.groups.count() == 1
    assert (person.is_staff, person.is_superuser, person.user_permissions.count()) == (False, False, 0)


@pytest.mark.parametrize("level", [1, 2])
def test_no_page_of_the_desk_opens_below_level_two_or_to_others(level: int) -> None:
    person = make_person()
    browsers = [sign_in(make_person("un.autre"), level=level)]
    if level == 1:
        browsers.append(sign_in(make_agent(), level=1))
    pages = ["", "accounts/user/", f"accounts/user/{person.pk}/change/", f"accounts/user/{person.pk}/actes/suspendre/",
             "accounts/securityevent/", "hub/supportticket/", "messaging/outgoingmessage/", "jsi18n/",
             "autocomplete/", "r/1/1/", "password_change/", "auth/group/", "sessions/session/"]  # fmt: skip
    for browser in browsers:
        for page in pages:
            for send in (browser.get, browser.post):
                answer = send(f"/administration/{page}", WHY)
                assert answer.status_code in {302, 403, 404, 405}, page
                assert answer.status_code != 302 or answer["Location"].startswith("/administration/login/")
    person.refresh_from_db()
    assert person.status == "active" and not SecurityEvent.objects.filter(action="admin_viewed").exists()
