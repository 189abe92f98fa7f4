"""The card through PKCS#11: any module (Cryptolib CPS, SoftHSM…), one thread, no code tried by program.

Objects are found as an application sees them on a real card: certificates readable without a code, the private key only
after it, both tied by the same CKA_ID.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pkcs11
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pkcs11 import MGF, Attribute, Mechanism, ObjectClass, TokenFlag, exceptions

from accounts.cps.agent.errors import MAX_TRIES, CardError

# Where Cryptolib CPS 5.2 puts its module.
CANDIDATES = {
    "Windows": (
        r"C:\Windows\System32\cps3_pkcs11_w64.dll",
        r"C:\Windows\SysWOW64\cps3_pkcs11_w32.dll",
    ),
    "Darwin": ("/usr/local/lib/libcps3_pkcs11_osx.dylib",),
    "Linux": (
        "/opt/santesocial/CPS/lib/libcps3_pkcs11_lux.so",
        "/usr/lib64/libcps3_pkcs11_lux.so",
    ),
}
AUTHENTICATION_LABEL = "Certificat d'Authentification CPS"
_PSS_SALT = 32
_CARD_LABELS = ("CPS", "CPF", "CPE", "CPA", "CPX")


@dataclass(frozen=True)
class Card:
    """A card in a reader. `tries_left` counts before the next code: 0 = blocked."""

    label: str
    model: str
    serial: str
    tries_left: int
    has_pin_pad: bool = False


@dataclass(frozen=True)
class CardState:
    readers: int
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class CardCertificate:
    """`ident` is the CKA_ID in hexadecimal; subject, issuer and serial are the three columns people choose by."""

    ident: str
    der: bytes
    subject: str
    issuer: str
    serial: str


class Reader(Protocol):
    """What the agent needs of a reader; a driver named on the command line may wrap the PKCS#11 one."""

    def state(self) -> CardState: ...
    def certificates(self, card: Card) -> list[CardCertificate]: ...
    def sign(self, card: Card, ident: str, pin: str | None, data: bytes) -> bytes: ...


def find_module(asked: str | None) -> Path | None:
    """The module asked for, else the first of Cryptolib's places that exists."""
    places = (asked,) if asked else CANDIDATES.get(platform.system(), ())
    return next((Path(place) for place in places if Path(place).is_file()), None)


class Pkcs11Reader:
    """All calls must come from one thread: SoftHSM crashes otherwise, and cards answer one question at a time."""

    refusal = CardError
    """What a driver that wraps this reader raises, without knowing the agent's modules."""

    def __init__(self, module: Path | None, *, pss: bool = False) -> None:
        self._module = module
        self._library: Any = None
        self._signature: dict[str, Any] = {"mechanism": Mechanism.SHA256_RSA_PKCS}
        if pss:
            self._signature = {
                "mechanism": Mechanism.SHA256_RSA_PKCS_PSS,
                "mechanism_param": (Mechanism.SHA256, MGF.SHA256, _PSS_SALT),
            }

    def state(self) -> CardState:
        """Readers and cards as they are now. Raises CardError(module_absent)."""
        slots = self._slots()
        found = (self._token(slot) for slot in slots)
        return CardState(len(slots), tuple(_card(token) for token in found if token is not None))

    def certificates(self, card: Card) -> list[CardCertificate]:
        """Authentication certificates of the card, read without a code. Raises CardError."""
        with _plain_errors(), self._open(card) as session:
            objects = list(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}))
            found = [
                (str(o[Attribute.LABEL]), bytes(o[Attribute.ID]), bytes(o[Attribute.VALUE])) for o in objects
            ]
        if not found and not card.label.upper().startswith(_CARD_LABELS):
            raise CardError("not_cpx")
        chosen = [
            _certificate(ident, der) for label, ident, der in found if _is_for_authentication(label, der)
        ]
        if not chosen:
            raise CardError("no_authentication")
        return chosen

    def sign(self, card: Card, ident: str, pin: str | None, data: bytes) -> bytes:
        """Log in, sign once with the authentication key, log out. pin None: the code is typed on the reader itself."""
        with _plain_errors(), self._open(card, pin=pin, login=True) as session:
            keys = list(
                session.get_objects(
                    {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: bytes.fromhex(ident)}
                )
            )
            if len(keys) != 1:
                raise CardError("no_authentication")
            signature: bytes = keys[0].sign(data, **self._signature)
        return signature

    def tries_of(self, card: Card) -> int:
        """As the card tells it now; 0 when it is gone."""
        return next((c.tries_left for c in self.state().cards if c.serial == card.serial), 0)

    def _slots(self) -> list[Any]:
        if self._module is None or not self._module.is_file():
            raise CardError("module_absent")
        try:
            if self._library is None:
                self._library = pkcs11.lib(str(self._module))
            else:
                # Some modules see a card come or go only when they start again.
                self._library.reinitialize()
            return list(self._library.get_slots())
        except (RuntimeError, exceptions.PKCS11Error) as error:
            raise CardError("module_absent") from error

    def _token(self, slot: Any) -> Any:
        try:
            token = slot.get_token()
        except exceptions.TokenNotRecognised:
            raise CardError("not_cpx") from None
        except exceptions.PKCS11Error:
            return None
        return token if TokenFlag.TOKEN_INITIALIZED in token.flags else None

    @contextmanager
    def _open(self, card: Card, *, pin: str | None = None, login: bool = False) -> Iterator[Any]:
        """A session on that card; it must still be there, with the same number."""
        for slot in self._slots():
            token = self._token(slot)
            if token is not None and _serial(token) == card.serial:
                break
        else:
            raise CardError("removed")
        options: dict[str, Any] = {}
        if login:
            options["user_pin"] = pkcs11.PROTECTED_AUTH if pin is None else pin
        try:
            session = token.open(**options)
        except exceptions.PinIncorrect:
            raise CardError("pin_wrong", self.tries_of(card)) from None
        try:
            yield session
        finally:
            session.close()


