"""The switches of /pilotage/: how the stand-in misbehaves, once or until it is told to stop."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

# Where a switch acts, and what it does there, in the words of the control page.
BACK_CHANNEL = {
    "slow": "répond après un délai",
    "error_502": "répond 502",
    "down": "coupe la ligne",
    "html": "répond une page HTML",
    "garbage": "répond du JSON illisible",
}
ENDPOINTS = ("discovery", "token", "userinfo", "jwks")
TOKEN = {
    "bad_signature": "signe avec une autre clé sous le même nom",
    "alg_none": "ne signe pas (alg none)",
    "alg_hs256": "signe avec le secret partagé (HS256)",
    "embedded_key": "signe avec une clé portée par l’en-tête (jwk)",
    "unknown_kid": "signe avec une clé non publiée",
    "critical_header": "ajoute une extension obligatoire inconnue (crit)",
    "wrong_iss": "se dit un autre émetteur",
    "wrong_aud": "s’adresse à un autre service",
    "several_aud": "s’adresse à plusieurs services sans azp",
    "wrong_azp": "désigne un autre destinataire (azp)",
    "wrong_nonce": "rend un autre nonce",
    "missing_nonce": "oublie le nonce",
    "expired_token": "rend un jeton périmé de deux heures",
    "future_token": "rend un jeton daté de deux heures plus tard",
    "wrong_at_hash": "rend un autre at_hash",
    "empty_sub": "rend un sub vide",
    "acr_low": "identifie à un niveau plus faible (eidas-low)",
    "no_acr": "ne dit pas le niveau (admis)",
    "acr_eidas2": "dit eidas2 (admis)",
    "missing_id_token": "oublie le jeton d’identité",
    "old_auth_time": "date l’authentification d’il y a trois heures",
    "replayed_code": "dit que le code a déjà servi",
}
USERINFO = {
    "sub_mismatch": "parle d’une autre personne",
    "missing_subject_name_id": "oublie SubjectNameID",
    "empty_subject_name_id": "laisse SubjectNameID vide",
    "odd_identity": "rend des émojis, des noms de 3 000 lettres, des listes et des null",
    "unknown_keys": "ajoute des clés inconnues (admis)",
    "signed_userinfo": "signe la réponse (application/jwt, admis)",
}
DISCOVERY = {
    "wrong_issuer_discovery": "publie un autre émetteur",
    "foreign_endpoint": "publie une adresse chez un autre hôte",
}
RETURN = {
    "refused": "la demande est refusée d’office",
    "expired": "la demande expire d’office",
    "wrong_code": "le mauvais nombre est choisi d’office",
    "server_error": "revient avec server_error",
    "error_markup": "revient avec une erreur pleine de balises",
    "no_state": "revient sans state",
    "wrong_state": "revient avec un autre state",
    "wrong_iss_parameter": "revient avec un autre iss",
    "no_code": "revient sans code",
    "logout_without_state": "revient de la déconnexion sans state",
}
GROUPS: tuple[tuple[str, dict[str, str]], ...] = (
    ("Le service", BACK_CHANNEL),
    ("Le jeton d’identité", TOKEN),
    ("UserInfo", USERINFO),
    ("La découverte", DISCOVERY),
    ("Le retour au portail", RETURN),
)
MODES = {name: words for _, group in GROUPS for name, words in group.items()}


@dataclass(frozen=True)
class Failure:
    """`endpoint` matters for BACK_CHANNEL only; `times` None means until told otherwise."""

    mode: str
    endpoint: str = "token"
    seconds: float = 12.0
    times: int | None = None


class Failures:
    """One failure at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: Failure | None = None

    def set(
        self, mode: str, *, endpoint: str = "token", seconds: float = 12.0, times: int | None = None
    ) -> None:
        """ValueError for a mode or an endpoint that does not exist; mode "" ends the failure."""
        if mode and mode not in MODES:
            raise ValueError(f"unknown failure: {mode}")
        if endpoint not in ENDPOINTS:
            raise ValueError(f"unknown endpoint: {endpoint}")
        with self._lock:
            self._current = Failure(mode, endpoint, min(float(seconds), 60.0), times) if mode else None

    def is_on(self, mode: str) -> bool:
        """True when that failure governs what is being done; counts it."""
        with self._lock:
            if self._current is None or self._current.mode != mode:
                return False
            self._count()
            return True

    def at(self, endpoint: str) -> Failure | None:
        """The failure of the back channel at that endpoint; counts it."""
        with self._lock:
            found = self._current
            if found is None or found.mode not in BACK_CHANNEL or found.endpoint != endpoint:
                return None
            self._count()
            return found

    def shown(self) -> dict[str, Any]:
        with self._lock:
            found = self._current
        return {"mode": "", "endpoint": "", "times": None} if found is None else dict(vars(found))

    def _count(self) -> None:
        if self._current is None or self._current.times is None:
            return
        left = self._current.times - 1
        self._current = (
            Failure(self._current.mode, self._current.endpoint, self._current.seconds, left) if left else None
        )
