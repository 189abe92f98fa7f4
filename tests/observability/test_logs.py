"""Logs carry ids and words of ours: whatever code or a library writes, no person comes out (DAT-2)."""

from __future__ import annotations

import json
import logging
from typing import Any
from uuid import uuid4

import pytest
import structlog
from django.db import IntegrityError, connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from portal.observability.logs import safe_message, scrub_text
from tests.observability.conftest import Log

SEEDS = {
    "e-mail": "claire.fontaine@cabinet.example",
    "phone": "+33639980001",
    "spaced phone": "06 39 98 00 01",
    "RPPS": "99700000123",
    "code": "004271",
    "token": "hE3k9-QxZ_v81mNpLw0sT2uYbR4c",
    "hex token": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "link": "https://portail.example/mot-de-passe/choisir/abc/",
}


@pytest.mark.security("DAT-2")
@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS.keys())
def test_a_value_of_a_person_never_reaches_the_log(log: Log, seed: str) -> None:
    ours, theirs = structlog.get_logger("portal.essai"), logging.getLogger("library")
    ours.warning("message_sent", recipient=seed, name=seed, error=seed, message_id=seed, **{seed: 1})
    ours.warning(f"sent to {seed}")
    theirs.warning("sent to %s", seed)
    theirs.warning("sent to %(to)s", {"to": seed})
    theirs.warning(f"sent to {seed}")
    theirs.warning("sent", extra={"recipient": seed})

    assert len(log.lines) == 6
    assert seed not in log.text


@pytest.mark.security("DAT-2")
@pytest.mark.parametrize("name", ["Claire Fontaine", "FONTAINE", "O'Brien-Łęcki"])
def test_a_name_given_to_a_library_s_message_is_left_out(log: Log, name: str) -> None:
    logging.getLogger("library").warning("no such user: %s (%r)", name, name)
    structlog.get_logger("portal.essai").warning("refused", name=name, detail=name)

    assert name not in log.text
    assert log.lines[0]["event"] == "no such user: … (…)"
    assert log.lines[1]["dropped"] == ["detail", "name"]


@pytest.mark.security("DAT-2")
def test_an_exception_is_a_type_and_a_place_without_its_message(log: Log) -> None:
    try:
        raise ValueError("Claire Fontaine 004271") from KeyError("claire.fontaine@cabinet.example")
    except ValueError:
        structlog.get_logger("portal.essai").exception("failed")
        logging.getLogger("library").exception("failed too")

    assert "Claire" not in log.text
    assert "004271" not in log.text
    for line in log.lines:
        assert line["exception"].startswith("ValueError (tests.observability.test_logs.test_an_exception")
        assert "KeyError" in line["exception"]


@pytest.mark.security("DAT-2")
@pytest.mark.django_db
def test_a_violated_constraint_is_named_without_the_value(log: Log) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE boite (adresse text CONSTRAINT une_seule_adresse UNIQUE)")
        cursor.execute("INSERT INTO boite VALUES ('claire.fontaine@cabinet.example')")
        try:
            cursor.execute("INSERT INTO boite VALUES ('claire.fontaine@cabinet.example')")
        except IntegrityError:
            structlog.get_logger("portal.essai").exception("refused")

    line = log.lines[-1]
    assert (line["constraint"], line["sqlstate"]) == ("une_seule_adresse", "23505")
    assert "claire" not in log.text
    connection.set_rollback(True)


@pytest.mark.security("DAT-2")
def test_line_breaks_of_an_input_do_not_make_a_line(log: Log) -> None:
    structlog.get_logger("portal.essai").warning('x\n{"event": "forged"}', reason="a\r\nb")
    logging.getLogger("library").warning("x\n%s", "y\nz")

    assert len(log.text.splitlines()) == 2
    assert [line["level"] for line in log.lines] == ["warning", "warning"]


def test_ids_and_numbers_stay(log: Log) -> None:
    message_id = uuid4()
    structlog.get_logger("portal.essai").warning(
        "message_sent", message_id=message_id, attempts=3, user_id=12, delay_seconds=30, purpose="sign_in"
    )
    line = log.named("message_sent")

    assert (line["message_id"], line["attempts"], line["user_id"]) == (str(message_id), 3, 12)
    assert (line["delay_seconds"], line["purpose"], line["level"]) == (30, "sign_in", "warning")
    assert line["timestamp"].endswith("Z")
    assert line["logger"] == "portal.essai"


