"""Authenticator app, passkeys and recovery codes: added, used, removed."""

from __future__ import annotations

import html as html_module
import json
import re
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from accounts import second_proof, sessions
from accounts.models import RecoveryCode, SecurityEvent, UserSession
from tests.accounts.signin.steps import PROOF, post_password, post_proof, text_of
from tests.support.outbox import Outbox
from tests.support.passkey import SoftPasskey
from tests.support.sign_in import PASSWORD, make_person, sign_in

pytestmark = pytest.mark.django_db
MEANS = "/preferences/moyens/"
TOTP = "/preferences/moyens/application/"
PASSKEY = "/preferences/moyens/cles/ajouter/"
CODES = "/preferences/moyens/codes-de-secours/"


def figures(secret: str, shift: int = 0) -> str:
    return second_proof.format_hotp_value(second_proof.hotp_value(secret, int(time.time()) // 30 + shift))


def options_of(page: Any) -> dict[str, Any]:
    raw = re.search(r'data-options="([^"]+)"', page.content.decode())
    assert raw, "the page holds no passkey options"
    return json.loads(html_module.unescape(raw.group(1)))


def add_totp(client: Client) -> str:
    page = client.get(TOTP).content.decode()
    secret = re.search(r'<code id="cle">([A-Z2-7 ]+)</code>', page).group(1).replace(" ", "")
    assert client.post(TOTP, {"code": figures(secret, -1)}).status_code == 302
    return secret


def add_passkey(client: Client, key: SoftPasskey, name: str = "Ordinateur du cabinet") -> Any:
    options = options_of(client.get(PASSKEY))
    return client.post(PASSKEY, {"nom": name, "reponse": json.dumps(key.create(options))})


@pytest.fixture
def person(db, settings):
    settings.SITE_URL = "http://localhost:8000"
    return make_person()


@pytest.fixture
def signed(client, person):
    sign_in(client, person)
    return client


# --- authenticator app -----------------------------------------------------------------------------------
@pytest.mark.feature("C8")
@pytest.mark.security("PWD-6", "MFA-4", "PWD-8")
def test_an_app_is_added_by_its_first_code_and_kept_encrypted(signed, person, outbox: Outbox):
    other = Client()
    sign_in(other, person)
    page = signed.get(TOTP).content.decode()
    assert "data:image/png;base64," in page
    assert signed.post(TOTP, {"code": "000000"}).status_code == 200
    assert not Authenticator.objects.exists()
    secret = add_totp(signed)
    row = Authenticator.objects.get()
    assert secret not in json.dumps(row.data)
    assert second_proof.get_secret(row) == secret
    assert [
        m.subject
        for m in outbox.emails(person.email)
        if "application d’authentification a été ajoutée" in m.subject
    ]
    assert SecurityEvent.objects.filter(action="authenticator_added", actor=person, subject=person).exists()
    assert other.get(MEANS).status_code == 302
    assert RecoveryCode.objects.filter(user=person).count() == 10


@pytest.mark.security("MFA-2")
def test_the_app_opens_a_session_of_level_two(signed, person):
    secret = add_totp(signed)
    visitor = Client()
    post_password(visitor, person.identifiant)
    assert "application d’authentification" in text_of(visitor.get(PROOF))
    assert post_proof(visitor, figures(secret), "totp").status_code == 302
    row = UserSession.objects.latest("pk")
    assert (row.level, row.methods) == (2, ["password", "totp"])


@pytest.mark.security("MFA-6")
def test_a_used_figure_never_works_again_and_one_step_of_drift_is_accepted(signed, person):
    secret = add_totp(signed)
    start = timezone.now() + timedelta(minutes=2)
    with time_machine.travel(start, tick=False):
        assert second_proof.verify_totp(person, figures(secret, -1)) is True
        assert second_proof.verify_totp(person, figures(secret, -1)) is False
        assert second_proof.verify_totp(person, figures(secret, 1)) is True
        assert second_proof.verify_totp(person, figures(secret, 0)) is False
        assert second_proof.verify_totp(person, figures(secret, 3)) is False


@pytest.mark.security("ABU-2", "CODE-5")
def test_guessing_the_figures_is_slowed(signed, person):
    add_totp(signed)
    visitor = Client()
    post_password(visitor, person.identifiant)
    with time_machine.travel(timezone.now(), tick=False):
        pages = [text_of(post_proof(visitor, f"{n:06d}", "totp")) for n in range(6)]
    assert "Ce code n’est pas le bon" in pages[0]
    assert "attendez encore 1 seconde" in pages[5]


@pytest.mark.security("MFA-3", "MFA-4")
def test_removing_the_app_lowers_the_session_and_is_told(signed, person, outbox: Outbox):
    add_totp(signed)
    assert UserSession.objects.get(user=person, ended_at=None).level == 2
    assert "Retirer l’application d’authentification ?" in text_of(signed.get(f"{TOTP}retirer/"))
    assert signed.post(f"{TOTP}retirer/").status_code == 302
    assert not Authenticator.objects.exists() and not RecoveryCode.objects.exists()
    assert UserSession.objects.get(user=person, ended_at=None).level == 1
    assert [m for m in outbox.emails(person.email) if "a été retirée" in m.subject]


# --- a fresh proof first ------------------------------------------------------------------------------------
@pytest.mark.security("MFA-4")
@pytest.mark.parametrize("path", [TOTP, PASSKEY, f"{TOTP}retirer/", CODES])
def test_an_old_proof_does_not_touch_the_factors(signed, person, path):
    UserSession.objects.update(proved_at=timezone.now() - timedelta(minutes=16))
    answer = signed.get(path)
    assert answer.status_code == 302 and answer["Location"].startswith("/connexion/preuve/?next=")


@pytest.mark.security("MFA-4")
def test_a_mailed_code_does_not_remove_the_app(signed, person):
    add_totp(signed)
    UserSession.objects.update(proved_at=timezone.now(), proved_level=1, level=1)
    assert signed.post(f"{TOTP}retirer/")["Location"].startswith("/connexion/preuve/")
    page = text_of(signed.post("/connexion/preuve/", {"preuve": PASSWORD, "moyen": "password"}, follow=True))
    assert "application d’authentification" in page and "Recevoir un code par e-mail" not in page
    assert Authenticator.objects.exists()


@pytest.mark.security("MFA-4", "SES-1")
def test_password_then_code_prove_again_and_lead_where_one_was_going(signed, person, outbox: Outbox):
    UserSession.objects.update(proved_at=timezone.now() - timedelta(hours=1))
    before = signed.cookies["sessionid"].value
    page = signed.get(TOTP, follow=True)
    assert "Confirmez votre identité" in text_of(page)
    query = "?next=/preferences/moyens/application/"
    answer = signed.post(f"/connexion/preuve/{query}", {"preuve": PASSWORD, "moyen": "password"})
    assert answer["Location"].startswith("/connexion/preuve/")
    signed.post(f"/connexion/preuve/envoyer/{query}", {"moyen": "mail"})
    code = outbox.last(person.email).code
    answer = signed.post(f"/connexion/preuve/{query}", {"preuve": code, "moyen": "mail"})
    assert answer["Location"] == TOTP
    assert signed.get(TOTP).status_code == 200
    assert signed.cookies["sessionid"].value != before


@pytest.mark.security("MFA-4")
def test_somebody_without_password_is_asked_a_factor_too(client, outbox: Outbox):
    person = make_person(password=None)
    sign_in(client, person)
    UserSession.objects.update(proved_at=timezone.now() - timedelta(hours=1))
    assert client.get(TOTP)["Location"].startswith("/connexion/preuve/")
    assert "Recevoir un code par e-mail" in text_of(client.get("/connexion/preuve/"))


# --- level ---------------------------------------------------------------------------------------------------
@pytest.mark.security("MFA-3")
def test_a_page_that_needs_level_two_asks_for_it_and_comes_back(client, person):
    sign_in(client, person)
    secret = add_totp(client)
    UserSession.objects.update(level=1)
    answer = client.get("/connexion/niveau/?niveau=2&next=/preferences/journal/")
    assert "exige une preuve plus forte" in text_of(answer)
    answer = client.post(
        "/connexion/niveau/?niveau=2&next=/preferences/journal/", {"preuve": figures(secret), "moyen": "totp"}
    )
    assert answer["Location"] == "/preferences/journal/"
    assert UserSession.objects.get(user=person, ended_at=None).level == 2


def test_without_a_strong_factor_the_page_says_which_to_add(client):
    sign_in(client, make_person())
    page = text_of(client.get("/connexion/niveau/?niveau=2&next=/"))
    assert "Ajouter un moyen de connexion" in page
    assert "carte CPS" in text_of(client.get("/connexion/niveau/?niveau=3&next=/"))


@pytest.mark.security("MFA-3")
def test_a_later_weaker_sign_in_does_not_keep_the_level(person, outbox: Outbox, client):
    sign_in(client, person, level=2)
    client.post("/deconnexion/")
    post_password(client, person.identifiant)
    post_proof(client, outbox.last(person.email).code)
    assert UserSession.objects.latest("pk").level == 1


# --- passkeys --------------------------------------------------------------------------------------------
def test_a_passkey_is_added_then_opens_a_session_of_level_two(signed, person, outbox: Outbox):
    key = SoftPasskey()
    assert add_passkey(signed, key).status_code == 302
    assert "Ordinateur du cabinet" in text_of(signed.get(MEANS))
    visitor = Client()
    post_password(visitor, person.identifiant)
    options = options_of(visitor.get(PROOF))
    answer = json.dumps(key.get(options))
    assert post_proof(visitor, answer, "passkey").status_code == 302
    assert UserSession.objects.latest("pk").methods == ["password", "passkey"]
    assert [m for m in outbox.emails(person.email) if "clé d’accès a été ajoutée" in m.subject]


def test_the_answer_of_a_passkey_serves_once_and_for_its_own_challenge(signed, person):
    key = SoftPasskey()
    add_passkey(signed, key)
    visitor = Client()
    post_password(visitor, person.identifiant)
    old = json.dumps(key.get(options_of(visitor.get(PROOF))))
    visitor.get(PROOF)
    assert "n’a pas été reconnue" in text_of(post_proof(visitor, old, "passkey"))


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost.evil.example"])
def test_a_passkey_of_another_site_is_refused(signed, person, origin):
    assert add_passkey(signed, SoftPasskey(origin)).status_code == 200
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize(
    "answer", ["", "x", "[]", "{}", '{"id": 3}', '{"id":"a","rawId":"a","type":"public-key","response":{}}']
)
def test_any_passkey_answer_gets_a_sentence(signed, person, answer):
    signed.get(PASSKEY)
    page = signed.post(PASSKEY, {"nom": "Clé", "reponse": answer})
    assert page.status_code == 200 and not Authenticator.objects.exists()
    add_passkey(signed, SoftPasskey())
    visitor = Client()
    post_password(visitor, person.identifiant)
    visitor.get(PROOF)
    assert post_proof(visitor, answer, "passkey").status_code == 200


def test_a_passkey_is_removed_by_its_owner_only(signed, person):
    add_passkey(signed, SoftPasskey())
    link = re.search(
        r'href="(/preferences/moyens/cles/[0-9a-f]+/retirer/)"', signed.get(MEANS).content.decode()
    ).group(1)
    stranger = Client()
    sign_in(stranger, make_person())
    assert stranger.post(link).status_code == 404
    assert "Ordinateur du cabinet" in text_of(signed.get(link))
    assert signed.post(link).status_code == 302
    assert not Authenticator.objects.exists()


# --- recovery codes ----------------------------------------------------------------------------------------
@pytest.mark.security("MFA-5")
def test_recovery_codes_are_shown_once_kept_hashed_and_downloadable(signed, person):
    add_totp(signed)
    page = signed.get(CODES).content.decode()
    shown = re.findall(r"<code>([A-Z2-9]{7}-[A-Z2-9]{7})</code>", page)
    assert len(set(shown)) == 10
    assert shown[0].replace("-", "") not in str(list(RecoveryCode.objects.values()))
    file = signed.get(f"{CODES}fichier/")
    assert shown[3] in file.content.decode() and "attachment" in file["Content-Disposition"]
    signed.post(f"{CODES}gardes/")
    assert "<code>" not in signed.get(CODES).content.decode()
    assert signed.get(f"{CODES}fichier/").status_code == 404


@pytest.mark.security("MFA-5", "PWD-8")
def test_a_recovery_code_opens_once_and_the_owner_is_told(signed, person, outbox: Outbox):
    add_totp(signed)
    fresh = second_proof.make_recovery_codes(person)
    visitor = Client()
    post_password(visitor, person.identifiant)
    assert post_proof(visitor, fresh[0].lower().replace("-", " "), "recovery").status_code == 302
    row = UserSession.objects.latest("pk")
    assert (row.level, row.proved_level) == (1, 2)
    assert [m for m in outbox.emails(person.email) if "code de secours a été utilisé" in m.subject]
    again = Client()
    post_password(again, person.identifiant)
    assert "a déjà servi" in text_of(post_proof(again, fresh[0], "recovery"))


def test_new_recovery_codes_replace_the_old(signed, person):
    old = second_proof.make_recovery_codes(person)
    assert signed.post(f"{CODES}renouveler/")["Location"] == CODES
    assert second_proof.use_recovery_code(person, old[0]) is False


# --- what another person sees -------------------------------------------------------------------------------
@pytest.mark.security("ACL-1")
@pytest.mark.parametrize(
    "path", [MEANS, TOTP, PASSKEY, CODES, "/preferences/sessions/", "/preferences/journal/"]
)
def test_a_visitor_is_sent_to_the_door(client, path):
    answer = client.get(path)
    assert answer.status_code == 302 and answer["Location"].startswith("/connexion/?next=")


def test_django_otp_holds_the_session_verified(signed, person, rf):
    row = UserSession.objects.get()
    assert sessions.why_over(row, timezone.now()) == ""
    assert signed.session["otp_device_id"].startswith("accounts.proofdevice/")
