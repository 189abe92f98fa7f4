"""Files that people sent, out of their folders and back: VAR_DIR/depots and the files of imports under way."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.conf import settings

from portal.backup.errors import BackupError
from portal.referentiels import depots

BLOCK = 1 << 18
_STAGING = ".restauration"


def folders() -> dict[str, Path]:
    """What is kept, by the name it has in the backup."""
    return {"depots": Path(settings.MEDIA_ROOT), "imports": depots.folder()}


@dataclass(frozen=True)
class Found:
    """A file to keep: `name` is « folder/path », with slashes."""

    name: str
    path: Path


def walk() -> Iterator[Found]:
    """Every regular file, in order. Links are not followed: what they lead to is not ours to keep."""
    for label, folder in folders().items():
        for path in sorted(folder.rglob("*")):
            relative = path.relative_to(folder)
            if path.is_file() and not path.is_symlink() and relative.parts[0] != _STAGING:
                yield Found(str(PurePosixPath(label, *relative.parts)), path)


def blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def occupied() -> list[Path]:
    """Folders that already hold something."""
    return [
        folder
        for folder in folders().values()
        if folder.exists() and any(p.name != _STAGING for p in folder.iterdir())
    ]


class Staging:
    """Files wait beside their place until the database has kept its part, then move there at once."""

    def __init__(self) -> None:
        self._folders = folders()
        self.count = 0
        self.discard()

    def keep(self, name: str, content: Iterable[bytes], mode: int) -> None:
        """Write one file. Raises BackupError for a name that leaves its folder (never one of ours)."""
        label, *rest = PurePosixPath(name).parts
        if label not in self._folders or not rest or {"..", "/"} & set(rest):
            raise BackupError(
                "Cette sauvegarde nomme un fichier hors des dossiers du portail : elle n'est pas lue."
            )
        target = self._place(label).joinpath(*rest)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode & 0o640), "wb") as file:
            for block in content:
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        self.count += 1

    def move_in(self) -> None:
        """Replace what the folders hold by what was kept."""
        for label, folder in self._folders.items():
            staged = self._place(label)
            for old in list(folder.iterdir()) if folder.exists() else []:
                if old != staged:
                    shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
            for new in list(staged.iterdir()) if staged.exists() else []:
                new.rename(folder / new.name)
            shutil.rmtree(staged, ignore_errors=True)

    def discard(self) -> None:
        for label in self._folders:
            shutil.rmtree(self._place(label), ignore_errors=True)

    def _place(self, label: str) -> Path:
        # Inside the folder itself: it may be a mounted volume, and a rename does not cross one.
        return self._folders[label] / _STAGING