@contextmanager
def _plain_errors() -> Iterator[None]:
    """The module's errors, in our words; one we do not know is a technical error, never a guess."""
    try:
        yield
    except exceptions.PinLocked:
        raise CardError("pin_locked", 0) from None
    except (exceptions.PinLenRange, exceptions.PinInvalid):
        raise CardError("pin_format") from None
    except exceptions.TokenNotRecognised:
        raise CardError("not_cpx") from None
    except (
        exceptions.DeviceRemoved,
        exceptions.SessionHandleInvalid,
        exceptions.SessionClosed,
        exceptions.TokenNotPresent,
    ):
        raise CardError("removed") from None
    except exceptions.FunctionCancelled:
        raise CardError("cancelled") from None
    except exceptions.PKCS11Error:
        raise CardError("technical") from None


def _card(token: Any) -> Card:
    return Card(
        label=_text(token.label),
        model=_text(token.model),
        serial=_serial(token),
        tries_left=_tries(token.flags),
        has_pin_pad=TokenFlag.PROTECTED_AUTHENTICATION_PATH in token.flags,
    )


def _tries(flags: Any) -> int:
    """The standard has three flags and no number; with three tries they tell it exactly."""
    if TokenFlag.USER_PIN_LOCKED in flags:
        return 0
    if TokenFlag.USER_PIN_FINAL_TRY in flags:
        return 1
    return MAX_TRIES - 1 if TokenFlag.USER_PIN_COUNT_LOW in flags else MAX_TRIES


def _serial(token: Any) -> str:
    return _text(token.serial)


def _text(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text.strip("\0 ")


def _is_for_authentication(label: str, der: bytes) -> bool:
    """By its label on the cards; by its extended usage on another token."""
    if label == AUTHENTICATION_LABEL:
        return True
    try:
        found = x509.load_der_x509_certificate(der).extensions
        return ExtendedKeyUsageOID.CLIENT_AUTH in found.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (ValueError, x509.InvalidVersion, x509.ExtensionNotFound):
        return False


def _certificate(ident: bytes, der: bytes) -> CardCertificate:
    try:
        certificate = x509.load_der_x509_certificate(der)
    except (ValueError, x509.InvalidVersion):
        raise CardError("technical") from None
    return CardCertificate(
        ident=ident.hex(),
        der=der,
        subject=_common_name(certificate.subject),
        issuer=_common_name(certificate.issuer),
        serial=f"{certificate.serial_number:016x}",
    )


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""
