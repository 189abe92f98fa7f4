"""What the stand-in remembers while it runs: clients, sessions, requests on the telephone, codes and tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus, urlencode

from portal.simulators.psc.failures import Failures
from portal.simulators.psc.keys import KeyRing
from portal.simulators.psc.personas import APP_PASSWORD, PERSONAS, Persona

REALM_PATH = "/auth/realms/esante-wallet"
ACCESS_SECONDS = 120
REFRESH_SECONDS = 1800
SESSION_SECONDS = 4 * 3600
IDLE_SECONDS = 1800
CODE_SECONDS = 60
DEMAND_SECONDS = 120
CHOICES = 3
KEEP = 5000

PENDING, APPROVED, REFUSED, WRONG, LEFT, EXPIRED = (
    "pending",
    "approved",
    "refused",
    "wrong_code",
    "left",
    "expired",
)


@dataclass(frozen=True)
class Client:
    client_id: str
    secret: str
    redirect_uris: tuple[str, ...]
    logout_uris: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """An authorization request that passed its checks."""

    client_id: str
    redirect_uri: str
    scope: str
    state: str
    nonce: str
    challenge: str
    challenge_method: str
    acr: str


@dataclass
class Session:
    """A sign-in at PSC. `auth_mode` is "MOBILE" or "CARD"."""

    sid: str
    person: Persona
    auth_mode: str
    auth_time: float
    seen_at: float


@dataclass
class Demand:
    """One request shown on the telephone. `asked` is None for CIBA, where the client chose the number."""

    key: str
    person: Persona
    number: str
    choices: tuple[str, ...]
    expires_at: float
    browser: str
    asked: Asked | None
    client_id: str = ""
    scope: str = ""
    stage: str = PENDING
    is_spent: bool = False


@dataclass
class Code:
    asked: Asked
    session: Session
    expires_at: float
    is_used: bool = False


@dataclass
class Token:
    kind: str
    client_id: str
    session: Session
    scope: str
    nonce: str
    issued_at: float
    expires_at: float
    is_dead: bool = False


@dataclass
class Wallet:
    """One person's e-CPS: whether it is active, and the password of the application."""

    is_active: bool
    password: str = APP_PASSWORD


