"""First look at a file: what is not the expected kind is refused whole, with a sentence that says why."""

from __future__ import annotations

from pathlib import Path

from .report import FileRefused

_UTF8_BOM = b"\xef\xbb\xbf"
_COMPRESSED = {
    b"PK\x03\x04": "ZIP",
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf": "7z",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
}


def check_kind(path: Path, *, gzip_accepted: bool = False) -> bytes:
    """The first 64 kB of the file; raises when it is absent, empty, compressed, a web page or not UTF-8."""
    if not path.is_file():
        raise FileRefused(f"Le fichier « {path.name} » est introuvable.")
    with path.open("rb") as file:
        head = file.read(65_536)
    if not head.strip():
        raise FileRefused("Le fichier est vide ; rien n’est modifié.")
    for magic, name in _COMPRESSED.items():
        if head.startswith(magic) and not (gzip_accepted and name == "gzip"):
            raise FileRefused(f"Le fichier est encore compressé ({name}) : décompressez-le avant l’import.")
    start = head.removeprefix(_UTF8_BOM).lstrip()[:200].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise FileRefused(
            "Le fichier est une page web, pas un fichier de données : refaites le téléchargement."
        )
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused("Le fichier est encodé en UTF-16 ; il doit l’être en UTF-8.")
    return head


def first_line(head: bytes) -> str:
    """The header line, without byte-order mark nor end of line; raises when it is not UTF-8."""
    line = head.removeprefix(_UTF8_BOM).split(b"\n", 1)[0].rstrip(b"\r")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileRefused(
            "L’en-tête n’est pas en UTF-8 (fichier Windows-1252 ou Latin-1 ?) ; rien n’est modifié."
        ) from error
