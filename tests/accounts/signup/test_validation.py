"""The link of the validation mail: opening it changes nothing, the button acts, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.enums import AccountStatus
from accounts.models import AccountTransition, MailedLink, SecurityEvent, User
from accounts.workflows import account
from tests.accounts.signup.people import ADDRESS, filled_form, make_user
from tests.support.outbox import Outbox

pytestmark = pytest.mark.django_db
CLEAN = "/inscription/validation/"


@pytest.fixture
def mailed(client: Client, outbox: Outbox) -> str:
    """Path of the link in the mail of a sign-up."""
    client.post("/inscription/", filled_form())
    return outbox.last(ADDRESS).path


@pytest.mark.feature("ROR-047", "ROR-050", "M94-073")
def test_button_then_success_page(new_client: Callable[[], Client], mailed: str) -> None:
    browser = new_client()
    first = browser.get(mailed)
    assert (first.status_code, first["Location"]) == (302, CLEAN)
    asked = browser.get(CLEAN).content.decode()
    assert "Je valide mon adresse mail" in asked
    assert User.objects.get().status == AccountStatus.PENDING
    done = browser.post(CLEAN, follow=True)
    html = done.content.decode()
    assert "Validation de votre adresse mail" in html
    assert "Votre mail a été validé avec succès, vous pouvez à présent continuer vers :" in html
    assert "CONTINUER" in html
    assert "Portail ENRS" in html
    user = User.objects.get()
    assert user.status == AccountStatus.ACTIVE
    assert user.email_verified_at
    assert user.transitions.values_list("name", flat=True).last() == "validate_email"


@pytest.mark.security("CODE-9")
def test_the_token_leaves_the_address_at_once_and_is_told_to_nobody(client: Client, mailed: str) -> None:
    first = client.get(mailed)
    assert "key" not in first["Location"]
    assert first["Referrer-Policy"] == "no-referrer"
    assert "no-store" in first["Cache-Control"]
    cookie = first.cookies["lien-validation"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert "no-store" in client.get(CLEAN)["Cache-Control"]


@pytest.mark.security("WEB-3", "CODE-9")
def test_mail_scanners_may_open_the_link(
    new_client: Callable[[], Client], mailed: str, django_assert_num_queries: Callable
) -> None:
    for method in ("get", "head"):
        scanner = new_client()
        with django_assert_num_queries(0):
            getattr(scanner, method)(mailed)
        getattr(scanner, method)(CLEAN)
    assert User.objects.get().status == AccountStatus.PENDING
    assert MailedLink.objects.get().used_at is None


@pytest.mark.security("CODE-9")
def test_the_link_serves_once_and_says_so_the_second_time(
    new_client: Callable[[], Client], mailed: str
) -> None:
    browser = new_client()
    browser.get(mailed)
    browser.post(CLEAN)
    browser.get(mailed)
    again = browser.post(CLEAN)
    assert again.status_code == 410
    assert "votre adresse est validée" in again.content.decode()
    assert SecurityEvent.objects.filter(action="email_validated").count() == 1


def test_the_back_button_after_success_leads_on(new_client: Callable[[], Client], mailed: str) -> None:
    browser = new_client()
    browser.get(mailed)
    browser.post(CLEAN)
    page = browser.get(CLEAN)
    assert page.status_code == 410
    assert 'href="/inscription/renvoyer/"' in page.content.decode()


def test_an_old_link_is_refused_with_a_way_to_get_another(
    new_client: Callable[[], Client], mailed: str
) -> None:
    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1), tick=False):
        browser = new_client()
        browser.get(mailed)
        response = browser.post(CLEAN)
    assert response.status_code == 410
    assert "Le délai de ce lien est dépassé" in response.content.decode()
    assert "Recevoir un nouveau message" in response.content.decode()
    assert User.objects.get().status == AccountStatus.PENDING


@pytest.mark.parametrize("key", ["x", "é" * 43, "a" * 43, "../" * 20, "a" * 5000, "%00", ""])
def test_unknown_links_get_a_page_never_an_error(client: Client, key: str) -> None:
    client.get("/inscription/validation/", {"key": key})
    response = client.get(CLEAN)
    assert response.status_code == 410
    assert "Ce lien est incomplet ou inconnu" in response.content.decode()


@pytest.mark.security("CODE-9")
def test_a_newer_link_kills_the_older(client: Client, outbox: Outbox, mailed: str) -> None:
    client.post("/inscription/renvoyer/", {"email": ADDRESS})
    newer = outbox.last(ADDRESS).path
    assert newer != mailed
    client.get(mailed)
    old = client.post(CLEAN)
    assert old.status_code == 410
    assert "Un lien plus récent vous a été envoyé" in old.content.decode()
    client.get(newer)
    assert client.post(CLEAN).status_code == 302


@pytest.mark.security("CODE-9")
def test_a_reset_link_validates_nothing_and_the_reverse(client: Client, outbox: Outbox, mailed: str) -> None:
    make_user("autre")
    client.post("/mot-de-passe/oublie/", {"identifiant": "autre"})
    reset_key = outbox.last("autre@exemple.fr").link.partition("key=")[2].partition("&")[0]
    client.get(CLEAN, {"key": reset_key})
    assert client.post(CLEAN).status_code == 410
    client.get("/mot-de-passe/choisir/", {"key": mailed.partition("key=")[2]})
    assert client.get("/mot-de-passe/choisir/").status_code == 410


@pytest.mark.feature("ROR-049", "M94-073")
def test_no_sign_in_before_the_click_and_sign_in_after(
    new_client: Callable[[], Client], mailed: str, outbox: Outbox
) -> None:
    browser = new_client()
    typed = {"identifiant": "camille.morin", "mot_de_passe": "Bleu-Citron7-Vélo"}
    refused = browser.post("/connexion/", typed)
    assert refused.status_code == 200
    assert "_auth_user_id" not in browser.session
    browser.get(mailed)
    browser.post(CLEAN)
    cache.clear()
    accepted = browser.post("/connexion/", typed)
    assert accepted["Location"] == "/connexion/verification/"


def test_a_closed_account_is_not_opened_by_its_old_link(client: Client, mailed: str) -> None:
    user = User.objects.get()
    staff = make_user("agent", is_staff=True)
    account.close(user, actor=staff, reason="doublon")
    client.get(mailed)
    assert client.post(CLEAN).status_code == 410
    user.refresh_from_db()
    assert user.status == AccountStatus.CLOSED


@pytest.mark.feature("ROR-047")
@pytest.mark.security("ABU-1")
def test_asking_the_mail_again_answers_alike_for_everybody(client: Client, outbox: Outbox) -> None:
    client.post("/inscription/", filled_form())
    make_user("ouvert")
    outbox.clear()
    answers = []
    for address in (ADDRESS, "ouvert@exemple.fr", "inconnu@exemple.fr"):
        response = client.post("/inscription/renvoyer/", {"email": address})
        page = client.get(response["Location"]).content.decode().replace(address, "")
        answers.append((response.status_code, response["Location"], len(page)))
    assert len(set(answers)) == 1
    assert [mail.to for mail in outbox.messages] == [ADDRESS, "ouvert@exemple.fr"]
    assert "Vous avez déjà un compte" in outbox.last("ouvert@exemple.fr").subject


@pytest.mark.security("CODE-6")
def test_at_most_three_mails_in_ten_minutes(client: Client, outbox: Outbox) -> None:
    client.post("/inscription/", filled_form())
    for _ in range(6):
        assert client.post("/inscription/renvoyer/", {"email": ADDRESS}).status_code == 302
    assert len(outbox.messages) == 3


def test_the_transition_log_tells_the_whole_story(client: Client, mailed: str) -> None:
    client.get(mailed)
    client.post(CLEAN)
    rows = list(AccountTransition.objects.values_list("name", "source", "target", "actor").order_by("pk"))
    assert rows == [("sign_up", "", "pending", None), ("validate_email", "pending", "active", None)]
