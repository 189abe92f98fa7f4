"""Start the partner application on a port of loopback; see --help. Refused with the settings of production."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from portal.simulators.partner.failures import Failures
from portal.simulators.partner.relying_party import RelyingParty
from portal.simulators.partner.site import Site
from portal.simulators.partner.store import Store
from portal.simulators.psc.web import Server


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m portal.simulators.partner", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--portal", required=True, help="address of the portal, which is also its issuer")
    parser.add_argument("--clients", type=Path, required=True, help="JSON file that holds openid_clients")
    parser.add_argument(
        "--store", type=Path, required=True, help="file of links and sessions, made when absent"
    )
    options = parser.parse_args(arguments)
    if os.environ.get("DJANGO_SETTINGS_MODULE", "").endswith(".production"):
        sys.stderr.write("L'application partenaire d'essai est refusée avec les réglages de production.\n")
        return 1
    portal = options.portal.rstrip("/")
    party = RelyingParty(f"http://localhost:{options.port}", portal, options.clients)
    site = Site(party, Store(options.store), Failures())
    Server(options.port, site.router(), [portal]).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
