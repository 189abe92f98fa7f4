"""The same code under the other platforms: fields, steps, policies, temporary secrets, gates."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from redis.exceptions import RedisError

from accounts import gates, passwords
from accounts.enums import AccountStatus
from accounts.models import SecurityEvent, User
from accounts.workflows import account, credentials
from accounts.workflows.sign_up import Application, sign_up
from portal.referentiels.models import Profession
from tests.accounts.signup.people import filled_form, make_user, robot_answer, sign_in
from tests.support.outbox import Outbox

pytestmark = pytest.mark.django_db
Switch = Callable[[str], Any]
STRONG = "Tram-Violet-82x"


def text_of(response: Any) -> str:
    return response.content.decode().replace("&#x27;", "'")


# --- policy of Centre-Val de Loire ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("weak", "code"),
    [
        pytest.param("Tram-Vio82x", "length", marks=pytest.mark.feature("CVL-030")),
        pytest.param("TRAM-VIOLET-82", "lower", marks=pytest.mark.feature("CVL-031")),
        pytest.param("tram-violet-82", "upper", marks=pytest.mark.feature("CVL-032")),
        pytest.param("Tram-Violet-xx", "digit", marks=pytest.mark.feature("CVL-033")),
        pytest.param("TramXVioletX82", "special", marks=pytest.mark.feature("CVL-034")),
    ],
)
def test_each_rule_of_the_policy_is_held(plateforme: Switch, weak: str, code: str) -> None:
    plateforme("esante-cvl")
    with pytest.raises(ValidationError) as refused:
        validate_password(weak)
    assert code in {error.code for error in refused.value.error_list}
    validate_password("Tram-Violet-82")


@pytest.mark.feature("CVL-036")
@pytest.mark.parametrize("name", ["enrs-idf", "esante-cvl", "entractes"])
def test_generated_passwords_always_meet_the_policy(plateforme: Switch, name: str) -> None:
    plateforme(name)
    made = {passwords.generate() for _ in range(50)}
    assert len(made) == 50
    for raw in made:
        validate_password(raw)


@pytest.fixture
def held(plateforme: Switch, client: Client, outbox: Outbox) -> tuple[Client, User, str]:
    """Somebody just accepted in Centre-Val de Loire, with the secret of the mail; not signed in."""
    plateforme("esante-cvl")
    agent = make_user("agent", is_staff=True)
    user = make_user(
        "n2dupont", nom="Dupont", prenom="Nadia", status=AccountStatus.AWAITING_DECISION, password=None
    )
    account.accept(user, actor=agent)
    user.refresh_from_db()
    secret = re.search(r"Mot de passe provisoire : (\S+)", outbox.last(user.email).text)
    assert secret
    return client, user, secret[1]


@pytest.mark.feature("CVL-028", "CVL-029", "CVL-035", "CVL-036", "CVL-037", "CVL-038")
@pytest.mark.security("PWD-7")
def test_a_temporary_secret_obliges_to_choose_before_anything_else(held: tuple[Client, User, str]) -> None:
    client, user, _ = held
    sign_in(client, user)
    for page in ("/preferences/", "/", "/preferences/mes-donnees/", "/preferences/fermer/"):
        assert client.get(page)["Location"].startswith("/mot-de-passe/changer/")
    html = text_of(client.get("/mot-de-passe/changer/"))
    for words in (
        "Changez votre mot de passe",
        "Merci de respecter la politique suivante",
        "Au moins 12 caractères",
        "Générer le mot de passe automatiquement",
        "Envoyer",
        "Retourner au portail",
    ):
        assert words in html, words
    weak = client.post("/mot-de-passe/changer/", {"password": "Court1!", "password_confirmation": "Court1!"})
    assert weak.context["form"].errors["password"]
    different = client.post(
        "/mot-de-passe/changer/", {"password": STRONG, "password_confirmation": STRONG + "y"}
    )
    assert different.context["form"].errors["password_confirmation"]
    chosen = client.post("/mot-de-passe/changer/", {"password": STRONG, "password_confirmation": STRONG})
    assert chosen["Location"] == "/"
    assert client.get("/preferences/").status_code == 200
    user.refresh_from_db()
    assert not user.must_change_password
    assert user.check_password(STRONG)
    again = Client().post("/connexion/", {"identifiant": "n2dupont", "mot_de_passe": STRONG})
    assert again["Location"] == "/connexion/verification/"


@pytest.mark.security("PWD-7")
def test_a_temporary_secret_serves_once_and_for_a_time(held: tuple[Client, User, str]) -> None:
    client, user, secret = held
    typed = {"identifiant": "n2dupont", "mot_de_passe": secret}
    with time_machine.travel(timezone.now() + timedelta(hours=72, seconds=1), tick=False):
        assert credentials.temporary_secret_is_over(user)
        assert Client().post("/connexion/", typed).status_code == 200
    assert client.post("/connexion/", typed)["Location"] == "/connexion/verification/"
    assert credentials.spend_temporary_secret(user)
    assert not credentials.spend_temporary_secret(user)
    assert Client().post("/connexion/", typed).status_code == 200


@pytest.mark.security("PWD-7", "DAT-2")
def test_the_secret_is_a_sealed_message_and_nobody_else_learns_it(
    held: tuple[Client, User, str], outbox: Outbox
) -> None:
    _, user, secret = held
    mail = outbox.last(user.email)
    assert mail.row.is_sensitive
    assert mail.row.body_text == ""
    assert secret not in str(list(SecurityEvent.objects.values_list("data", "reason")))
    assert len(secret) >= 12


# --- journey of Centre-Val de Loire ---------------------------------------------------------------------------------
def cvl_form(**changed: str) -> dict[str, str]:
    values = {
        "accept_terms": "on",
        "profession": str(Profession.objects.filter(label="Médecin").first().pk),
        "civilite": "madame",
        "nom": "Dupont",
        "prenom": "Nadia",
        "email": "nadia.dupont@exemple.fr",
        "communication_email": "secretariat@exemple.fr",
        "structure": "CH de Dreux",
        "service": "Accueil",
        "submission": "une-fois",
        **robot_answer(),
    }
    return {name: value for name, value in (values | changed).items() if value is not None}


def test_the_fields_are_those_of_the_profile(plateforme: Switch, client: Client) -> None:
    plateforme("esante-cvl")
    html = text_of(client.get("/inscription/"))
    assert "Mail pour l'authentification" in html
    assert "Mail individuel obligatoire." in html
    assert "DEMANDER MON INSCRIPTION" in html
    for absent in ('name="password"', 'name="identifiant"', 'name="email_confirmation"'):
        assert absent not in html
    assert set(client.post("/inscription/", {}).context["form"].errors) >= {
        "profession",
        "structure",
        "email",
    }


def test_where_people_decide_the_request_waits_and_the_receipt_leaves(
    plateforme: Switch, client: Client, outbox: Outbox
) -> None:
    plateforme("esante-cvl")
    assert client.post("/inscription/", cvl_form()).status_code == 302
    user = User.objects.get()
    assert (user.status, user.identifiant) == (AccountStatus.AWAITING_DECISION, "n2dupont")
    assert not user.has_usable_password()
    assert outbox.last(user.email).subject == "Nous étudions votre demande"


@pytest.mark.parametrize("address", ["nadia@lyon.mssante.fr", "accueil@exemple.fr", "secretariat@exemple.fr"])
def test_secure_and_shared_mailboxes_are_refused(plateforme: Switch, client: Client, address: str) -> None:
    plateforme("esante-cvl")
    assert client.post("/inscription/", cvl_form(email=address)).context["form"].errors["email"]


def test_made_identifiers_never_collide(plateforme: Switch) -> None:
    plateforme("esante-cvl")
    for rank in range(3):
        sign_up(Application(email=f"p{rank}@exemple.fr", nom="d’Éon", prenom="Noé"))
    assert list(User.objects.order_by("pk").values_list("identifiant", flat=True)) == [
        "n2deon",
        "n3deon",
        "n4deon",
    ]
    plateforme("entractes")
    sign_up(Application(email="p9@exemple.fr", nom="Dupont", prenom="Noé"))
    assert re.fullmatch(r"\d{5}", User.objects.get(email_key="p9@exemple.fr").identifiant)


# --- several steps ---------------------------------------------------------------------------------------------------
@pytest.fixture
def steps(plateforme: Switch) -> list[str]:
    return [step.key for step in plateforme("entractes").sign_up.steps]


def test_steps_keep_what_was_typed_and_cannot_be_skipped(client: Client, steps: list[str]) -> None:
    first = text_of(client.get("/inscription/"))
    assert f'name="etape" value="{steps[0]}"' in first
    assert "Étape 1 sur" in first
    assert 'name="email"' in first and 'type="email"' not in first
    wrong = client.post("/inscription/", {"etape": steps[0], "nom": "", "prenom": "Zoé"})
    assert f'name="etape" value="{steps[0]}"' in text_of(wrong)
    assert set(wrong.context["form"].errors) == {"nom"}
    second = text_of(client.post("/inscription/", {"etape": steps[0], "nom": "Morin", "prenom": "Zoé"}))
    assert f'name="etape" value="{steps[1]}"' in second
    assert re.search(r'type="hidden" name="nom" value="Morin"', second)
    back = text_of(
        client.post("/inscription/", {"etape": steps[1], "nom": "Morin", "prenom": "Zoé", "precedent": "oui"})
    )
    assert f'name="etape" value="{steps[0]}"' in back
    assert 'value="Morin"' in back
    jumped = client.post("/inscription/", {"etape": steps[-1], "email": "zoe@exemple.fr", **robot_answer()})
    assert f'name="etape" value="{steps[0]}"' in text_of(jumped)
    assert not User.objects.exists()


def test_the_question_and_the_words_of_the_first_step_are_not_said_again(
    client: Client, steps: list[str]
) -> None:
    said = ("Avez-vous déjà un compte", "Indiquez votre nom et votre prénom")
    first = text_of(client.get("/inscription/"))
    second = text_of(client.post("/inscription/", {"etape": steps[0], "nom": "Morin", "prenom": "Zoé"}))
    assert f'name="etape" value="{steps[1]}"' in second
    assert all(words in first and words not in second for words in said)
    assert said[0] in text_of(client.get("/inscription/?compte=oui"))


def test_an_unknown_step_is_the_first_one(client: Client, steps: list[str]) -> None:
    response = client.post("/inscription/", {"etape": "../../etc", "nom": "", "prenom": ""})
    assert f'name="etape" value="{steps[0]}"' in text_of(response)


# --- gate of documents -----------------------------------------------------------------------------------------------
@pytest.fixture
def gated(settings: Any) -> None:
    name = "accounts.gates.GateMiddleware"
    if name not in settings.MIDDLEWARE:
        place = settings.MIDDLEWARE.index("django.contrib.auth.middleware.LoginRequiredMiddleware") + 1
        settings.MIDDLEWARE = [*settings.MIDDLEWARE[:place], name, *settings.MIDDLEWARE[place:]]


@pytest.mark.usefixtures("gated")
def test_a_new_version_is_accepted_before_going_on(client: Client, person: User) -> None:
    person.acceptances.update(version="0.9")
    sign_in(client, person)
    held = client.get("/preferences/identite/?a=1")
    assert held["Location"] == "/preferences/documents/?next=%2Fpreferences%2Fidentite%2F%3Fa%3D1"
    page = text_of(client.get(held["Location"]))
    assert "Conditions d'utilisation du Portail" in page
    assert "Version 1.0" in page
    refused = client.post("/preferences/documents/", {"next": "/preferences/identite/"})
    assert refused.context["form"].errors["accept_terms"]
    passed = client.post(
        "/preferences/documents/", {"next": "/preferences/identite/?a=1", "accept_terms": "on"}
    )
    assert passed["Location"] == "/preferences/identite/?a=1"
    assert client.get("/preferences/identite/").status_code == 200
    assert set(person.acceptances.values_list("version", flat=True)) == {"0.9", "1.0"}
    assert SecurityEvent.objects.filter(action="document_accepted", data__version="1.0").count() == 2


@pytest.mark.usefixtures("gated")
@pytest.mark.parametrize(
    "evil", ["//pirate.example", "https://pirate.example", "/\\pirate.example", "javascript:alert(1)"]
)
@pytest.mark.security("WEB-4")
def test_the_way_back_never_leaves_the_site(client: Client, person: User, evil: str) -> None:
    person.acceptances.all().delete()
    sign_in(client, person)
    passed = client.post("/preferences/documents/", {"next": evil, "accept_terms": "on"})
    assert passed["Location"] == "/"


@pytest.mark.usefixtures("gated")
def test_who_refuses_may_still_leave(client: Client, person: User) -> None:
    person.acceptances.all().delete()
    sign_in(client, person)
    assert client.get("/preferences/fermer/").status_code == 200
    assert client.get("/preferences/mes-donnees/").status_code == 200
    assert client.get("/preferences/")["Location"].startswith("/preferences/documents/")


@pytest.mark.usefixtures("gated")
@pytest.mark.security("REL-4")
@pytest.mark.parametrize("failure", [RedisError("down"), OSError("no socket")])
def test_with_the_cache_down_the_table_answers(
    client: Client, person: User, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise failure

    sign_in(client, person)
    monkeypatch.setattr(gates, "cache", SimpleNamespace(get=broken, set=broken))
    assert client.get("/preferences/").status_code == 200
    person.acceptances.all().delete()
    assert client.get("/preferences/")["Location"].startswith("/preferences/documents/")


@pytest.mark.usefixtures("gated")
def test_who_accepted_is_asked_nothing_and_costs_no_query_twice(
    signed_in: Client, django_assert_max_num_queries: Any
) -> None:
    signed_in.get("/preferences/")
    with django_assert_max_num_queries(5):
        assert signed_in.get("/preferences/").status_code == 200


def test_the_default_form_is_not_that_of_another_profile(client: Client) -> None:
    assert client.post("/inscription/", filled_form()).status_code == 302
