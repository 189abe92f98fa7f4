"""The password policy of the default platform, and the check itself."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError
from django.test import override_settings

from accounts import identify, passwords
from accounts.models import User
from portal.plateformes import current
from tests.support.sign_in import PASSWORD, make_person


def problems(password: str, user: User | None = None) -> list[str]:
    try:
        passwords.PlatformPolicyValidator().validate(password, user)
    except ValidationError as refused:
        return [problem.code for problem in refused.error_list]
    return []


@pytest.mark.feature("M94-034", "M94-035", "C1")
@pytest.mark.parametrize(
    ("password", "missing"),
    [
        ("Etang-4", ["length"]),
        ("etang-brume-4", ["upper"]),
        ("ETANG-BRUME-4", ["lower"]),
        ("Etang-Brume", ["digit"]),
        ("Etang-Brume-4", []),
        ("EtangBrume4", []),
    ],
)
def test_eight_characters_with_upper_lower_and_digit(password, missing):
    assert problems(password) == missing


@pytest.mark.feature("M94-036", "C11")
@pytest.mark.parametrize("special", [*"_+=<>@&!$*.,;':é €漢😀\\", '"'])
def test_every_printable_character_is_accepted(special):
    assert problems(f"Etang{special}Brume4") == []


@pytest.mark.security("PWD-2")
@pytest.mark.parametrize(
    "password",
    [
        "Password1",
        "Azerty123",
        "Motdepasse1",
        "M0tdep@sse2026",
        "Soleil2026!",
        "Bonjour123",
        "Abcdefgh1",
        "Aaaaaaa1",
        "motdepasse1A",
        "Bonjour2024Aa",
        "P@ssw0rd1A",
        "Passw0rd9",
    ],
)
def test_common_passwords_are_refused_even_dressed_up(password):
    assert "common" in problems(password)


@pytest.mark.security("PWD-2")
@pytest.mark.parametrize(
    "password",
    [
        "Martel-est-la-4",
        "ariane.7Zt-brume",
        "xY9-997001234565",
        "Zt-639980142-Qb",
        "4M@rtel-brume",
        "7Zt-Vitry-brume-Seine",
    ],
)
def test_words_of_the_person_are_refused(password):
    person = User(
        nom="Martel",
        prenom="Ariane",
        email="ariane.martel@cabinet.example",
        rpps="99700123456",
        phone_mobile="+33639980142",
        ville="Vitry-sur-Seine",
    )
    assert "personal" in problems(password, person)


@pytest.mark.security("PWD-2")
def test_words_of_the_portal_are_refused():
    assert "context" in problems("Portail-enrs-2026x")


@pytest.mark.security("PWD-1")
def test_a_long_password_is_welcome_up_to_a_limit_in_bytes():
    assert problems("Étang-7 " * 20) == []
    assert problems("É7é" * 1500) == ["max_length"]


@pytest.mark.security("PWD-2")
@pytest.mark.parametrize(
    "password", ["Lundimatin-4Zt", "4Zt-brume-lundi", "Tz48#2917&5", "48#2917&5Tz", "Etang1Brume"]
)
def test_a_usual_word_inside_another_thing_is_no_reason_to_refuse(password):
    assert "common" not in problems(password)


@pytest.mark.parametrize("char", ["\x00", "\x1b", "\n", "\ufffd"])
def test_control_characters_are_refused(char):
    assert problems(f"Etang{char}Brume4") == ["invalid_character"]


@pytest.mark.django_db
@pytest.mark.security("PWD-3")
def test_the_value_is_checked_exactly_as_typed():
    person = make_person(password=" Étang-Brume-4 ")
    assert passwords.check(person, " Étang-Brume-4 ")
    for close in ("Étang-Brume-4", " Étang-brume-4 ", " E\u0301tang-Brume-4 ", " Étang-Brume-4"):
        assert not passwords.check(person, close)


@pytest.mark.security("PWD-6")
def test_an_old_hash_is_renewed_at_sign_in(db):
    person = make_person()
    strong = ["accounts.hashers.PortalArgon2Hasher", "django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(PASSWORD_HASHERS=strong):
        assert person.password.startswith("md5$")
        assert passwords.check(person, PASSWORD)
        person.refresh_from_db()
        assert person.password.startswith("argon2$argon2id$")
        assert check_password(PASSWORD, person.password)


@pytest.mark.security("ABU-1")
def test_never_more_hashes_at_once_than_the_slots(monkeypatch):
    running, most, lock = 0, 0, threading.Lock()

    def slow(raw: str) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.02)
        with lock:
            running -= 1
        return make_password(None)

    monkeypatch.setattr(passwords, "_slots", threading.BoundedSemaphore(2))
    monkeypatch.setattr(passwords, "make_password", slow)
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda n: passwords.check(None, f"x{n}"), range(24)))
    assert most == 2


def test_the_rules_say_what_the_validator_does():
    for rule in passwords.rules(current()):
        assert rule.test("Etang-Brume-4") and not rule.test("")


# --- who is meant ----------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.feature("C6")
def test_one_account_is_found_by_each_of_its_names():
    person = make_person(
        identifiant="Ariane Martel", email="Ariane@Cabinet.example", rpps="99700123456", adeli="759900001"
    )
    for typed in (
        "ariane-martel",
        "ARIANE MARTEL",
        "ariane@cabinet.EXAMPLE",
        "99700123456",
        "899700123456",
        "759900001",
        "0" + "759900001",
    ):
        assert identify.find_account(typed) == person, typed


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["", "@", "x" * 400, "a\x00", "\ud800", "%", "997001234567", "' or 1=1"])
def test_anything_else_is_nobody(typed):
    make_person(rpps="99700123456")
    assert identify.find_account(typed) is None


@pytest.mark.django_db
def test_an_identifier_written_like_a_number_does_not_hide_its_holder():
    make_person(identifiant="99700123456")
    holder = make_person(rpps="99700123456")
    assert identify.find_account("99700123456") == holder


@pytest.mark.django_db
def test_the_search_costs_one_query(django_assert_num_queries):
    for typed in ("ariane", "a@b.fr", "99700123456"):
        with django_assert_num_queries(1):
            identify.find_account(typed)
