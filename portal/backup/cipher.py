"""Encryption of a stream of any length: AES-256-GCM in chunks, key drawn from a passphrase by scrypt (REL-12).

Each chunk's nonce holds its number and whether it is the last one (the STREAM construction), and the file's first
bytes are authenticated with every chunk: a chunk changed, moved, repeated, taken from another file or missing at the
end is refused. Memory stays at one chunk whatever the size of the file.
"""

from __future__ import annotations

import hmac
import os
from types import TracebackType
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from portal.backup.errors import BackupError, SealBroken

MAGIC = b"PORTAIL-SAUVEGARDE-1\n"
CHUNK = 1 << 20
TAG = 16
SCRYPT_LOG_N = 15
"""32 MB for an instant. The passphrase is long and random (MIN_PASSPHRASE): this is a second fence, not the first."""
MAX_SCRYPT_LOG_N = 20
MIN_PASSPHRASE = 32
_SALT, _PREFIX, _CHECK = 16, 7, 16
_HEADER = len(MAGIC) + 1 + _SALT + _PREFIX + _CHECK


def _derive(passphrase: bytes, salt: bytes, log_n: int) -> tuple[bytes, bytes]:
    """(key, proof): the proof is written in clear, so that a wrong passphrase is told from a damaged file."""
    drawn = Scrypt(salt=salt, length=32 + _CHECK, n=1 << log_n, r=8, p=1).derive(passphrase)
    return drawn[:32], drawn[32:]


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


class SealedWriter:
    """Writes encrypted bytes to `file`. Whole only after `close`; leaving by an exception does not close."""

    def __init__(self, file: BinaryIO, passphrase: bytes) -> None:
        salt, self._prefix = os.urandom(_SALT), os.urandom(_PREFIX)
        key, proof = _derive(passphrase, salt, SCRYPT_LOG_N)
        self._header = MAGIC + bytes([SCRYPT_LOG_N]) + salt + self._prefix + proof
        self._aead, self._file = AESGCM(key), file
        self._number, self._pending = 0, bytearray()
        file.write(self._header)

    def __enter__(self) -> SealedWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()

    def write(self, data: bytes) -> None:
        self._pending += data
        while len(self._pending) > CHUNK:  # never an empty last chunk behind a full one
            self._seal(bytes(self._pending[:CHUNK]), last=False)
            del self._pending[:CHUNK]

    def close(self) -> None:
        self._seal(bytes(self._pending), last=True)
        self._pending.clear()

    def _seal(self, plain: bytes, *, last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, last=last)
        self._file.write(self._aead.encrypt(nonce, plain, self._header))
        self._number += 1


class SealedReader:
    """Gives back what SealedWriter was given, chunk by chunk; nothing unverified ever leaves it."""

    def __init__(self, file: BinaryIO, passphrase: bytes) -> None:
        self._file, self._header = file, file.read(_HEADER)
        at = len(MAGIC)
        if len(self._header) < _HEADER or self._header[:at] != MAGIC:
            raise SealBroken("Ce fichier n'est pas une sauvegarde du portail, ou il est coupé dès le début.")
        log_n = self._header[at]
        if not 10 <= log_n <= MAX_SCRYPT_LOG_N:
            raise SealBroken("Le début de ce fichier a été modifié : il n'est pas lu.")
        salt = self._header[at + 1 : at + 1 + _SALT]
        self._prefix = self._header[at + 1 + _SALT : at + 1 + _SALT + _PREFIX]
        key, proof = _derive(passphrase, salt, log_n)
        if not hmac.compare_digest(proof, self._header[-_CHECK:]):
            raise SealBroken(
                "La clé donnée n'est pas celle de cette sauvegarde (ou son début a été modifié)."
            )
        self._aead, self._number = AESGCM(key), 0
        self._next = file.read(CHUNK + TAG)
        self._plain = b""
        self._over = False

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes, fewer at the end. Raises SealBroken for a file cut or altered at this place."""
        parts, missing = [], size
        while missing:
            if not self._plain:
                if self._over:
                    break
                self._plain = self._open_next()
                continue
            parts.append(self._plain[:missing])
            self._plain = self._plain[missing:]
            missing -= len(parts[-1])
        return b"".join(parts)

    def _open_next(self) -> bytes:
        sealed, self._next = self._next, self._file.read(CHUNK + TAG)
        last = not self._next
        try:
            plain = self._aead.decrypt(_nonce(self._prefix, self._number, last=last), sealed, self._header)
        except InvalidTag:
            raise SealBroken(
                "Cette sauvegarde est coupée."
                if last and self._is_an_earlier_chunk(sealed)
                else "Cette sauvegarde est coupée ou a été modifiée."
            ) from None
        self._number += 1
        self._over = last
        return plain

    def _is_an_earlier_chunk(self, sealed: bytes) -> bool:
        """True when what ends the file is a sound chunk that another one followed."""
        try:
            self._aead.decrypt(_nonce(self._prefix, self._number, last=False), sealed, self._header)
        except InvalidTag:
            return False
        return True


def check_passphrase(passphrase: bytes) -> bytes:
    """The passphrase without the line break that editors add. Raises BackupError when it could be guessed."""
    text = passphrase.strip()
    if len(text) < MIN_PASSPHRASE or len(set(text)) < 10:
        raise BackupError(
            f"La clé de sauvegarde est trop courte ou trop simple : il faut {MIN_PASSPHRASE} caractères tirés au "
            "hasard. Pour en faire une : openssl rand -base64 48 > cle-sauvegarde"
        )
    return text
