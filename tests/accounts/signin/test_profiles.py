"""The same doors under the rules of another region (esante-cvl)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import passwords
from accounts.models import UserSession
from portal.plateformes import current
from tests.accounts.signin.steps import DOOR, PROOF, post_password, post_proof, text_of
from tests.support.outbox import Outbox
from tests.support.sign_in import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def cvl(plateforme):
    return plateforme("esante-cvl")


@pytest.mark.feature("CVL-027")
def test_the_page_speaks_the_words_of_its_region(client, cvl):
    html = text_of(client.get(DOOR))
    assert "Veuillez vous authentifier" in html
    assert cvl.sign_in.labels["password"] in html and cvl.sign_in.forgotten_label in html
    assert "Réinitialiser mon mot de passe" in html and "Créer un compte" in html
    assert "Code Éphémère" not in html


def test_a_door_the_region_does_not_have_is_not_there(client, cvl):
    assert client.get("/connexion/code-ephemere/").status_code == 404
    assert client.post("/connexion/code-ephemere/", {"identifiant": "x", "canal": "mail"}).status_code == 404
    assert client.get("/connexion/code-ephemere/saisie/").status_code == 404


@pytest.mark.feature("CVL-039", "CVL-040", "CVL-041", "C8")
def test_each_sign_in_mails_a_code_in_the_words_of_the_guide(client, cvl, outbox: Outbox, monkeypatch):
    monkeypatch.setattr("accounts.codes.secrets.randbelow", lambda limit: 787)
    person = make_person()
    post_password(client, person.identifiant)
    mail = outbox.last(person.email)
    assert mail.subject == "[Grades CVL] Code d'authentification"
    assert "Votre code d'authentification unique est : 000787. Il expire dans : 1200 secondes." in mail.text
    assert "000787" in mail.html


@pytest.mark.feature("CVL-042")
@pytest.mark.security("CODE-2")
@pytest.mark.parametrize(("seconds", "opens"), [(1199, True), (1201, False)])
def test_the_code_lives_twenty_minutes(client, cvl, outbox: Outbox, seconds, opens):
    person = make_person()
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        post_password(client, person.identifiant)
    with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
        answer = post_proof(client, outbox.last(person.email).code)
    assert UserSession.objects.exists() is opens
    if not opens:
        assert "Ce code n’est plus valable" in text_of(answer)


@pytest.mark.feature("CVL-042")
def test_the_code_is_good_once(client, cvl, outbox: Outbox):
    person = make_person()
    post_password(client, person.identifiant)
    code = outbox.last().code
    post_proof(client, code)
    client.post("/deconnexion/")
    post_password(client, person.identifiant)
    assert post_proof(client, code).status_code == 200


@pytest.mark.feature("CVL-043")
def test_the_code_page_has_the_words_and_buttons_of_the_guide(client, cvl, outbox: Outbox):
    post_password(client, make_person().identifiant)
    html = text_of(client.get(PROOF))
    assert "Un code vous a été envoyé par mail, entrez-le ici" in html
    assert f">{cvl.sign_in.code_label}</label>" in html or cvl.sign_in.code_label in html
    assert "Se connecter</button>" in html and "Annuler</button>" in html


@pytest.mark.feature("CVL-044")
def test_the_right_code_opens_the_home(client, cvl, outbox: Outbox):
    post_password(client, make_person().identifiant)
    assert post_proof(client, outbox.last().code)["Location"] == "/"


@pytest.mark.feature("CVL-030", "CVL-031", "CVL-032", "CVL-033", "CVL-034", "C1")
@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("Brume-47-Ve", "length"),
        ("BRUME-47-VESLE", "lower"),
        ("brume-47-vesle", "upper"),
        ("Brume-bis-Vesle", "digit"),
        ("Brume47bisVesle", "special"),
    ],
)
def test_the_policy_of_this_region_refuses(cvl, password, code):
    with pytest.raises(ValidationError) as refused:
        passwords.PlatformPolicyValidator().validate(password)
    assert [problem.code for problem in refused.value.error_list] == [code]


@pytest.mark.feature("CVL-030", "CVL-029", "C1")
def test_the_policy_of_this_region_accepts_and_lists_five_lines(cvl):
    passwords.PlatformPolicyValidator().validate("Brume-47-Vesle")
    assert passwords.rules(current())[0].key == "length"
    assert {rule.key for rule in passwords.rules(current())} == {
        "length",
        "lower",
        "upper",
        "digit",
        "special",
    }


@pytest.mark.feature("CVL-036")
@pytest.mark.parametrize("name", ["enrs-idf", "esante-cvl", "entractes"])
def test_the_generator_always_meets_the_policy(plateforme, name):
    plateforme(name)
    for _ in range(200):
        passwords.PlatformPolicyValidator().validate(passwords.generate())


@pytest.mark.feature("EA-033", "EA-034")
def test_entractes_asks_its_robot_check_at_the_door(client, plateforme):
    profile = plateforme("entractes")
    html = text_of(client.get(DOOR))
    assert "Je ne suis pas un robot" in html
    for label in (
        profile.sign_in.buttons["password"],
        profile.sign_in.forgotten_label,
        profile.sign_in.sign_up_label,
    ):
        assert label.replace("'", "&#x27;") in html
    refused = text_of(post_password(client, make_person().identifiant))
    assert profile.robot.missing in refused
    assert not UserSession.objects.exists()
