"""The password door: /connexion/, then the second proof by mail."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import SecurityEvent, UserSession
from tests.accounts.signin.steps import DOOR, PROOF, pass_both, post_password, post_proof, text_of
from tests.support.outbox import Outbox
from tests.support.sign_in import PASSWORD, make_person, sign_in

pytestmark = pytest.mark.django_db


@pytest.mark.feature(
    "M94-010", "M94-012", "M94-013", "M94-014", "M94-015", "ROR-016", "ROR-019", "ROR-021", "ROR-023"
)
def test_the_page_shows_the_password_form_and_the_two_cases(client):
    page = client.get(DOOR)
    html = text_of(page)
    assert page.status_code == 200
    assert "Portail de l&#x27;Espace Numérique Régional de Santé</h1>" in html
    assert "La porte d&#x27;entrée des Professionnels de Santé vers les services sanitaires" in html
    assert 'type="password" name="mot_de_passe"' in html
    assert 'aria-required="true"' in html
    assert 'type="checkbox" name="se_souvenir"' in html and "Se souvenir de moi" in html
    assert "checked" not in html
    assert 'href="/mot-de-passe/oublie/">Mot de passe oublié ?</a>' in html
    assert "Me connecter</button>" in html
    assert "A</span> Je n’ai pas de compte" in html and "B</span> J’ai déjà un compte" in html
    assert "Aide à la connexion" in html and "ASSISTANCE" in html


@pytest.mark.feature("ROR-017", "ROR-018", "ROR-020")
def test_the_tabs_are_those_of_the_guide_and_say_what_is_not_open_yet(client):
    html = text_of(client.get(DOOR))
    assert [
        html.index(label) for label in ("Carte CPS</a>", "Login / Mdp</a>", "Code Éphémère</a>")
    ] == sorted(html.index(label) for label in ("Carte CPS</a>", "Login / Mdp</a>", "Code Éphémère</a>"))
    for tab in ("card", "password", "ephemeral"):
        assert f'aria-describedby="onglet-{tab}"' in html and f'id="onglet-{tab}"' in html
    assert "Inscription CPS" in html and "Je crée mon compte" in html
    card = text_of(client.get(DOOR, {"onglet": "carte"}))
    assert "n’est pas encore ouverte" in card


def test_the_page_sets_no_session_and_is_never_stored(client):
    page = client.get(DOOR)
    assert "no-store" in page["Cache-Control"]
    assert "sessionid" not in page.cookies


@pytest.mark.feature("M94-010")
def test_the_window_of_the_header_gets_the_form_alone(client):
    fragment = client.get(
        f"{DOOR}?suivant=/assistance/", headers={"HX-Request": "true", "X-Portal-Modal": "1"}
    )
    html = text_of(fragment)
    assert "data-portal-login-form" in html
    assert "<html" not in html
    assert 'name="next" value="/assistance/"' in html


@pytest.mark.feature("M94-011")
def test_the_directory_keeps_its_own_word_for_the_identity(client):
    html = text_of(client.get(DOOR, {"next": "/maillage/94/"}))
    assert "Mail de connexion à l&#x27;ENRS" in html or "Mail de connexion à l’ENRS" in html
    assert 'name="identifiant"' in html


@pytest.mark.feature("M94-016", "EA-035", "EA-037", "CVL-044")
def test_right_password_then_mailed_code_opens_a_session(client, outbox: Outbox):
    person = make_person()
    answer = post_password(client, person.email.upper())
    assert answer.status_code == 302, text_of(answer)
    assert answer["Location"] == PROOF
    assert not UserSession.objects.exists()
    assert "p…@cabinet.example" in text_of(client.get(PROOF))
    answer = post_proof(client, outbox.last(person.email).code)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    row = UserSession.objects.get()
    assert (row.user, row.level, row.methods) == (person, 1, ["password", "mail"])
    assert SecurityEvent.objects.filter(action="sign_in", subject=person, level=1).count() == 1
    assert client.get("/preferences/sessions/").status_code == 200


@pytest.mark.feature("C6")
@pytest.mark.parametrize(
    "typed", ["ariane.martel", "Ariane.Martel", "99700123456", "899700123456", "997 00 123 456"]
)
def test_one_field_takes_the_identifier_or_the_national_number(client, typed):
    make_person(identifiant="ariane.martel", rpps="99700123456")
    assert post_password(client, typed)["Location"] == PROOF


@pytest.mark.security("MFA-1")
def test_the_password_alone_opens_no_page(client):
    person = make_person()
    post_password(client, person.identifiant)
    for path in ("/", "/preferences/", "/preferences/sessions/", "/administration/"):
        answer = client.get(path)
        assert person.prenom not in text_of(answer), path
    assert client.get("/preferences/")["Location"].startswith(DOOR)


@pytest.mark.security("MFA-1")
def test_a_session_opened_by_another_door_of_django_is_nobodys(client):
    person = make_person(is_staff=True)
    client.force_login(person)
    answer = client.get("/preferences/")
    assert answer.status_code == 302 and answer["Location"].startswith(DOOR)


@pytest.mark.security("SES-1")
def test_the_session_id_changes_at_each_step_and_none_is_adopted(client, outbox: Outbox):
    person = make_person()
    client.cookies["sessionid"] = "chosen-by-somebody-else-0123456789abcdefghij"
    post_password(client, person.identifiant)
    first = client.cookies["sessionid"].value
    assert first != "chosen-by-somebody-else-0123456789abcdefghij"
    post_proof(client, outbox.last().code)
    second = client.cookies["sessionid"].value
    assert second not in ("", first)
    stranger = Client()
    stranger.cookies["sessionid"] = first
    assert stranger.get("/preferences/").status_code == 302


def test_a_stored_session_does_not_hold_the_cookie(client, outbox: Outbox):
    from accounts.models import StoredSession  # noqa: PLC0415

    pass_both(client, make_person(), outbox)
    cookie = client.cookies["sessionid"].value
    keys = list(StoredSession.objects.values_list("session_key", flat=True))
    assert cookie not in keys and all(len(key) == 64 for key in keys)


@pytest.mark.feature("M94-017")
def test_the_person_goes_where_they_were_going(client, outbox: Outbox):
    answer = pass_both(client, make_person(), outbox, next="/preferences/moyens/")
    assert answer["Location"] == "/preferences/moyens/"


@pytest.mark.security("WEB-4")
@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/%2F/evil.example",
    ],
)
def test_the_person_never_goes_to_another_site(client, outbox: Outbox, target):
    assert pass_both(client, make_person(), outbox, next=target)["Location"] == "/"


@pytest.mark.feature("ROR-049", "M94-073")
def test_before_the_click_a_right_password_is_told_why_and_offered_the_mail_again(client):
    person = make_person(status="pending", email_verified_at=None)
    html = text_of(post_password(client, person.identifiant))
    assert "Votre adresse e-mail n’est pas encore validée" in html
    assert 'href="/inscription/renvoyer/"' in html
    assert not UserSession.objects.exists()


@pytest.mark.feature("ROR-049")
def test_before_the_click_a_wrong_password_is_told_nothing_more(client):
    person = make_person(status="pending", email_verified_at=None)
    html = text_of(post_password(client, person.identifiant, "autre"))
    assert "Identifiant ou mot de passe incorrect" in html
    assert "validée" not in html


@pytest.mark.parametrize(
    ("status", "sentence"), [("suspended", "suspendu"), ("awaiting_decision", "en cours d’examen")]
)
def test_a_right_password_of_a_shut_account_says_its_state(client, status, sentence):
    assert sentence in text_of(post_password(client, make_person(status=status).identifiant))


def test_a_closed_account_is_unknown(client):
    person = make_person(status="closed")
    assert "Identifiant ou mot de passe incorrect" in text_of(post_password(client, person.identifiant))


@pytest.mark.security("SES-5")
def test_an_account_suspended_between_the_two_proofs_does_not_come_in(client, outbox: Outbox):
    person = make_person()
    post_password(client, person.identifiant)
    code = outbox.last().code
    type(person).objects.filter(pk=person.pk).update(status="suspended")
    assert post_proof(client, code)["Location"] == DOOR
    assert not UserSession.objects.exists()


def test_a_signed_in_person_is_sent_home_from_the_door(client):
    sign_in(client, make_person())
    assert client.get(DOOR)["Location"] == "/"


@pytest.mark.security("WEB-3")
def test_sign_in_without_a_csrf_token_is_refused():
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(DOOR, {"identifiant": "x", "mot_de_passe": "y"}).status_code == 403
    assert strict.post(PROOF, {"preuve": "000000"}).status_code == 403
    assert strict.post("/deconnexion/").status_code == 403


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "a" * 300,
        "x\x00y",
        "\u202eevil",
        "<script>alert(1)</script>",
        "' OR 1=1 --",
        "é" * 254,
        "%00",
        "😀",
        "\ud800",
    ],
)
def test_any_identifier_gets_an_answer_at_the_field_or_the_door(client, typed):
    body = urlencode({"identifiant": typed.encode("utf-8", "surrogatepass"), "mot_de_passe": "x" * 30})
    answer = client.post(DOOR, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


@pytest.mark.parametrize("password", ["", "x" * 5000, "é" * 2100, "a\x00b", " "])
def test_any_password_gets_an_answer(client, password):
    person = make_person()
    answer = post_password(client, person.identifiant, password)
    assert answer.status_code == 200 and not UserSession.objects.exists()


def test_what_was_typed_is_kept_but_the_password(client):
    html = text_of(post_password(client, "quelqu.un", "un-secret-a-ne-pas-rendre"))
    assert 'value="quelqu.un"' in html
    assert "un-secret-a-ne-pas-rendre" not in html


def test_signing_out_is_a_post_that_kills_the_session_on_the_server(client, outbox: Outbox):
    pass_both(client, make_person(), outbox)
    copy = Client()
    copy.cookies["sessionid"] = client.cookies["sessionid"].value
    assert client.get("/deconnexion/").status_code == 405
    assert client.post("/deconnexion/").status_code == 302
    assert copy.get("/preferences/").status_code == 302
    assert UserSession.objects.get().ended_reason == "sign_out"


def test_the_person_hears_of_a_new_browser_but_not_of_the_first(client, outbox: Outbox):
    person = make_person()
    pass_both(client, person, outbox)
    assert [m.subject for m in outbox.emails() if "appareil" in m.subject] == []
    pass_both(Client(), person, outbox)
    assert len([m for m in outbox.emails() if "nouvel appareil" in m.subject]) == 1
    client.post("/deconnexion/")
    outbox.clear()
    pass_both(client, person, outbox)
    assert [m.subject for m in outbox.emails() if "appareil" in m.subject] == []


def test_the_real_hash_is_argon2id():
    from django.contrib.auth.hashers import get_hasher  # noqa: PLC0415

    encoded = get_hasher("argon2").encode(PASSWORD, get_hasher("argon2").salt())
    assert "argon2id$v=19$m=19456,t=2,p=1" in encoded


@pytest.mark.feature("C2", "CVL-028")
@pytest.mark.security("PWD-7")
def test_a_temporary_secret_past_its_time_is_told_after_a_right_password_only(client):
    now = timezone.now()
    person = make_person(must_change_password=True, password_changed_at=now - timedelta(hours=73))
    assert "n’est plus valable" not in text_of(post_password(client, person.identifiant, "faux"))
    assert "Ce mot de passe provisoire n’est plus valable" in text_of(
        post_password(client, person.identifiant)
    )
    assert not UserSession.objects.exists()


@pytest.mark.feature("C2")
@pytest.mark.security("PWD-7", "MFA-1")
def test_a_temporary_secret_asks_the_second_proof_and_serves_once(client, outbox: Outbox):
    person = make_person(must_change_password=True, password_changed_at=timezone.now())
    pass_both(client, person, outbox)
    assert client.get("/preferences/")["Location"] == "/mot-de-passe/changer/?next=%2Fpreferences%2F"
    assert "Identifiant ou mot de passe incorrect" in text_of(post_password(Client(), person.identifiant))


@pytest.mark.security("WEB-3")
def test_showing_the_pages_of_the_doors_writes_nothing(client, outbox: Outbox):
    person = make_person()
    post_password(client, person.identifiant)
    for path in (DOOR, PROOF, "/connexion/code-ephemere/saisie/", "/robot/defi/"):
        with CaptureQueriesContext(connection) as spy:
            client.get(path)
        writes = [q["sql"] for q in spy if not q["sql"].startswith("SELECT")]
        assert writes == [], path


def test_queries_of_the_doors_are_few(client, outbox: Outbox, django_assert_num_queries):
    """Cost of a sign-in: what grows here is paid forty times a week by everybody."""
    person = make_person()
    with django_assert_num_queries(2):  # failures of this address, notices
        client.get(DOOR)
    with CaptureQueriesContext(connection) as refused:
        post_password(client, person.identifiant, "faux")
    with CaptureQueriesContext(connection) as first:
        post_password(client, person.identifiant)
    with CaptureQueriesContext(connection) as shown:
        client.get(PROOF)
    code = outbox.last(person.email).code
    with CaptureQueriesContext(connection) as second:
        post_proof(client, code)
    with CaptureQueriesContext(connection) as private:
        client.get("/preferences/journal/")
    counts = {
        "refused": len(refused),
        "first": len(first),
        "shown": len(shown),
        "second": len(second),
        "private": len(private),
    }
    # Banners included: a process remembers theirs (three seconds), the tests ask it on every page.
    assert counts == {
        "refused": 8,
        "first": 15,
        "shown": 7,
        "second": 22,
        "private": 6,
    }
