"""Activating an e-CPS: with a card, or by a mail with its QR code and an SMS, through real stand-ins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from portal.simulators.psc.personas import CARD_PIN
from tests.psc.conftest import Simulator
from tests.support.processes import SmsGateway, SmtpCatcher

MAUD, MAUD_EMAIL, MAUD_PHONE = "899700000039", "maud.lestienne@demo.example", "+33639980012"
PASSWORD = "2468"


@pytest.fixture
def service(smtp_catcher: SmtpCatcher, sms_gateway: SmsGateway, tmp_path: Path) -> Iterator[Simulator]:
    running = Simulator(tmp_path, smtp=f"127.0.0.1:{smtp_catcher.port}", sms=sms_gateway.url)
    yield running
    running.stop()


@pytest.fixture
def wallet(service: Simulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.wallet, follow_redirects=True) as made:
        yield made


def opens(wallet: httpx.Client, password: str) -> bool:
    answer = wallet.post(f"/telephone/{MAUD}/ouvrir", data={"mot_de_passe": password})
    return "Aucune demande d’authentification en attente" in answer.text


def choose(wallet: httpx.Client, link: str, first: str = PASSWORD, second: str = PASSWORD) -> httpx.Response:
    return wallet.post(link + "mot-de-passe", data={"mot_de_passe": first, "confirmation": second})


def ask_mail(wallet: httpx.Client, smtp_catcher: SmtpCatcher) -> Any:
    wallet.post("/telephone/activation/envoyer", data={"identifiant": MAUD})
    return smtp_catcher.wait(MAUD_EMAIL)[0]


@pytest.mark.feature("ROR-062", "ROR-063", "ROR-065", "ROR-066", "VT-025", "VT-026")
def test_without_a_card(wallet: httpx.Client, smtp_catcher: SmtpCatcher, sms_gateway: SmsGateway) -> None:
    assert "à activer" in wallet.get("/telephone/").text
    start = wallet.get(f"/telephone/{MAUD}/").text
    assert "Recevoir le courriel d’activation" in start
    assert "Le chiffre 8 suivi de votre numéro RPPS" in start
    refused = wallet.post("/telephone/activation/", data={"identifiant": MAUD})
    assert "Acceptez les conditions" in refused.text
    check = wallet.post("/telephone/activation/", data={"identifiant": MAUD, "conditions": "oui"})
    assert "m****@demo.example" in check.text
    assert "Envoyer ma demande d’activation" in check.text

    mail = ask_mail(wallet, smtp_catcher)
    assert "Démarrer l’activation" in mail.html
    assert "cid:" in mail.html
    link = re.search(r"http://\S+/telephone/activation/\S+/", mail.text)[0]  # type: ignore[index]
    assert "Envoyer" in wallet.get(link).text
    assert "SMS" in wallet.post(link + "sms").text
    code = re.search(r"\d{6}", sms_gateway.wait(MAUD_PHONE)[0].text)[0]  # type: ignore[index]
    wrong = "000000" if code != "000000" else "111111"
    assert wallet.post(link + "code", data={"code": wrong}).status_code == 400
    assert "Choisissez le mot de passe" in wallet.post(link + "code", data={"code": code}).text
    assert "identiques" in choose(wallet, link, "2468", "1357").text
    assert "4 à 8 chiffres" in choose(wallet, link, "12", "12").text
    assert "activée" in choose(wallet, link).text
    assert opens(wallet, PASSWORD)


@pytest.mark.feature("VT-023", "VT-024")
def test_with_a_card(wallet: httpx.Client) -> None:
    refused = wallet.post("/activation/carte/", data={"carte": MAUD, "code_porteur": "9999"})
    assert "Code porteur incorrect" in refused.text
    computer = wallet.post("/activation/carte/", data={"carte": MAUD, "code_porteur": CARD_PIN})
    assert "data:image/svg" in computer.text
    link = re.search(r'href="(http://\S+/telephone/activation/\S+/)"', computer.text)[1]  # type: ignore[index]
    telephone = wallet.get(link).text
    code = re.search(r'big-number">(\d{6})<', telephone)[1]  # type: ignore[index]
    assert choose(wallet, link).status_code == 410, "not before the code was copied"
    assert "Le code est le bon" in wallet.post(computer.url, data={"code": code}).text
    assert "activée" in choose(wallet, link).text
    assert opens(wallet, PASSWORD)


def test_the_qr_code_of_the_card_lives_ninety_seconds(wallet: httpx.Client, service: Simulator) -> None:
    computer = wallet.post("/activation/carte/", data={"carte": MAUD, "code_porteur": CARD_PIN})
    service.set(clock=91)
    assert wallet.get(computer.url).status_code == 410


@pytest.mark.feature("ROR-064")
def test_somebody_elses_request_can_be_reported(wallet: httpx.Client, smtp_catcher: SmtpCatcher) -> None:
    mail = ask_mail(wallet, smtp_catcher)
    assert "ce n’est pas moi" in mail.html
    report = re.search(r"http://\S+/activation/signaler/\S+/", mail.text)[0]  # type: ignore[index]
    link = report.replace("/activation/signaler/", "/telephone/activation/")
    assert wallet.get(report).status_code == 200
    assert wallet.get(link).status_code == 200, "reading the page cancels nothing"
    assert "annulée" in wallet.post(report).text
    assert wallet.get(link).status_code == 410
    assert not opens(wallet, "1357")


def test_a_fourth_code_ends_the_activation(
    wallet: httpx.Client, smtp_catcher: SmtpCatcher, sms_gateway: SmsGateway
) -> None:
    link = re.search(r"http://\S+/telephone/activation/\S+/", ask_mail(wallet, smtp_catcher).text)[0]  # type: ignore[index]
    wallet.post(link + "sms")
    sms_gateway.wait(MAUD_PHONE)
    for _ in range(4):
        wallet.post(link + "code", data={"code": "faux"})
    assert wallet.get(link).status_code == 410


def test_a_new_request_ends_the_one_before(wallet: httpx.Client, smtp_catcher: SmtpCatcher) -> None:
    first = re.search(r"http://\S+/telephone/activation/\S+/", ask_mail(wallet, smtp_catcher).text)[0]  # type: ignore[index]
    wallet.post("/telephone/activation/envoyer", data={"identifiant": MAUD})
    assert wallet.get(first).status_code == 410


def test_a_mail_server_that_is_away_is_said(wallet: httpx.Client, smtp_catcher: SmtpCatcher) -> None:
    smtp_catcher.stop()
    answer = wallet.post("/telephone/activation/envoyer", data={"identifiant": MAUD})
    smtp_catcher.start()
    assert "Courriel non envoyé" in answer.text
