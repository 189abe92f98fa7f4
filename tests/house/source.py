"""The repository as the house rules read it: modules, their syntax trees and their imports."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("portal", "accounts", "ror", "maillage")
NOT_OURS = {"__pycache__", ".venv", "node_modules", "var", ".git"}


@dataclass(frozen=True)
class Import:
    """`target` is the imported module; `inner` when the import stands inside a function."""

    target: str
    line: int
    inner: bool
    typing_only: bool


@dataclass(frozen=True)
class Module:
    name: str
    path: Path

    @property
    def place(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.place)

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        return tuple(_imports(self))

    def line(self, number: int) -> str:
        return self.text.splitlines()[number - 1]


def files(*suffixes: str, under: tuple[str, ...] = (".",)) -> list[Path]:
    """Files of the repository with one of these suffixes, sorted."""
    found: set[Path] = set()
    for folder in under:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in suffixes and not NOT_OURS & set(path.relative_to(ROOT).parts):
                found.add(path)
    return sorted(path for path in found if path.is_file())


@cache
def product() -> dict[str, Module]:
    """Every module of the product by dotted name."""
    return {module.name: module for module in map(_module, files(".py", under=PACKAGES))}


@cache
def tests() -> dict[str, Module]:
    return {module.name: module for module in map(_module, files(".py", under=("tests",)))}


def _module(path: Path) -> Module:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return Module(".".join(parts[:-1] if parts[-1] == "__init__" else parts), path)


def _imports(module: Module) -> Iterator[Import]:
    typing_only: set[ast.AST] = set()
    inner: set[ast.AST] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            typing_only.update(ast.walk(node))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner.update(ast.walk(node))
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = _targets(module, node)
        else:
            continue
        for name in names:
            yield Import(name, node.lineno, node in inner, node in typing_only)


def _targets(module: Module, node: ast.ImportFrom) -> list[str]:
    """Modules an import reaches: `from a import b` is a.b when that is a module, else a."""
    base = node.module or ""
    if node.level:
        is_package = module.path.name == "__init__.py"
        up = node.level - (1 if is_package else 0)
        parents = module.name.split(".")[: -up or None]
        base = ".".join([*parents, *([base] if base else [])])
    names = [f"{base}.{alias.name}" for alias in node.names]
    return sorted({name if _is_module(name) else base for name in names})


@cache
def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()
