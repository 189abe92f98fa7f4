"""Pro Santé Connect: which service, under which client. Empty PSC_ENVIRONMENT = this door is closed.

Variables: PSC_ENVIRONMENT (production, bas, simulator), PSC_CLIENT_ID, PSC_CLIENT_SECRET or PSC_CLIENT_SECRET_FILE,
PSC_TOKEN_AUTH (client_secret_basic, client_secret_post, tls_client_auth), PSC_CLIENT_CERTIFICATE and PSC_CLIENT_KEY
(PEM files), PSC_CA_FILE, PSC_HTTP_PROXY, PSC_SIGNING_ALGORITHMS; PSC_ISSUER, PSC_DISCOVERY_URL and
PSC_AUTHORIZATION_URL when the national service moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from portal.settings import env

SIMULATOR = "simulator"
WELL_KNOWN = "/.well-known/wallet-openid-configuration"
REALM = "/auth/realms/esante-wallet"
ISSUERS = {
    "production": f"https://auth.esw.esante.gouv.fr{REALM}",
    "bas": f"https://auth.bas.psc.esante.gouv.fr{REALM}",
}
AUTHORIZATION_URLS = {
    "production": "https://wallet.esw.esante.gouv.fr/auth",
    "bas": "https://wallet.bas.psc.esante.gouv.fr/auth",
}
TOKEN_AUTHS = ("client_secret_basic", "client_secret_post", "tls_client_auth")
# Signatures by shared secret (HS*) and unsigned tokens are never in the list (RP-2).
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
SIMULATOR_CLIENT = "portail-demonstration"


@dataclass(frozen=True)
class PscSettings:
    """`environment` is empty when the door is closed. Nothing outside the origins named here is ever trusted."""

    environment: str = ""
    issuer: str = ""
    discovery_url: str = ""
    authorization_url: str = ""
    client_id: str = ""
    client_secret: str = ""
    token_auth: str = TOKEN_AUTHS[0]
    certificate: str = ""
    key: str = ""
    ca_file: str = ""
    http_proxy: str = ""
    algorithms: tuple[str, ...] = ("RS256",)

    @property
    def form_targets(self) -> list[str]:
        """Origins a form of ours may end at: starting and leaving go through Pro Santé Connect."""
        return sorted({_origin(self.issuer), _origin(self.authorization_url)}) if self.environment else []


def read(default_environment: str = "") -> PscSettings:
    """Settings from the environment. Raises ImproperlyConfigured with a sentence for a value that cannot be used."""
    environment = env.text("PSC_ENVIRONMENT", default_environment)
    if not environment:
        return PscSettings()
    if environment not in {*ISSUERS, SIMULATOR}:
        raise ImproperlyConfigured(
            f"La variable PSC_ENVIRONMENT vaut « {environment} » : écrivez production, bas ou simulator."
        )
    token_auth = env.text("PSC_TOKEN_AUTH", TOKEN_AUTHS[0])
    if token_auth not in TOKEN_AUTHS:
        raise ImproperlyConfigured(f"La variable PSC_TOKEN_AUTH accepte : {', '.join(TOKEN_AUTHS)}.")
    issuer = env.text("PSC_ISSUER", ISSUERS.get(environment) or f"http://localhost:{_port(10)}{REALM}")
    wallet = AUTHORIZATION_URLS.get(environment) or f"http://localhost:{_port(11)}/auth"
    is_tls = token_auth == "tls_client_auth"  # noqa: S105
    return PscSettings(
        environment=environment,
        issuer=issuer.rstrip("/"),
        discovery_url=env.text("PSC_DISCOVERY_URL", issuer.rstrip("/") + WELL_KNOWN),
        authorization_url=env.text("PSC_AUTHORIZATION_URL", wallet),
        client_id=env.text("PSC_CLIENT_ID", SIMULATOR_CLIENT if environment == SIMULATOR else None),
        client_secret="" if is_tls else _secret(environment),
        token_auth=token_auth,
        certificate=_file("PSC_CLIENT_CERTIFICATE") if is_tls else "",
        key=_file("PSC_CLIENT_KEY") if is_tls else "",
        ca_file=env.text("PSC_CA_FILE", ""),
        http_proxy=env.text("PSC_HTTP_PROXY", ""),
        algorithms=_algorithms(),
    )


def _algorithms() -> tuple[str, ...]:
    asked = env.words("PSC_SIGNING_ALGORITHMS", ["RS256"])
    refused = [name for name in asked if name not in ALGORITHMS]
    if refused or not asked:
        raise ImproperlyConfigured(f"La variable PSC_SIGNING_ALGORITHMS accepte : {', '.join(ALGORITHMS)}.")
    return tuple(asked)


def _secret(environment: str) -> str:
    """The national service hands the secret out: its length is not ours to judge. The simulator writes its own file."""
    path = env.text("PSC_CLIENT_SECRET_FILE", "")
    if environment == SIMULATOR and not path:
        folder = Path(env.text("VAR_DIR", "var")) / env.text("PLATEFORME", "enrs-idf")
        made = folder / "psc" / "client-secret"
        path = str(made) if made.exists() else ""
        return env.text("PSC_CLIENT_SECRET", Path(path).read_text().strip() if path else "absent")
    return Path(path).read_text(encoding="utf-8").strip() if path else env.text("PSC_CLIENT_SECRET")


def _file(name: str) -> str:
    path = env.text(name)
    if not Path(path).is_file():
        raise ImproperlyConfigured(f"La variable {name} nomme un fichier qui n'existe pas.")
    return path


def _port(offset: int) -> int:
    return env.integer("PORT", 8000) + offset


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
