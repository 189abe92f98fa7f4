"""The SMTP catcher and the SMS gateway: real conversations, and every way to fail."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from typing import Any

import httpx
import pytest

from portal.simulators.store import KEEP, MessageStore
from portal.simulators.switches import Switch
from tests.support.processes import SmsGateway, SmtpCatcher

TO = "claire.martin@example.org"
PHONE = "+33639980001"


def send(catcher: SmtpCatcher, **headers: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = (
        "portail@example.org",
        TO,
        headers.pop("subject", "Vérification"),
    )
    mail["Message-ID"] = "<1@example.org>"
    mail.set_content("Votre code : 012345\nhttps://example.org/lien?a=1&b=2")
    mail.add_alternative("<p>Votre code : <b>012345</b></p>", subtype="html")
    with smtplib.SMTP(catcher.host, catcher.port, timeout=5) as server:
        server.send_message(mail)


def post(gateway: SmsGateway, **fields: Any) -> httpx.Response:
    content = {"to": PHONE, "text": "Votre code : 012345", "sender": "PORTAIL", **fields}
    return httpx.post(gateway.url, json=content, timeout=5)


def test_a_mail_is_kept_with_its_accents_and_links(smtp_catcher: SmtpCatcher) -> None:
    send(smtp_catcher)
    [mail] = smtp_catcher.messages()
    assert (mail.channel, mail.to, mail.subject) == ("email", TO, "Vérification")
    assert "https://example.org/lien?a=1&b=2" in mail.text
    assert "<b>012345</b>" in mail.html
    assert mail.reference == "<1@example.org>"
    assert list(mail.public()) == ["id", "channel", "to", "subject", "text", "at"]


@pytest.mark.parametrize(
    ("mode", "error", "code"),
    [
        ("refuse", smtplib.SMTPRecipientsRefused, 550),
        ("temporary", smtplib.SMTPDataError, 451),
        ("permanent", smtplib.SMTPDataError, 554),
    ],
)
def test_the_catcher_refuses_as_asked(
    smtp_catcher: SmtpCatcher, mode: Any, error: type[Exception], code: int
) -> None:
    smtp_catcher.fail(mode, times=1)
    with pytest.raises(error) as caught:
        send(smtp_catcher)
    refused = caught.value
    assert code == (refused.recipients[TO][0] if mode == "refuse" else refused.smtp_code)  # type: ignore[attr-defined]
    assert smtp_catcher.messages() == []
    send(smtp_catcher)
    assert len(smtp_catcher.messages()) == 1


def test_a_line_cut_after_data_has_kept_the_mail(smtp_catcher: SmtpCatcher) -> None:
    smtp_catcher.fail("cut", times=1)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(smtp_catcher)
    assert len(smtp_catcher.messages()) == 1


def test_a_line_cut_at_once_has_kept_nothing(smtp_catcher: SmtpCatcher) -> None:
    smtp_catcher.fail("down", times=1)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(smtp_catcher)
    assert smtp_catcher.messages() == []


def test_a_slow_catcher_ends_by_taking_the_mail(smtp_catcher: SmtpCatcher) -> None:
    smtp_catcher.fail("slow", seconds=0.3, times=1)
    send(smtp_catcher)
    assert len(smtp_catcher.wait(TO)) == 1


def test_a_stopped_catcher_refuses_connections_until_started_again(smtp_catcher: SmtpCatcher) -> None:
    smtp_catcher.stop()
    with pytest.raises(ConnectionRefusedError):
        send(smtp_catcher)
    smtp_catcher.start()
    send(smtp_catcher)
    assert len(smtp_catcher.messages()) == 1


def test_an_sms_is_taken_once_per_reference(sms_gateway: SmsGateway) -> None:
    first = post(sms_gateway, reference="r1")
    again = post(sms_gateway, reference="r1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    [sms] = sms_gateway.messages(PHONE)
    assert (sms.text, sms.subject, sms.sender) == ("Votre code : 012345", "", "PORTAIL")


@pytest.mark.parametrize(("mode", "status"), [("refuse", 422), ("permanent", 400), ("temporary", 503)])
def test_the_gateway_refuses_as_asked(sms_gateway: SmsGateway, mode: Any, status: int) -> None:
    sms_gateway.fail(mode, times=1)
    assert post(sms_gateway).status_code == status
    assert sms_gateway.messages() == []
    assert post(sms_gateway).status_code == 201


def test_a_lost_answer_hides_an_sms_that_left(sms_gateway: SmsGateway) -> None:
    sms_gateway.fail("cut", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        post(sms_gateway, reference="r2")
    assert len(sms_gateway.messages()) == 1
    assert post(sms_gateway, reference="r2").status_code == 200
    assert len(sms_gateway.messages()) == 1


def test_a_slow_gateway_outlasts_an_impatient_caller(sms_gateway: SmsGateway) -> None:
    sms_gateway.fail("slow", seconds=0.5, times=1)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(sms_gateway.url, json={"to": PHONE, "text": "x"}, timeout=0.1)
    assert len(sms_gateway.wait(PHONE)) == 1


@pytest.mark.parametrize("fields", [{"to": "0639980001"}, {"text": ""}, {"text": "x" * 1601}, {"to": None}])
def test_a_wrong_number_or_text_is_refused_for_good(sms_gateway: SmsGateway, fields: dict[str, Any]) -> None:
    assert post(sms_gateway, **fields).status_code == 422


def test_the_gateway_answers_nonsense_without_falling(sms_gateway: SmsGateway) -> None:
    base = sms_gateway.url.removesuffix("/sms")
    assert httpx.post(sms_gateway.url, content=b"{not json").status_code == 400
    assert httpx.post(sms_gateway.url, content=b"[]").status_code == 400
    assert httpx.post(f"{base}/ailleurs", json={}).status_code == 404
    assert httpx.get(f"{base}/sante").status_code == 200


def test_the_gateway_is_told_to_fail_over_http(sms_gateway: SmsGateway) -> None:
    control = sms_gateway.url.replace("/sms", "/controle")
    assert httpx.post(control, json={"mode": "temporary"}).status_code == 200
    assert post(sms_gateway).status_code == 503
    assert httpx.post(control, json={"mode": "nonsense"}).status_code == 400
    httpx.post(control, json={})
    assert post(sms_gateway).status_code == 201


def test_a_switch_counts_down_then_obeys(tmp_path: Any) -> None:
    switch = Switch(tmp_path / "switch.json")
    switch.set("temporary", times=2)
    assert [switch.take().mode for _ in range(3)] == ["temporary", "temporary", ""]
    with pytest.raises(ValueError, match="unknown"):
        switch.set("explode")


def test_the_store_is_private_and_drops_its_oldest(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.simulators.store.KEEP", 3)
    store = MessageStore(tmp_path / "messages.sqlite3")
    assert store.newest() == []
    for number in range(5):
        store.add("email", TO, str(number))
    assert [m.text for m in store.newest()] == ["4", "3", "2"]
    assert store.path.stat().st_mode & 0o777 == 0o600
    assert KEEP >= 1000
