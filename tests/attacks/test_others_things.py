"""Everything named in an address belongs to somebody: to anybody else it does not exist (ACL-1, ACL-2, SES-6)."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import SecurityEvent, User
from accounts.views.sessions import reference_of
from portal.hub.models import SupportTicket, TicketMessage
from tests.support.sign_in import make_person, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.security("ACL-1", "ACL-2")]


@pytest.fixture
def owner() -> User:
    return make_person()


@pytest.fixture
def stranger() -> Client:
    browser = Client()
    sign_in(browser, make_person())
    return browser


def ask(client: Client) -> SupportTicket:
    client.post("/assistance/", {"sujet": "other", "objet": "Mot", "demande": "Une demande."})
    return SupportTicket.objects.get()


def test_a_question_is_its_owners_alone(owner: User, stranger: Client) -> None:
    browser = Client()
    sign_in(browser, owner)
    ticket = ask(browser)
    messages = TicketMessage.objects.count()
    page = f"/assistance/demandes/{ticket.public_id}/"
    assert browser.get(page).status_code == 200
    assert stranger.get(page).status_code == 404
    assert stranger.post(page + "completer/", {"message": "x"}).status_code == 404
    assert stranger.post(page + "clore/").status_code == 404
    assert Client().get(page)["Location"].startswith("/connexion/")
    assert b"Mot" not in stranger.get("/assistance/demandes/").content.partition(b"<main")[2]
    assert TicketMessage.objects.count() == messages
    assert SupportTicket.objects.get().status == ticket.status


def test_a_question_writes_only_what_its_form_shows(owner: User) -> None:
    browser = Client()
    sign_in(browser, owner)
    other = make_person()
    fields = {
        "user": other.pk,
        "email": "autre@exemple.fr",
        "status": "closed",
        "nom": "Autre",
        "reference": "A-1",
    }
    browser.post("/assistance/", {"sujet": "other", "objet": "Mot", "demande": "Une demande.", **fields})
    ticket = SupportTicket.objects.get()
    assert (ticket.user, ticket.email, ticket.status) == (owner, owner.email, "open")


def test_a_session_is_closed_by_its_owner_alone(owner: User, stranger: Client) -> None:
    browser = Client()
    row = sign_in(browser, owner)
    for reference in (reference_of(row), str(row.pk), row.session_key_hash):
        assert stranger.post(f"/preferences/sessions/{reference}/fermer/").status_code == 404
    assert browser.get("/preferences/").status_code == 200


def test_the_account_form_writes_no_right_and_no_proof(owner: User) -> None:
    browser = Client()
    sign_in(browser, owner)
    kept = [
        *("is_staff", "is_superuser", "status", "email", "email_verified_at", "identifiant", "password"),
        *(
            "phone_mobile",
            "phone_mobile_verified_at",
            "public_id",
            "must_change_password",
            "preferred_channel",
        ),
    ]
    before = User.objects.values(*kept).get(pk=owner.pk)
    extra = dict.fromkeys(kept, "1") | {"email": "x@exemple.fr", "status": "closed", "groups": "1", "id": "1"}
    for path in ("/preferences/identite/", "/preferences/activite/"):
        version = User.objects.get(pk=owner.pk).updated_at.isoformat()
        browser.post(path, {"version": version, "nom": "Nouveau", "prenom": "Nom", **extra})
    assert User.objects.values(*kept).get(pk=owner.pk) == before
    assert User.objects.get(pk=owner.pk).nom == "Nouveau"


def test_another_persons_journal_and_data_are_not_shown(owner: User, stranger: Client) -> None:
    SecurityEvent.objects.create(action="sign_in", subject=owner, device="Navigateur Repère")
    for path in ("/preferences/journal/", "/preferences/sessions/", "/preferences/"):
        page = stranger.get(path, {"user": owner.pk, "subject": owner.pk, "page": "9"})
        assert page.status_code == 200 and b"Rep\xc3\xa8re" not in page.content
        assert owner.email.encode() not in page.content


@pytest.mark.security("WEB-3")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"])
def test_no_act_answers_to_another_method(owner: User, method: str) -> None:
    browser = Client()
    row = sign_in(browser, owner)
    acts = ["/deconnexion/", "/session/prolonger/", "/preferences/lettre/", "/preferences/adresse/annuler/",
            "/preferences/sessions/fermer-tout/", "/preferences/sessions/fermer-les-autres/",
            f"/preferences/sessions/{reference_of(row)}/fermer/", "/favoris/ordre/", "/connexion/annuler/",
            "/preferences/moyens/codes-de-secours/renouveler/", "/connexion/verification/envoyer/"]  # fmt: skip
    for path in acts:
        assert browser.generic(method, path).status_code == 405, path
    assert browser.get("/preferences/").status_code == 200


@pytest.mark.security("WEB-3")
def test_no_form_is_taken_from_another_site(owner: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    sign_in(browser, owner)
    browser.get("/preferences/identite/")
    token = browser.cookies["csrftoken"].value
    for headers in (
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
    ):
        body = {} if not headers else {"csrfmiddlewaretoken": token}
        for path in (
            "/deconnexion/",
            "/connexion/",
            "/preferences/fermer/",
            "/preferences/lettre/",
            "/inscription/",
        ):
            assert browser.post(path, body, headers=headers).status_code == 403, (path, headers)
    assert browser.get("/preferences/").status_code == 200