@dataclass
class Realm:
    """Everything, behind one lock; `clock_offset` moves the service's clock, `auto` plays the telephone by itself."""

    issuer: str
    wallet: str
    clients: dict[str, Client] = field(default_factory=dict)
    keys: KeyRing = field(default_factory=KeyRing)
    failures: Failures = field(default_factory=Failures)
    lock: threading.RLock = field(default_factory=threading.RLock)
    clock_offset: float = 0.0
    demand_seconds: float = DEMAND_SECONDS
    auto: str = ""
    sessions: dict[str, Session] = field(default_factory=dict)
    demands: dict[str, Demand] = field(default_factory=dict)
    waiting: dict[str, tuple[Asked, str]] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    wallets: dict[str, Wallet] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """As just started; the keys and the clients stay."""
        with self.lock:
            self.failures.set("")
            self.clock_offset, self.demand_seconds, self.auto = 0.0, DEMAND_SECONDS, ""
            for kept in (self.sessions, self.demands, self.waiting, self.codes, self.tokens):
                kept.clear()
            self.wallets = {person.national_id: Wallet(person.is_active) for person in PERSONAS}

    def now(self) -> float:
        return time.time() + self.clock_offset

    # --- clients ----------------------------------------------------------------------------------------
    def authenticate(self, authorization: str, form: dict[str, str]) -> Client | None:
        """The client that shows its secret, by Basic or in the form; None otherwise."""
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        if authorization.startswith("Basic "):
            client_id, secret = _basic(authorization.removeprefix("Basic "))
        client = self.clients.get(client_id)
        if client is None or not hmac.compare_digest(client.secret.encode(), secret.encode()):
            return None
        return client

    # --- sessions ---------------------------------------------------------------------------------------
    def open_session(self, person: Persona, auth_mode: str) -> Session:
        now = self.now()
        session = Session(secrets.token_urlsafe(24), person, auth_mode, now, now)
        with self.lock:
            _keep_few(self.sessions)
            self.sessions[session.sid] = session
        return session

    def live_session(self, sid: str) -> Session | None:
        """The session while it lives: four hours at most, thirty minutes without use."""
        with self.lock:
            session = self.sessions.get(sid)
            if session is None:
                return None
            now = self.now()
            if now - session.auth_time > SESSION_SECONDS or now - session.seen_at > IDLE_SECONDS:
                del self.sessions[sid]
                return None
            return session

    def end_session(self, sid: str) -> bool:
        """End it and everything it gave."""
        with self.lock:
            for token in self.tokens.values():
                if token.session.sid == sid:
                    token.is_dead = True
            return self.sessions.pop(sid, None) is not None

    # --- the telephone ------------------------------------------------------------------------------------
    def demand(
        self,
        person: Persona,
        browser: str,
        asked: Asked | None,
        *,
        number: str = "",
        client_id: str = "",
        scope: str = "",
    ) -> Demand:
        """Ask the person's telephone. The newest request replaces the one that waits."""
        number = number or f"{secrets.randbelow(90) + 10}"
        choices = {number}
        while len(choices) < CHOICES:
            choices.add(f"{secrets.randbelow(90) + 10}")
        made = Demand(
            key=secrets.token_urlsafe(18),
            person=person,
            number=number,
            choices=tuple(sorted(choices, key=lambda _: secrets.randbits(32))),
            expires_at=self.now() + self.demand_seconds,
            browser=browser,
            asked=asked,
            client_id=client_id,
            scope=scope,
        )
        with self.lock:
            for other in self.demands.values():
                if other.person is person and other.stage == PENDING:
                    other.stage = EXPIRED
            _keep_few(self.demands)
            self.demands[made.key] = made
        self._play_telephone(made)
        return made

    def _play_telephone(self, made: Demand) -> None:
        auto = self.auto
        for mode, status in (("refused", REFUSED), ("expired", EXPIRED), ("wrong_code", WRONG)):
            auto = status if self.failures.is_on(mode) else auto
        if auto:
            made.stage = auto

    def live_demand(self, key: str) -> Demand | None:
        """The request, turned « expired » when its time is over."""
        with self.lock:
            found = self.demands.get(key)
            if found is not None and found.stage == PENDING and self.now() >= found.expires_at:
                found.stage = EXPIRED
            return found

    def demand_for(self, person: Persona) -> Demand | None:
        """The request that waits on this person's telephone."""
        with self.lock:
            waiting = [
                self.live_demand(key) for key, demand in self.demands.items() if demand.person is person
            ]
        return next((demand for demand in waiting if demand and demand.stage == PENDING), None)

    def answer(self, demand: Demand, number: str) -> None:
        """The number chosen on the telephone, or "" for a refusal. Nothing happens to a request that is over."""
        with self.lock:
            live = self.live_demand(demand.key)
            if live is not None and live.stage == PENDING:
                live.stage = REFUSED if not number else APPROVED if number == live.number else WRONG

    # --- codes and tokens -----------------------------------------------------------------------------------
    def give_code(self, asked: Asked, session: Session) -> str:
        value = f"{secrets.token_urlsafe(24)}.{session.sid}"
        with self.lock:
            session.seen_at = self.now()
            _keep_few(self.codes)
            self.codes[value] = Code(asked, session, self.now() + CODE_SECONDS)
        return value

    def give_token(
        self, kind: str, client_id: str, session: Session, scope: str, nonce: str, value: str
    ) -> None:
        life = ACCESS_SECONDS if kind == "access" else REFRESH_SECONDS
        with self.lock:
            _keep_few(self.tokens)
            now = self.now()
            self.tokens[value] = Token(kind, client_id, session, scope, nonce, now, now + life)

    def live_token(self, value: str, kind: str = "") -> Token | None:
        """A token that still opens something: in its time, not revoked, its session alive."""
        with self.lock:
            token = self.tokens.get(value)
            if token is None or token.is_dead or self.now() >= token.expires_at:
                return None
            if kind and token.kind != kind:
                return None
            return token if self.live_session(token.session.sid) else None


def return_url(asked: Asked, issuer: str, **values: str) -> str:
    """Address of the client with the answer, its `state` and the issuer's name."""
    answer: dict[str, str] = {**({"state": asked.state} if asked.state else {}), **values}
    answer.setdefault("iss", issuer)
    shown = {name: value for name, value in answer.items() if value != ""}
    return f"{asked.redirect_uri}{'&' if '?' in asked.redirect_uri else '?'}{urlencode(shown)}"


def challenge_matches(asked: Asked, verifier: str) -> bool:
    if not asked.challenge:
        return True
    made = verifier
    if asked.challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        made = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(made.encode(), asked.challenge.encode())


def _basic(encoded: str) -> tuple[str, str]:
    try:
        pair = base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        return "", ""
    name, _, secret = pair.partition(":")
    return unquote_plus(name), unquote_plus(secret)


def _keep_few(kept: dict[str, Any]) -> None:
    while len(kept) >= KEEP:
        del kept[next(iter(kept))]