def test_a_library_s_message_keeps_numbers_ids_and_our_own_words(log: Log) -> None:
    task_id = str(uuid4())
    logging.getLogger("celery").warning(
        "Task %(name)s[%(id)s] succeeded in %(runtime)ss: %(result)s",
        {
            "name": "portal.messaging.tasks.deliver_message",
            "id": task_id,
            "runtime": 0.25,
            "result": "Claire",
        },
    )

    assert (
        log.lines[0]["event"]
        == f"Task portal.messaging.tasks.deliver_message[{task_id}] succeeded in 0.25s: …"
    )


@given(st.text())
def test_scrubbing_never_breaks_and_never_leaves_an_address(text: str) -> None:
    assert "@cabinet.example" not in scrub_text(f"{text} claire@cabinet.example {text}")
    assert len(scrub_text(text * 50)) <= 300


@given(
    st.text(), st.one_of(st.none(), st.integers(), st.text(), st.tuples(st.text(), st.floats()), st.just({}))
)
def test_no_message_of_a_library_breaks_the_log(template: str, arguments: Any) -> None:
    assert isinstance(safe_message(template, arguments), str)


# --- requests ------------------------------------------------------------------------------------
@pytest.mark.security("DAT-2")
@pytest.mark.urls("tests.observability.urls")
@pytest.mark.django_db
def test_a_request_is_logged_by_its_route_never_by_its_address(log: Log) -> None:
    client = Client(raise_request_exception=False)
    client.get("/lien/hE3k9-QxZ_v81mNpLw0sT2uYbR4c/?nom=Claire&code=004271", headers={"user-agent": "Claire"})
    client.get("/introuvable/Claire/?q=fontaine")
    client.get("/bien/?q=Claire")

    for secret in ("hE3k9", "Claire", "fontaine", "004271"):
        assert secret not in log.text
    assert log.named("request_failed")["route"] == "lien/<str:token>/"
    statuses = [line["code"] for line in log.lines if line["event"] == "request_finished"]
    assert statuses == [404, 200]


@pytest.mark.security("DAT-2")
@pytest.mark.urls("tests.observability.urls")
def test_an_unknown_host_is_refused_without_being_logged(log: Log) -> None:
    response = Client().get("/bien/", headers={"host": "claire-fontaine.example"})

    assert response.status_code == 400
    assert "claire" not in log.text


@pytest.mark.security("REL-13")
@pytest.mark.urls("tests.observability.urls")
@pytest.mark.django_db
def test_every_response_names_the_reference_of_its_log_lines(log: Log) -> None:
    fine = Client().get("/bien/")
    failed = Client(raise_request_exception=False).get("/lien/x/")

    assert log.named("request_finished")["request_id"] == fine["X-Request-ID"]
    assert log.named("request_failed")["request_id"] == failed["X-Request-ID"]
    assert fine["X-Request-ID"] != failed["X-Request-ID"]


@pytest.mark.urls("tests.observability.urls")
def test_a_reference_given_from_outside_is_not_taken(log: Log) -> None:
    response = Client().get("/bien/", headers={"x-request-id": "claire", "x-correlation-id": "claire"})

    assert response["X-Request-ID"] != "claire"
    assert "claire" not in log.text


def test_each_line_is_one_json_object(log: Log) -> None:
    logging.getLogger("library").info("démarrage « %s »", "été")
    structlog.get_logger("portal.essai").info("ready")

    assert [json.loads(line)["level"] for line in log.text.splitlines()] == ["info", "info"]


@pytest.mark.security("DAT-2")
def test_a_key_of_ours_holds_a_word_not_a_sentence(log: Log) -> None:
    ours = structlog.get_logger("portal.essai")
    ours.warning(
        "refused", error="Claire Fontaine est inconnue", reason="KeyError: 'Fontaine'", code=4271, door="card"
    )

    assert "Fontaine" not in log.text
    assert "4271" not in log.text
    assert log.named("refused")["door"] == "card"


@pytest.mark.security("DAT-2")
def test_a_failed_task_is_logged_without_the_words_of_its_exception(log: Log) -> None:
    error = ValueError("fontaine")
    structlog.get_logger("django_structlog.celery.receivers").error(
        "task_failed", error=str(error), exception=error, task_id=str(uuid4())
    )

    assert "fontaine" not in log.text
    assert log.named("task_failed")["exception"].startswith("ValueError")


def test_the_code_of_a_database_error_is_kept_letters_and_all(log: Log) -> None:
    structlog.get_logger("essai").error("raté", sqlstate="42P01")
    structlog.get_logger("essai").error("encore", sqlstate="Claire Martin")
    assert log.named("raté")["sqlstate"] == "42P01"
    assert "Claire" not in log.text
