"""The secrets without which a restored database cannot be read: they travel inside the encrypted file."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings

from portal.backup.cipher import check_passphrase
from portal.backup.errors import BackupError

FILES = {
    "SECRET_KEY": "secret_key",
    "CODE_PEPPER": "code_pepper",
    "SECRET_KEY_FALLBACKS": "secret_key_fallbacks",
}
"""Name of the setting, and of the file that docs/installation.md has it read from."""


def ours() -> dict[str, str]:
    return {
        "SECRET_KEY": str(settings.SECRET_KEY),
        "CODE_PEPPER": str(settings.CODE_PEPPER),
        "SECRET_KEY_FALLBACKS": ",".join(map(str, settings.SECRET_KEY_FALLBACKS)),
    }


def can_open(saved: dict[str, str]) -> bool:
    """Whether this machine reads what the saved secrets sealed: same pepper, and the saved key among those believed."""
    believed = {str(settings.SECRET_KEY), *map(str, settings.SECRET_KEY_FALLBACKS)}
    return saved["CODE_PEPPER"] == settings.CODE_PEPPER and saved["SECRET_KEY"] in believed


def write(saved: dict[str, str], folder: Path) -> list[Path]:
    """One file per secret, mode 0600; refuses to replace one. Returns what was written."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = []
    for name, file in FILES.items():
        if not saved.get(name):
            continue
        path = folder / file
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise BackupError(f"Le fichier {path} existe déjà : il n'est pas remplacé.") from None
        with os.fdopen(descriptor, "w") as kept:
            kept.write(saved[name])
        written.append(path)
    return written


def passphrase(path: str) -> bytes:
    """The key of the backups, from the file named by the caller or by BACKUP_KEY_FILE."""
    chosen = path or settings.BACKUP_KEY_FILE
    if not chosen:
        raise BackupError(
            "Indiquez le fichier qui contient la clé des sauvegardes : --cle FICHIER, ou la variable BACKUP_KEY_FILE. "
            "Pour en faire une : (umask 077; openssl rand -base64 48 > cle-sauvegarde)"
        )
    try:
        return check_passphrase(Path(chosen).read_bytes())
    except OSError as error:
        raise BackupError(
            f"La clé des sauvegardes ne se lit pas dans {chosen} : {error.strerror}."
        ) from error
