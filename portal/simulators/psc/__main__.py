"""Start the issuer and the wallet, each on its port of loopback; see --help."""

from __future__ import annotations

import argparse
import os
import secrets
import threading
from pathlib import Path

from portal.simulators.psc import control, issuer
from portal.simulators.psc.activation import Activations
from portal.simulators.psc.messages import Messenger
from portal.simulators.psc.phone import Phone
from portal.simulators.psc.state import REALM_PATH, Client, Realm
from portal.simulators.psc.wallet import Wallet
from portal.simulators.psc.web import Router, Server

CLIENT_ID = "portail-demonstration"
RETURN_PATH = "/connexion/ecps/retour/"
SIGNED_OUT_PATH = "/connexion/ecps/deconnexion/"


def read_secret(file: Path) -> str:
    """The client's secret, made at the first start in a file only we read."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return file.read_text(encoding="utf-8").strip()
    made = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(made + "\n")
    return made


def make_servers(options: argparse.Namespace) -> tuple[Server, Server, Realm]:
    """(issuer, wallet, realm), bound and not yet serving."""
    realm = Realm(
        issuer=f"http://localhost:{options.port}{REALM_PATH}",
        wallet=f"http://localhost:{options.wallet_port}",
    )
    portals = tuple(url.rstrip("/") for url in options.portal)
    realm.clients[CLIENT_ID] = Client(
        CLIENT_ID,
        read_secret(options.secret),
        tuple(url + RETURN_PATH for url in portals),
        tuple(url + SIGNED_OUT_PATH for url in portals),
    )
    router = Router()
    control.mount(router, realm)
    Activations(realm, Messenger(options.smtp, options.sms)).mount(router)
    Phone(realm).mount(router)
    Wallet(realm).mount(router)
    targets = [*portals, f"http://localhost:{options.port}"]
    return (
        Server(options.port, issuer.make_router(realm), targets),
        Server(options.wallet_port, router, targets),
        realm,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m portal.simulators.psc", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port of the issuer")
    parser.add_argument(
        "--wallet-port", type=int, required=True, help="port of the wallet and of the telephone"
    )
    parser.add_argument(
        "--secret", type=Path, required=True, help="file of the client's secret, made when absent"
    )
    parser.add_argument(
        "--portal", action="append", required=True, help="address of the portal (may be repeated)"
    )
    parser.add_argument("--smtp", default="", help="host:port of the mail stand-in")
    parser.add_argument("--sms", default="", help="address of the SMS stand-in")
    made, wallet, _ = make_servers(parser.parse_args())
    threading.Thread(target=made.serve_forever, daemon=True).start()
    wallet.serve_forever()


if __name__ == "__main__":
    main()
