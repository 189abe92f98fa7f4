"""The agent of the desk, over the wire, with real SoftHSM tokens."""

from __future__ import annotations

import base64
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from accounts.cps.agent import protocol
from accounts.cps.agent.errors import MESSAGES
from portal.launcher.place import ROOT
from portal.simulators.cps.desk import CardDesk
from tests.cps.agent import EXPIRY, NONCE, PORTAL, AgentProcess

LABEL = "CPS3v3-2900000013"


def demand_of(agent: AgentProcess, **changes: str) -> str:
    reply = agent.ask(**changes)
    assert reply.status == 202, reply.body
    return str(reply.json["demande"])


# --- what lies in the reader ----------------------------------------------------------------------------
@pytest.mark.feature("VT-028")
def test_the_card_is_seen_when_it_comes_and_when_it_goes(agent: AgentProcess, desk: CardDesk) -> None:
    assert agent.state()["erreur"] == "no_card"
    desk.insert("hugo")
    found = agent.state()
    assert (found["erreur"], found["lecteurs"] > 0) == ("", True)
    assert [(c["etiquette"], c["essais"]) for c in found["cartes"]] == [(LABEL, 3)]
    desk.remove("hugo")
    assert agent.state()["erreur"] == "no_card"


@pytest.mark.feature("ROR-026", "ROR-053", "VT-030")
def test_the_certificate_is_listed_by_object_issuer_and_serial(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    (found,) = agent.get("/certificats").json["certificats"]
    assert found["objet"] == "899700000013"
    assert found["emetteur"] == "TEST AC IGC-SIMULEE FORT PERSONNES"
    assert re.fullmatch(r"[0-9a-f]{16}", found["serie"])
    assert found["carte"] == LABEL


def test_no_reader_and_two_cards_have_their_own_words(agent: AgentProcess, desk: CardDesk) -> None:
    desk.plug(False)
    assert agent.get("/certificats").json["message"] == MESSAGES["no_reader"]
    desk.plug()
    desk.insert("hugo")
    desk.insert("apolline", alone=False)
    reply = agent.get("/certificats")
    assert (reply.status, reply.json["erreur"]) == (409, "two_cards")
    assert agent.state()["erreur"] == "two_cards"


def test_a_card_with_a_signature_certificate_only_is_told_apart(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("signature")
    assert agent.get("/certificats").json["erreur"] == "no_authentication"


@pytest.mark.feature("VT-027")
def test_a_desk_without_cryptolib_is_told_so(desk: CardDesk, tmp_path: Path) -> None:
    running = AgentProcess(desk, tmp_path / "agent.log", module="/nulle/part/cps3_pkcs11.so")
    running.start()
    try:
        assert running.state()["erreur"] == "module_absent"
        assert "Cryptolib CPS" in running.get("/certificats").json["message"]
    finally:
        running.stop()
    assert "installez Cryptolib CPS" in (tmp_path / "agent.log").read_text()


def test_a_file_that_is_no_module_is_told_so(desk: CardDesk, tmp_path: Path) -> None:
    false = tmp_path / "faux.so"
    false.write_bytes(b"\x7fELF")
    running = AgentProcess(desk, tmp_path / "agent.log", module=str(false))
    running.start()
    try:
        assert running.state()["erreur"] == "module_absent"
    finally:
        running.stop()


# --- the code -------------------------------------------------------------------------------------------
@pytest.mark.feature("ROR-027", "ROR-028", "VT-031")
def test_the_window_asks_the_code_with_the_tries_left_and_the_version(
    agent: AgentProcess, desk: CardDesk
) -> None:
    desk.insert("hugo")
    page = agent.window(demand_of(agent))
    assert "<h1>Saisissez votre Code Porteur</h1>" in page
    assert "Code Porteur :" in page
    assert f"Il vous reste 3 tentative(s) pour la carte {LABEL}" in page
    assert 'type="password"' in page
    assert ">Valider<" in page
    assert ">Annuler<" in page
    assert re.search(r"v\d+\.\d+\.\d+ (32|64)b - \d\d\.\d\d\.\d{4}", page)
    assert PORTAL in page
    assert "Vous connecter au portail" in page


@pytest.mark.security("CPS-1")
@pytest.mark.feature("VT-024")
def test_the_right_code_signs_the_structured_text_with_the_cards_key(
    agent: AgentProcess, desk: CardDesk
) -> None:
    desk.insert("hugo")
    demand = demand_of(agent)
    assert agent.result(demand)["etat"] == "attente"
    assert "Code accepté" in agent.type_pin(demand, "1234").body
    found = agent.result(demand)
    assert found["etat"] == "faite"
    key = x509.load_der_x509_certificate(base64.b64decode(found["certificat"])).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    text = f"PORTAIL-CPS 1\norigine {PORTAL}\nmotif connexion\nalea {NONCE}\nexpire {EXPIRY}".encode()
    key.verify(base64.b64decode(found["signature"]), text, padding.PKCS1v15(), hashes.SHA256())
    assert agent.result(demand)["signature"] == "", "a signature is given once"


@pytest.mark.feature("ROR-028")
def test_three_wrong_codes_block_the_card(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    demand = demand_of(agent)
    first = agent.type_pin(demand, "9999").body
    assert "Code porteur incorrect. Il vous reste 2 essai(s) sur 3." in first
    assert f"Il vous reste 2 tentative(s) pour la carte {LABEL}" in first
    second = agent.type_pin(demand, "9998").body
    assert f"Il vous reste 1 tentative(s) pour la carte {LABEL}" in second
    assert "une erreur de plus bloquera votre carte" in second
    assert "Carte bloquée" in agent.type_pin(demand, "9997").body
    assert agent.result(demand)["code"] == "pin_locked"
    assert agent.state()["cartes"][0]["bloquee"] is True
    assert agent.ask().json["erreur"] == "pin_locked"
    desk.unblock("hugo")
    assert agent.state()["cartes"][0]["essais"] == 3


def test_the_right_code_gives_the_three_tries_back(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    demand = demand_of(agent)
    agent.type_pin(demand, "9999")
    agent.type_pin(demand, "1234")
    assert agent.state()["cartes"][0]["essais"] == 3


def test_tries_follow_the_card_out_of_the_reader_and_back(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    agent.type_pin(demand_of(agent), "9999")
    desk.insert("apolline")
    assert agent.state()["cartes"][0]["essais"] == 3
    desk.insert("hugo")
    assert agent.state()["cartes"][0]["essais"] == 2


@pytest.mark.parametrize("typed", ["", "12", "123456789", "12a4", "١٢٣٤", "12 4"])
def test_what_cannot_be_a_code_costs_no_try(agent: AgentProcess, desk: CardDesk, typed: str) -> None:
    desk.insert("hugo")
    demand = demand_of(agent)
    assert "composé de 4 chiffres" in agent.type_pin(demand, typed).body
    assert agent.state()["cartes"][0]["essais"] == 3


def test_a_blocked_card_is_refused_before_any_code(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("bloquee")
    reply = agent.ask()
    assert (reply.status, reply.json["erreur"], reply.json["essais"]) == (409, "pin_locked", 0)
    assert "déblocage à 8 chiffres" in reply.json["message"]


def test_a_card_removed_before_the_code_ends_the_demand(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    demand = demand_of(agent)
    page = agent.window(demand)
    token = re.search(r'name="jeton" value="([^"]+)"', page)
    assert token
    desk.remove("hugo")
    assert MESSAGES["removed"] in agent.type_pin(demand, "1234", token=token[1]).body
    assert agent.result(demand)["code"] == "removed"


def test_another_card_put_in_its_place_does_not_sign(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    demand = demand_of(agent)
    token = re.search(r'name="jeton" value="([^"]+)"', agent.window(demand))
    assert token
    desk.insert("apolline")
    agent.type_pin(demand, "1234", token=token[1])
    assert agent.result(demand)["code"] == "removed"


def test_cancelling_in_the_window_tells_the_page(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    demand = demand_of(agent)
    assert "Saisie annulée" in agent.type_pin(demand, "", action="annuler").body
    assert agent.result(demand)["code"] == "cancelled"
    assert agent.state()["cartes"][0]["essais"] == 3


def test_a_new_demand_ends_the_one_before(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    first = demand_of(agent)
    demand_of(agent)
    assert agent.get(f"/signature/{first}").json["erreur"] == "expired"


# --- who may ask -------------------------------------------------------------------------------------------
@pytest.mark.security("CPS-1")
@pytest.mark.parametrize(
    "origin", [None, "", "null", "http://portail.test.evil", "https://portail.test", "http://a"]
)
@pytest.mark.parametrize("path", ["/etat", "/certificats"])
def test_another_origin_learns_nothing(agent: AgentProcess, origin: str | None, path: str) -> None:
    reply = agent.get(path, origin=origin)
    assert (reply.status, reply.json) == (403, {"erreur": "origine"})
    assert reply.headers["Access-Control-Allow-Origin"] is None


@pytest.mark.security("CPS-1")
def test_the_origin_signed_is_the_browsers_and_not_the_pages(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    reply = agent.ask(origine="http://autre.test", origin="http://autre.test")
    assert reply.status == 403
    demand = demand_of(agent, origine="http://autre.test")
    assert "autre.test" not in agent.window(demand)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("motif", "signature"),
        ("motif", "connexion\norigine x"),
        ("alea", "court"),
        ("alea", NONCE + "\n"),
        ("expire", "demain"),
        ("certificat", "10"),
    ],
)  # fmt: skip
def test_a_page_cannot_choose_what_is_signed(
    agent: AgentProcess, desk: CardDesk, name: str, value: str
) -> None:
    desk.insert("hugo")
    assert agent.ask(**{name: value}).status == 400


def test_the_text_is_made_of_known_forms_only() -> None:
    good = {"origin": PORTAL, "purpose": "connexion", "nonce": NONCE, "expires": EXPIRY}
    assert protocol.signed_text(**good).count(b"\n") == 4
    for name, bad in (("origin", "http://a b"), ("purpose", "x"), ("nonce", "x"), ("expires", "x")):
        with pytest.raises(ValueError, match=name):
            protocol.signed_text(**{**good, name: bad})


def test_the_preflight_opens_the_private_network_to_the_portal_only(agent: AgentProcess) -> None:
    asked = {"Access-Control-Request-Private-Network": "true", "Access-Control-Request-Method": "POST"}
    reply = agent.request("OPTIONS", "/signer", headers=asked)
    assert reply.status == 204
    assert reply.headers["Access-Control-Allow-Origin"] == PORTAL
    assert reply.headers["Access-Control-Allow-Private-Network"] == "true"
    refused = agent.request("OPTIONS", "/signer", origin="http://autre.test", headers=asked)
    assert refused.status == 403
    assert refused.headers["Access-Control-Allow-Private-Network"] is None


def test_a_form_of_another_site_cannot_ask_for_a_signature(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    reply = agent.request("POST", "/signer", body=b"{}", headers={"Content-Type": "text/plain"})
    assert reply.status == 400


@pytest.mark.parametrize("host", ["evil.test", "evil.test:{port}", "127.0.0.1", "127.0.0.1:1"])
def test_another_name_for_this_machine_is_not_answered(agent: AgentProcess, host: str) -> None:
    reply = agent.get("/etat", headers={"Host": host.format(port=agent.port)})
    assert reply.status == 421


def test_the_agent_listens_on_loopback_only(agent: AgentProcess) -> None:
    tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    here = [line.split()[1] for table in tables for line in table if line.split()[3] == "0A"]
    ours = [address for address in here if int(address.rsplit(":", 1)[1], 16) == agent.port]
    assert ours == [f"0100007F:{agent.port:04X}"]


# --- the window is its own ----------------------------------------------------------------------------------
@pytest.mark.security("CPS-1")
@pytest.mark.parametrize(
    "options",
    [
        {"origin": PORTAL},
        {"origin": None},
        {"origin": "null"},
        {"token": "invente"},
        {"headers": {"Sec-Fetch-Site": "cross-site"}},
        {"headers": {"Sec-Fetch-Site": "same-site"}},
    ],
)
def test_a_code_sent_from_elsewhere_is_not_tried(
    agent: AgentProcess, desk: CardDesk, options: dict[str, str]
) -> None:
    desk.insert("hugo")
    demand = demand_of(agent)
    assert agent.type_pin(demand, "9999", **options).status == 403
    assert agent.state()["cartes"][0]["essais"] == 3


def test_the_window_goes_in_no_frame_and_loads_nothing(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    headers = agent.get(f"/saisie/{demand_of(agent)}/", origin=None).headers
    policy = headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Access-Control-Allow-Origin"] is None


def test_a_window_that_nobody_asked_for_is_not_shown(agent: AgentProcess) -> None:
    reply = agent.get("/saisie/inconnue/", origin=None)
    assert (reply.status, "Demande expirée" in reply.body) == (404, True)


def test_another_page_cannot_take_the_signature(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    demand = demand_of(agent)
    agent.type_pin(demand, "1234")
    assert agent.get(f"/signature/{demand}", origin="http://autre.test").status == 403
    assert agent.get("/signature/inventee").json["erreur"] == "expired"


# --- robustness -----------------------------------------------------------------------------------------------
def test_many_pages_at_once_do_not_hurt_the_card(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    statuses: list[int] = []

    def look() -> None:
        for _ in range(6):
            statuses.append(agent.get("/certificats").status)

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 48
    assert agent.is_alive()


def test_a_double_click_spends_one_try(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    demand = demand_of(agent)
    token = re.search(r'name="jeton" value="([^"]+)"', agent.window(demand))
    assert token
    threads = [
        threading.Thread(target=agent.type_pin, args=(demand, "1234"), kwargs={"token": token[1]})
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert agent.result(demand)["etat"] == "faite"


def test_long_and_broken_requests_are_turned_away(agent: AgentProcess) -> None:
    assert agent.request("POST", "/signer", body=b"x" * 5000).status == 413
    with socket.create_connection(("127.0.0.1", agent.port)) as line:
        line.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
        assert b"400" in line.recv(200)
    assert agent.get("/nulle-part").status == 404
    assert agent.get("/../etat").status in {200, 404}
    assert agent.is_alive()


def test_a_request_that_says_two_things_is_turned_away(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    host, ours, theirs = (
        f"Host: 127.0.0.1:{agent.port}",
        f"Origin: {PORTAL}",
        "Origin: https://ailleurs.example",
    )
    for head in (
        ["GET /certificats HTTP/1.1", host, ours, theirs],
        ["GET /certificats HTTP/1.1", host, "Host: ailleurs.example", ours],
        ["GET http://ailleurs.example/certificats HTTP/1.1", host, ours],
        ["POST /signer HTTP/1.1", host, ours, "Content-Length: 2", "Content-Length: 40", "", "{}"],
        ["POST /signer HTTP/1.1", host, ours, "Content-Length: 2", "Transfer-Encoding: chunked", "", "{}"],
    ):
        with socket.create_connection(("127.0.0.1", agent.port), timeout=10) as line:
            line.sendall("\r\n".join([*head, "", ""]).encode())
            answer = line.recv(4000)
        assert b" 421 " in answer.split(b"\r\n")[0] and b"Certificat" not in answer, head


def test_a_demand_nested_a_thousand_times_is_no_demand(agent: AgentProcess) -> None:
    deep = agent.request("POST", "/signer", body=b"[" * 4000, headers={"Content-Type": "application/json"})
    assert deep.status == 400 and "Traceback" not in agent.log.read_text()


def test_the_log_holds_no_code_and_no_demand(agent: AgentProcess, desk: CardDesk) -> None:
    desk.insert("hugo")
    demand = demand_of(agent)
    agent.type_pin(demand, "1234")
    written = agent.log.read_text()
    assert "1234" not in written.replace(str(agent.port), "")
    assert demand not in written


# --- the program ------------------------------------------------------------------------------------------------
def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "accounts.cps.agent", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)


def test_the_agent_starts_for_named_portals_only() -> None:
    assert "Indiquez au moins un portail" in run().stderr
    assert run("--origine", "*").returncode == 2
    assert run("--origine", "https://portail.test/chemin").returncode == 2
    assert run("--version").stdout.startswith("agent-cps ")


def test_the_agent_needs_no_django() -> None:
    code = (
        "import sys, accounts.cps.agent.__main__; print([m for m in sys.modules if m.startswith('django')])"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_pss_is_signed_when_asked(desk: CardDesk, tmp_path: Path) -> None:
    desk.reset()
    running = AgentProcess(desk, tmp_path / "agent.log", options=("--pss", "--page"))
    running.start()
    try:
        desk.insert("apolline")
        demand = demand_of(running)
        running.type_pin(demand, "1234")
        found = running.result(demand)
        assert found["algorithme"] == "rsa-pss-sha256"
        key = x509.load_der_x509_certificate(base64.b64decode(found["certificat"])).public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        text = protocol.signed_text(PORTAL, "connexion", NONCE, EXPIRY)
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        key.verify(base64.b64decode(found["signature"]), text, scheme, hashes.SHA256())
    finally:
        running.stop()
        desk.reset()
