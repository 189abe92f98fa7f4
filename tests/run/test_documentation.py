"""What the documentation names exists, and what must be known is named."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from portal.launcher import place, prepare
from portal.launcher.place import ROOT
from portal.launcher.supervisor import MAX_DEATHS

DOCS = {name: (ROOT / "docs" / f"{name}.md").read_text() for name in (
    "installation", "parametres", "exploitation", "sauvegarde", "mise-a-jour", "profils", "carte-cps",
    "applications-partenaires", "donnees-nationales", "glossaire",
)}  # fmt: skip
COMPOSE = (ROOT / "docker-compose.yml").read_text() + (ROOT / "deploy" / "archives.yml").read_text()
COMMANDS = {file.stem for file in ROOT.glob("*/**/management/commands/*.py") if ".venv" not in file.parts}
README = (ROOT / "README.md").read_text()


def variables_read() -> set[str]:
    sources = "".join(file.read_text() for file in (ROOT / "portal" / "settings").glob("*.py"))
    return set(re.findall(r'(?:env\.(?:text|flag|integer|words|secret)|_file)\(\s*"([A-Z_]+)"', sources))


def test_every_variable_that_the_settings_read_is_documented() -> None:
    documented = set(re.findall(r"`([A-Z][A-Z_]{2,})`", DOCS["parametres"]))
    assert variables_read() - documented == set()


def test_no_variable_is_documented_that_nothing_reads() -> None:
    rows = re.findall(r"^\| (`[A-Z].*?) \|", DOCS["parametres"], re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}
    programs = "".join((ROOT / "bin" / name).read_text() for name in ("_environnement", "run", "test"))
    programs += (ROOT / "portal" / "launcher" / "place.py").read_text()
    programs += (ROOT / "portal" / "serving.py").read_text() + COMPOSE
    programs += "".join(file.read_text() for file in (ROOT / "tests" / "support").glob("*.py"))
    for name in named - variables_read():
        assert name.removesuffix("_FILE") in variables_read() or name in programs, name


def test_every_variable_of_the_compose_files_is_documented() -> None:
    documented = set(re.findall(r"`([A-Z][A-Z_]{2,})`", DOCS["parametres"]))
    assert set(re.findall(r"\$\{([A-Z_]+)", COMPOSE)) - documented == set()


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_commands_named_in_a_page_exist(page: Path) -> None:
    of_django = {"check", "collectstatic", "createsuperuser", "migrate"}
    named = set(re.findall(r"manage\.py ([a-z_]+)", page.read_text()))
    assert named <= COMMANDS | of_django


def test_options_of_backup_and_restore_named_in_their_page_exist() -> None:
    sources = "".join(
        (ROOT / "portal" / "backup" / "management" / "commands" / f"{name}.py").read_text()
        for name in ("sauvegarder", "restaurer")
    )
    sources += (ROOT / "portal" / "launcher" / "cli.py").read_text()
    ours = {
        "--cle",
        "--verifier",
        "--secrets",
        "--ecraser",
        "--confirmer",
        "--fermer-les-sessions",
        "--restaurer",
    }
    for option in ours:
        assert option in sources, option
        assert option in DOCS["sauvegarde"], option


@pytest.mark.parametrize("file", ["README.md", *(f"docs/{name}.md" for name in DOCS)])
def test_links_between_pages_lead_somewhere(file: str) -> None:
    page = ROOT / file
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert target.startswith("http") or (page.parent / target).exists(), target


@pytest.mark.parametrize("text", [README, *DOCS.values()])
def test_paths_in_backquotes_exist(text: str) -> None:
    for name in re.findall(r"`((?:bin|portal|deploy|docs|tests)/[\w./-]+)`", text):
        assert (ROOT / name.rstrip("/")).exists() or "*" in name, name


def test_sentences_and_numbers_quoted_are_those_of_the_program() -> None:
    source = Path(prepare.__file__).read_text()
    assert "Le disque est presque plein" in source
    assert (
        f"plus de {['zéro', 'un', 'deux', 'trois', 'quatre', 'cinq'][MAX_DEATHS]} chutes"
        in DOCS["exploitation"]
    )
    assert f"port du portail ({place.DEFAULT_PORT})" in DOCS["parametres"]
    assert f"+{place.OFFSETS['smtp']}" in DOCS["parametres"]
    assert f"+{place.OFFSETS['sms']}" in DOCS["parametres"]


def test_the_readme_opens_with_five_lines_in_english() -> None:
    quoted = [line for line in README.splitlines() if line.startswith("> ")]
    assert len(quoted) == 5
    assert "bin/run" in " ".join(quoted)


def test_every_section_of_a_profile_is_told_in_its_page() -> None:
    for file in sorted((ROOT / "portal" / "plateformes").glob("*.toml")):
        for section in re.findall(r"^\[+([a-z_]+)", file.read_text(), re.MULTILINE):
            assert re.search(rf"`\[+{section}[].]", DOCS["profils"]), section


def test_the_way_to_install_sets_what_a_first_visitor_needs() -> None:
    for command in ("migrate", "collectstatic", "initialiser_contenu --ecrire", "createsuperuser"):
        assert f"portail-manage {command}" in DOCS["installation"], command
    assert DOCS["installation"].index("initialiser_contenu") < DOCS["installation"].index("createsuperuser")


def test_classes_named_in_the_glossary_exist() -> None:
    sources = "".join(
        file.read_text()
        for folder in ("accounts", "maillage", "portal")
        for file in (ROOT / folder).rglob("*.py")
    )
    rows = [
        row.split("|")
        for row in DOCS["glossaire"].splitlines()
        if row.startswith("| ") and row.count("|") == 5
    ]
    for row in rows[1:]:
        for name in re.findall(r"`([A-Z][A-Za-z]+)`", row[3]):
            assert re.search(rf"\bclass {name}\b|\b{name} = ", sources), name


def test_the_card_agent_can_be_installed_alone() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    module = project["project"]["scripts"]["agent-cps"].split(":")[0]
    assert module.rpartition(".")[0] in project["tool"]["setuptools"]["packages"]
    assert "agent/bin/pip install --no-deps ." in DOCS["carte-cps"]
