"""Weak rules and keys that contradict each other do not load."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.plateformes import available, load
from portal.plateformes.rules import (
    MIN_ENTROPY_BITS,
    PLACEHOLDERS,
    bent_bars,
    contradictions,
    contrast_on_white,
    password_entropy,
    placeholders,
)
from portal.plateformes.schema import Texts
from tests.plateformes.test_loader import refusal

CVL, EA = "esante-cvl", "entractes"


@pytest.mark.parametrize(
    ("base", "changes", "key"),
    [
        ("enrs-idf", {"password.special_characters": "!"}, "password.min_length"),
        ("enrs-idf", {"password.min_classes": 2}, "password.min_classes"),
        ("enrs-idf", {"password.min_classes": 4}, "password.min_classes"),
        ("enrs-idf", {"password.special_characters": "_+=<>@&!$*.,;': a"}, "password.special_characters"),
        ("enrs-idf", {"password.special_characters": "__+=<>@&!$*.,;':"}, "password.special_characters"),
        ("enrs-idf", {"codes.sign_in.digits": 4}, "codes.sign_in.digits"),
        ("enrs-idf", {"codes.ephemeral.digits": 5}, "codes.ephemeral.digits"),
        ("enrs-idf", {"codes.sign_in.channels": []}, "codes.sign_in.channels"),
        ("enrs-idf", {"codes.phone_proof.channels": ["email"]}, "codes.phone_proof.channels"),
        (
            "enrs-idf",
            {"codes.sends.min_delay_seconds": 300, "codes.sends.window_seconds": 60},
            "codes.sends.min_delay_seconds",
        ),
        (EA, {"codes.phone_proof.tries": 4}, "codes.phone_proof.tries"),
        (EA, {"sign_up.gates": ["phone_code", "human_decision"]}, "sign_up.gates"),
        ("enrs-idf", {"sign_up.steps.2.fields": []}, "sign_up.steps"),
        ("enrs-idf", {"sign_up.steps.2.fields": ["code_channel", "email"]}, "sign_up.steps"),
        ("enrs-idf", {"sign_up.steps.0.fields": ["last_name", "first_name"]}, "sign_up.steps"),
        ("enrs-idf", {"sign_up.required": ["last_name"]}, "sign_up.required"),
        ("enrs-idf", {"sign_up.labels.network": "Réseau"}, "sign_up.labels"),
        ("enrs-idf", {"sign_up.hints.network": "Réseau"}, "sign_up.hints"),
        ("enrs-idf", {"sign_up.one_of": ["email"]}, "sign_up.one_of"),
        ("enrs-idf", {"sign_up.proof_document": True}, "sign_up.proof_document"),
        (EA, {"sign_up.proof_document": False}, "sign_up.proof_document"),
        (EA, {"sign_up.networks": []}, "sign_up.networks"),
        (EA, {"sign_up.care_types": []}, "sign_up.care_types"),
        (EA, {"newsletter.offered": False}, "newsletter.offered"),
        (EA, {"newsletter.label": ""}, "newsletter.label"),
        ("enrs-idf", {"robot.on": ["reset"]}, "robot.on"),
        ("enrs-idf", {"sign_up.gates": []}, "sign_up.gates"),
        ("enrs-idf", {"sign_up.gates": ["mail_link", "phone_code"]}, "sign_up.gates"),
        (EA, {"sign_up.gates": ["mail_link", "phone_code"]}, "sign_up.proof_document"),
        ("enrs-idf", {"credentials.delivery": "link"}, "credentials.delivery"),
        ("enrs-idf", {"credentials.temporary_secret_hours": 72}, "credentials.temporary_secret_hours"),
        (CVL, {"credentials.temporary_secret_hours": "none"}, "credentials.temporary_secret_hours"),
        (CVL, {"credentials.temporary_secret_hours": 96}, "credentials.temporary_secret_hours"),
        (CVL, {"credentials.password_digits": 6}, "credentials.password_digits"),
        (CVL, {"credentials.temporary_secret_length": "none"}, "credentials.password_digits"),
        (CVL, {"sign_up.gates": ["mail_link"]}, "credentials.delivery"),
        (CVL, {"identifier.style": "chosen"}, "identifier.style"),
        ("enrs-idf", {"sign_in.tabs": ["card", "ephemeral"]}, "sign_in.tabs"),
        ("enrs-idf", {"sign_in.tabs": ["card", "password", "password"]}, "sign_in.tabs"),
        ("enrs-idf", {"sign_in.tabs": ["card", "password", "ephemeral", "ecps"]}, "sign_in.psc_block"),
        ("enrs-idf", {"sign_in.psc_block": False}, "sign_in.psc_block"),
        ("enrs-idf", {"sign_in.labels": {"card": "Carte"}}, "sign_in.labels"),
        ("enrs-idf", {"sign_in.buttons.ecps": "x"}, "sign_in.buttons"),
        ("enrs-idf", {"sign_in.card_sign_up_label": ""}, "sign_in.card_sign_up_label"),
        ("enrs-idf", {"sessions.warning_minutes": 5, "sessions.idle_minutes": 5}, "sessions.warning_minutes"),
        ("enrs-idf", {"sessions.absolute_hours": 3}, "sessions.strong_absolute_hours"),
        ("enrs-idf", {"sessions.idle_minutes": 31}, "sessions.idle_minutes"),
        ("enrs-idf", {"sessions.remember_idle_minutes": 10}, "sessions.remember_idle_minutes"),
        ("enrs-idf", {"lockout.slow_after": 5, "lockout.close_after": 5}, "lockout.close_after"),
        ("enrs-idf", {"lockout.base_seconds": 60, "lockout.max_seconds": 30}, "lockout.max_seconds"),
        ("enrs-idf", {"retention.inactive_warning_months": 12}, "retention.inactive_close_months"),
        ("enrs-idf", {"documents.0.acceptance_label": ""}, "documents[0].acceptance_label"),
        ("enrs-idf", {"documents.2.acceptance_label": "J'accepte"}, "documents[2].acceptance_label"),
        ("enrs-idf", {"documents.2.slug": "cgu"}, "documents"),
        ("enrs-idf", {"documents.1.required_at": [], "documents.1.acceptance_label": ""}, "documents"),
        ("enrs-idf", {"texts.code_mail_subject": "Code {code}"}, "texts.code_mail_subject"),
        ("enrs-idf", {"texts.code_mail_text": "Bonjour"}, "texts.code_mail_text"),
        ("enrs-idf", {"texts.code_mail_text": "{code} {colour}"}, "texts.code_mail_text"),
        ("enrs-idf", {"texts.code_sms_text": "{code"}, "texts.code_sms_text"),
        ("enrs-idf", {"accent": "#8fb8de"}, "accent"),
        ("enrs-idf", {"codes.sign_in.life_seconds": 1200}, "codes.sign_in.life_seconds"),
        ("enrs-idf", {"derogations": []}, "password.min_classes"),
        ("enrs-idf", {"derogations.0.key": "codes.sign_in.digits"}, "password.min_classes"),
        (CVL, {"codes.sign_in.life_seconds": 600}, "derogations"),
        (EA, {"codes.phone_proof.digits": 6}, "derogations"),
    ],
)
def test_a_contradiction_names_its_key(tmp_path: Path, base: str, changes: dict[str, Any], key: str) -> None:
    assert refusal(tmp_path, changes, base=base).key == key


@pytest.mark.security("PWD-1")
@pytest.mark.feature("C1")
def test_eight_characters_of_three_sorts_hold_fifty_bits() -> None:
    assert password_entropy(8, "_+=<>@&!$*.,;':") >= MIN_ENTROPY_BITS
    assert password_entropy(7, "_+=<>@&!$*.,;':") < MIN_ENTROPY_BITS


@given(st.integers(8, 64), st.text(alphabet="!#$%&*+-./:;<=>?@_", max_size=18))
def test_a_longer_password_or_a_wider_alphabet_never_loses_entropy(length: int, special: str) -> None:
    bits = password_entropy(length, special)
    assert password_entropy(length + 1, special) > bits
    assert password_entropy(length, special + "€") > bits


@pytest.mark.parametrize("name", available())
def test_white_text_is_legible_on_each_accent(name: str) -> None:
    assert contrast_on_white(load(name).accent) >= 4.5


def test_contrast_is_that_of_wcag() -> None:
    assert contrast_on_white("#ffffff") == pytest.approx(1)
    assert contrast_on_white("#000000") == pytest.approx(21)
    assert contrast_on_white("#767676") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("name", available())
def test_each_shipped_profile_contradicts_nothing(name: str) -> None:
    assert list(contradictions(load(name))) == []


def test_the_default_profile_bends_only_the_composition_of_passwords() -> None:
    assert set(bent_bars(load("enrs-idf"))) == {"password.min_classes"}


@pytest.mark.parametrize("name", available())
def test_each_bend_has_its_reason_and_its_compensation(name: str) -> None:
    for entry in load(name).derogations:
        assert len(entry.reason) > 30
        assert len(entry.compensation) > 30


def test_every_checked_sentence_exists() -> None:
    assert set(PLACEHOLDERS) <= set(Texts.__annotations__)


def test_a_lone_brace_is_a_mistake() -> None:
    assert placeholders("{a} et {b}") == {"a", "b"}
    assert placeholders("{a") == {"?"}
