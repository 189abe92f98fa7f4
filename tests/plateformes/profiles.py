"""A profile written to a folder, with values changed, for tests of the loader."""

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from portal.plateformes.loader import FOLDER


class Deleted:
    """Value that removes a key."""


def write(folder: Path, changes: dict[str, Any], *, base: str = "enrs-idf") -> Path:
    """Copy of a shipped profile where each dotted key has its new value (`Deleted` removes it)."""
    table = tomllib.loads((FOLDER / f"{base}.toml").read_text(encoding="utf-8"))
    for dotted, value in changes.items():
        *way, last = dotted.split(".")
        inner: Any = table
        for name in way:
            inner = inner[int(name)] if name.isdigit() else inner.setdefault(name, {})
        if value is Deleted:
            del inner[last]
        else:
            inner[int(last) if last.isdigit() else last] = value
    path = folder / f"{base}.toml"
    path.write_text("\n".join(_lines(table)), encoding="utf-8")
    documents = folder / "documents"
    documents.mkdir()
    (documents / base).symlink_to(FOLDER / "documents" / base)
    return path


def leaves(table: Any, where: str = "") -> Iterator[str]:
    """Dotted keys of every value of a TOML table, those in lists of tables included."""
    entries = table.items() if isinstance(table, dict) else enumerate(table)
    for name, value in entries:
        dotted = f"{where}.{name}" if where else str(name)
        is_table_list = isinstance(value, list) and any(isinstance(item, dict) for item in value)
        if isinstance(value, dict) or is_table_list:
            yield from leaves(value, dotted)
        else:
            yield dotted


def _lines(table: dict[str, Any]) -> list[str]:
    return [f"{name} = {_value(value)}" for name, value in table.items()]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(_lines(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
