"""From a TOML file to a `Plateforme`; anything unexpected is a `ProfileError` naming the file and the key."""

import re
import tomllib
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from django.conf import settings

from portal.plateformes.marks import AllowBlank, Between, Matches
from portal.plateformes.rules import contradictions
from portal.plateformes.schema import Document, Plateforme

FOLDER = Path(__file__).resolve().parent


class ProfileError(Exception):
    """The profile cannot be used. `str()` is a French sentence with the file and the key."""

    def __init__(self, file: str, key: str, sentence: str) -> None:
        self.file, self.key, self.sentence = file, key, sentence
        where = f"{file}, clé « {key} »" if key else file
        super().__init__(f"Profil de plateforme {where} : {sentence}.")


def available() -> tuple[str, ...]:
    """Names of the profiles shipped beside this module."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@lru_cache
def load(name_or_path: str | Path) -> Plateforme:
    """Profile by name (« enrs-idf ») or by path of a TOML file. Raises `ProfileError`."""
    path = Path(name_or_path)
    if path.suffix == ".toml":
        return _load(path.resolve())
    if str(name_or_path) not in available():
        names = ", ".join(available())
        raise ProfileError(f"{name_or_path}.toml", "", f"fichier absent ; profils connus : {names}")
    return _load(FOLDER / f"{name_or_path}.toml")


def current() -> Plateforme:
    """The profile named by `settings.PLATEFORME`; read once per process."""
    return load(settings.PLATEFORME)


@lru_cache
def _load(path: Path) -> Plateforme:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileError(path.name, "", "fichier illisible") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(path.name, "", f"fichier TOML mal formé ({error})") from error
    profile = _Reader(path).table(Plateforme, table, "")
    for key, sentence in contradictions(profile):
        raise ProfileError(path.name, key, sentence)
    return profile


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.documents = path.parent / "documents" / path.stem

    def fail(self, key: str, sentence: str) -> ProfileError:
        return ProfileError(self.path.name, key, sentence)

    def table(self, kind: type, raw: Any, where: str) -> Any:
        """One dataclass from one TOML table: exactly its keys, each of its type."""
        if not isinstance(raw, dict):
            raise self.fail(where, "une table est attendue")
        if kind is Document:
            raw = {**raw, "path": self.document_path(raw.get("file"), _join(where, "file"))}
        hints = get_type_hints(kind, include_extras=True)
        names = [field.name for field in fields(kind)]
        for unknown in sorted(raw.keys() - set(names)):
            raise self.fail(_join(where, unknown), "clé inconnue")
        values = {}
        for name in names:
            if name not in raw:
                raise self.fail(_join(where, name), "clé manquante")
            values[name] = self.value(hints[name], raw[name], _join(where, name))
        return kind(**values)

    def document_path(self, file: Any, where: str) -> Path:
        path = self.documents / str(file)
        if path.parent != self.documents or not path.is_file():
            raise self.fail(where, f"document absent de documents/{self.path.stem}/")
        return path

    def value(self, hint: Any, raw: Any, where: str) -> Any:
        marks: tuple[Any, ...] = ()
        if get_origin(hint) is Annotated:
            hint, *rest = get_args(hint)
            marks = tuple(rest)
        origin = get_origin(hint)
        if origin in (Union, types.UnionType):
            if raw == "none":
                return None
            hint = next(part for part in get_args(hint) if part is not type(None))
        value = self.plain(hint, raw, where)
        self.check(value, marks, where)
        return value

    def plain(self, hint: Any, raw: Any, where: str) -> Any:
        origin = get_origin(hint)
        if isinstance(hint, type) and is_dataclass(hint):
            return self.table(hint, raw, where)
        if origin is Literal:
            return self.choice(get_args(hint), raw, where)
        if origin is tuple:
            return self.sequence(get_args(hint)[0], raw, where)
        if origin is Mapping:
            return self.mapping(raw, where)
        return self.scalar(hint, raw, where)

    def scalar(self, kind: type, raw: Any, where: str) -> Any:
        # A TOML boolean is a Python int: the exact type is compared.
        if kind is Path and isinstance(raw, Path):
            return raw
        if type(raw) is not kind:
            expected = {str: "un texte", int: "un nombre entier", bool: "true ou false", date: "une date"}
            raise self.fail(where, f"{expected.get(kind, kind.__name__)} est attendu")
        return raw.strip() if isinstance(raw, str) else raw

    def choice(self, allowed: tuple[Any, ...], raw: Any, where: str) -> Any:
        if raw not in allowed:
            raise self.fail(where, f"« {raw} » n'est pas une valeur connue ({', '.join(map(str, allowed))})")
        return raw

    def sequence(self, item: Any, raw: Any, where: str) -> tuple[Any, ...]:
        if not isinstance(raw, list):
            raise self.fail(where, "une liste est attendue")
        values = tuple(self.value(item, entry, f"{where}[{rank}]") for rank, entry in enumerate(raw))
        labels = [getattr(value, "key", value) for value in values]
        for rank, label in enumerate(labels):
            if isinstance(label, str) and label in labels[:rank]:
                raise self.fail(where, f"« {label} » est répété")
        return values

    def mapping(self, raw: Any, where: str) -> Mapping[str, str]:
        if not isinstance(raw, dict):
            raise self.fail(where, "une table est attendue")
        return types.MappingProxyType({key: self.value(str, raw[key], _join(where, key)) for key in raw})

    def check(self, value: Any, marks: tuple[Any, ...], where: str) -> None:
        blank_allowed = any(isinstance(mark, AllowBlank) for mark in marks)
        if value == "" and not blank_allowed:
            raise self.fail(where, "ce texte ne peut pas être vide")
        for mark in marks:
            if isinstance(mark, Between) and not mark.low <= value <= mark.high:
                raise self.fail(where, f"{value} est hors des bornes permises ({mark.low} à {mark.high})")
            if isinstance(mark, Matches) and value != "" and not re.fullmatch(mark.pattern, value):
                raise self.fail(where, f"« {value} » : {mark.sentence}")


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
