"""Sign-ups that meet: same address, same identifier, same number, same form twice; nobody learns who exists."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts import throttle
from accounts.enums import AccountStatus
from accounts.models import MailedLink, User
from accounts.workflows import account
from accounts.workflows.sign_up import Application, sign_up
from tests.accounts.signup.people import ADDRESS, filled_form, make_user
from tests.support.outbox import Outbox

URL = "/inscription/"


def together(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Run `act` in that many threads at the same instant; the results, or the exceptions."""
    barrier, results = threading.Barrier(count), [None] * count

    def run(rank: int) -> None:
        barrier.wait()
        try:
            results[rank] = act(rank)
        except Exception as error:  # noqa: BLE001 - the test looks at what came out
            results[rank] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
@pytest.mark.security("REL-5")
def test_twelve_sign_ups_with_one_address_make_one_account() -> None:
    statuses = together(
        12, lambda rank: Client().post(URL, filled_form(prenom=f"Camille{'x' * rank}")).status_code
    )
    assert statuses == [302] * 12
    user = User.objects.get()
    assert user.status == AccountStatus.PENDING
    assert MailedLink.objects.filter(dead_at=None, used_at=None).count() == 1
    assert 1 <= len(Outbox().emails(ADDRESS)) <= 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.security("REL-5")
def test_twelve_sign_ups_with_one_identifier_make_twelve_accounts_with_figures() -> None:
    def act(rank: int) -> int:
        return Client().post(URL, filled_form(email=f"p{rank}@exemple.fr")).status_code

    statuses = together(12, act)
    assert statuses.count(302) == 12, statuses
    names = set(User.objects.values_list("identifiant", flat=True))
    assert len(names) == 12
    assert "camille.morin" in names


@pytest.mark.django_db(transaction=True)
@pytest.mark.security("REL-5")
def test_twelve_sign_ups_with_one_rpps_make_one_account() -> None:
    def act(rank: int) -> int:
        form = filled_form(
            email=f"p{rank}@exemple.fr", identifiant=f"personne{rank}", national_number="99700000013"
        )
        return Client().post(URL, form).status_code

    assert together(12, act) == [302] * 12
    assert User.objects.count() == 1
    told = [mail for mail in Outbox().messages if "n’a pas pu être enregistrée" in mail.subject]
    assert len(told) == 11


@pytest.mark.django_db(transaction=True)
def test_a_double_click_acts_once_and_both_clicks_see_the_same_page() -> None:
    form = filled_form()
    answers = together(2, lambda rank: Client().post(URL, form))
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [
        (302, "/inscription/envoyee/")
    ] * 2
    assert User.objects.count() == 1
    assert len(Outbox().messages) == 1


@pytest.mark.django_db
def test_a_second_sign_up_replaces_a_pending_one_and_its_link(client: Client, outbox: Outbox) -> None:
    client.post(URL, filled_form(prenom="Camile"))
    first = outbox.last(ADDRESS).path
    client.post(URL, filled_form(prenom="Camille", identifiant="autre.nom"))
    user = User.objects.get()
    assert (user.prenom, user.identifiant) == ("Camille", "autre.nom")
    client.get(first)
    assert client.post("/inscription/validation/").status_code == 410


@pytest.mark.django_db
@pytest.mark.security("ABU-1")
def test_a_known_and_an_unknown_address_get_the_same_answer(client: Client, outbox: Outbox) -> None:
    make_user("existant")
    answers = []
    for address in ("existant@exemple.fr", "inconnue@exemple.fr"):
        browser = Client()
        response = browser.post(URL, filled_form(email=address))
        page = browser.get(response["Location"]).content.decode().replace(address, "")
        page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"|nonce="[^"]*"', "", page)
        cookies = sorted(response.cookies)
        answers.append((response.status_code, response["Location"], cookies, page))
    assert answers[0] == answers[1]
    told = outbox.last("existant@exemple.fr")
    assert "Vous avez déjà un compte" in told.subject
    assert "Votre identifiant utilisateur est : existant" in told.text
    assert User.objects.get(email_key="existant@exemple.fr").prenom == "Camille"
    assert User.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.security("ABU-1")
def test_one_password_hash_is_computed_in_every_case(monkeypatch: pytest.MonkeyPatch) -> None:
    make_user("existant")
    counted: list[str] = []
    from accounts.workflows import sign_up as module  # noqa: PLC0415

    real = module.make_password
    monkeypatch.setattr(module, "make_password", lambda raw: counted.append(raw) or real(raw))
    for address in ("existant@exemple.fr", "inconnue@exemple.fr"):
        sign_up(Application(email=address, nom="A", prenom="B", identifiant="abc", raw_password="x"))
    assert len(counted) == 2


@pytest.mark.django_db
@pytest.mark.security("ABU-1")
def test_answers_wait_for_the_same_moment(client: Client, settings: Any) -> None:
    settings.EVEN_TIME_SECONDS = 0.2
    import time  # noqa: PLC0415

    for address in (ADDRESS, "b@exemple.fr"):
        started = time.monotonic()
        client.post("/inscription/renvoyer/", {"email": address})
        assert time.monotonic() - started >= 0.2


@pytest.mark.django_db
def test_case_does_not_make_two_addresses(client: Client) -> None:
    make_user("existant")
    client.post(URL, filled_form(email="Existant@Exemple.FR", email_confirmation="Existant@Exemple.FR"))
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_a_closed_account_frees_its_address_and_number(client: Client) -> None:
    old = make_user("ancien", email=ADDRESS, rpps="99700000013")
    account.close(old, actor=old)
    client.post(URL, filled_form(national_number="99700000013"))
    assert User.objects.exclude(pk=old.pk).get().rpps == "99700000013"


@pytest.mark.django_db
@pytest.mark.security("CODE-6", "ABU-1")
def test_past_three_mails_the_answer_stays_the_same_and_nothing_is_replaced(
    client: Client, outbox: Outbox
) -> None:
    for rank in range(5):
        response = client.post(URL, filled_form(prenom="Camille" + "e" * rank))
        assert response["Location"] == "/inscription/envoyee/"
    assert len(outbox.messages) == 3
    assert User.objects.get().prenom == "Camilleee"


@pytest.mark.django_db
def test_a_failure_in_the_middle_leaves_nothing_half_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail cannot be written: no account either, and the same form may be sent again."""
    from accounts import notifications  # noqa: PLC0415

    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("disk full")

    form = filled_form()
    with monkeypatch.context() as patched:
        patched.setattr(notifications, "send_validation_link", broken)
        with pytest.raises(RuntimeError):
            sign_up(
                Application(email=ADDRESS, nom="A", prenom="B", identifiant="abc"),
                submission=form["submission"],
            )
    assert not User.objects.exists()
    assert throttle.spent("sign_up_form", form["submission"], account.timedelta(hours=1)) == 0
    sign_up(Application(email=ADDRESS, nom="A", prenom="B", identifiant="abc"), submission=form["submission"])
    assert User.objects.count() == 1
