"""From file to profile: everything unexpected stops with the file, the key and a French sentence."""

import re
import tomllib
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

from portal.plateformes import Plateforme, ProfileError, available, current, load
from portal.plateformes.checks import check_current_profile, check_every_profile
from portal.plateformes.context_processors import plateforme as context
from portal.plateformes.loader import FOLDER
from tests.plateformes.profiles import Deleted, leaves, write


def refusal(folder: Path, changes: dict[str, Any], *, base: str = "enrs-idf") -> ProfileError:
    with pytest.raises(ProfileError) as caught:
        load(write(folder, changes, base=base))
    return caught.value


@pytest.mark.parametrize("name", ["enrs-idf", "esante-cvl", "entractes"])
def test_each_shipped_profile_loads(name: str) -> None:
    profile = load(name)
    assert profile.key == name
    assert name in available()


def test_a_copy_of_a_profile_loads_from_another_folder(tmp_path: Path) -> None:
    assert load(write(tmp_path, {"name": "Région inventée"})).name == "Région inventée"


def test_a_new_region_is_one_new_file(tmp_path: Path) -> None:
    write(tmp_path, {"key": "ma-region"})
    (tmp_path / "enrs-idf.toml").rename(tmp_path / "ma-region.toml")
    (tmp_path / "documents" / "enrs-idf").rename(tmp_path / "documents" / "ma-region")
    assert load(tmp_path / "ma-region.toml").key == "ma-region"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ProfileError, match=r"pays-basque\.toml.*enrs-idf"):
        load("pays-basque")


@pytest.mark.parametrize("field", [field.name for field in fields(Plateforme)])
def test_every_key_is_required(tmp_path: Path, field: str) -> None:
    error = refusal(tmp_path, {field: Deleted})
    assert (error.file, error.key) == ("enrs-idf.toml", field)
    assert str(error) == f"Profil de plateforme enrs-idf.toml, clé « {field} » : clé manquante."


@pytest.mark.parametrize(
    ("changes", "key", "sentence"),
    [
        ({"colour": "red"}, "colour", "clé inconnue"),
        ({"codes.sign_in.colour": 1}, "codes.sign_in.colour", "clé inconnue"),
        ({"codes.sign_in.digits": Deleted}, "codes.sign_in.digits", "clé manquante"),
        ({"codes.sign_in.digits": "6"}, "codes.sign_in.digits", "nombre entier"),
        ({"codes.sign_in.digits": True}, "codes.sign_in.digits", "nombre entier"),
        ({"codes.sign_in.digits": 12}, "codes.sign_in.digits", "hors des bornes"),
        ({"codes.sign_in": 3}, "codes.sign_in", "une table est attendue"),
        ({"password.generator": 1}, "password.generator", "true ou false"),
        ({"departments": "75"}, "departments", "une liste est attendue"),
        ({"departments": ["75", "75"]}, "departments", "« 75 » est répété"),
        ({"departments": ["Paris"]}, "departments[0]", "code de département"),
        ({"name": "  "}, "name", "ne peut pas être vide"),
        ({"accent": "bleu"}, "accent", "couleur"),
        ({"senders.email": "no-reply"}, "senders.email", "adresse e-mail"),
        ({"support.form_url": "http://exemple.fr"}, "support.form_url", "https://"),
        ({"support.form_url": "//exemple.fr"}, "support.form_url", "https://"),
        ({"robot.kind": "recaptcha"}, "robot.kind", "« recaptcha » n'est pas une valeur connue"),
        ({"sign_in.labels": "x"}, "sign_in.labels", "une table est attendue"),
        ({"sign_in.labels.card": 3}, "sign_in.labels.card", "un texte est attendu"),
        ({"documents.0.published_on": "hier"}, "documents[0].published_on", "une date"),
        ({"documents.0.file": "absent.md"}, "documents[0].file", "document absent"),
        ({"documents.0.file": "../enrs-idf/charte.md"}, "documents[0].file", "document absent"),
        ({"sign_up.steps.0.fields": ["shoe_size"]}, "sign_up.steps[0].fields[0]", "valeur connue"),
    ],
)
def test_a_wrong_value_names_its_key(
    tmp_path: Path, changes: dict[str, Any], key: str, sentence: str
) -> None:
    error = refusal(tmp_path, changes)
    assert error.key == key
    assert sentence in error.sentence
    assert "enrs-idf.toml" in str(error)


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("a = ", encoding="utf-8")
    with pytest.raises(ProfileError, match="mal formé"):
        load(path)
    with pytest.raises(ProfileError, match="illisible"):
        load(tmp_path / "absent.toml")
    (tmp_path / "latin.toml").write_bytes(b'a = "\xe9"')
    with pytest.raises(ProfileError, match="mal formé"):
        load(tmp_path / "latin.toml")


def test_a_profile_cannot_be_changed_while_running() -> None:
    profile = load("enrs-idf")
    with pytest.raises(FrozenInstanceError):
        profile.name = "autre"  # type: ignore[misc]
    with pytest.raises(TypeError):
        profile.sign_in.labels["card"] = "x"  # type: ignore[index]


def test_current_follows_the_setting(settings: Any) -> None:
    for name in available():
        settings.PLATEFORME = name
        assert current().key == name
        assert current() is current()
        assert context(None) == {"plateforme": current()}  # type: ignore[arg-type]


def test_the_start_check_says_which_file_and_key(settings: Any, tmp_path: Path) -> None:
    assert check_current_profile() == []
    assert check_every_profile() == []
    settings.PLATEFORME = str(write(tmp_path, {"codes.sign_in.digits": 4}))
    (found,) = check_current_profile()
    assert found.id == "plateformes.E001"
    assert "enrs-idf.toml, clé « codes.sign_in.digits »" in found.msg


# Tables whose keys are the region's to choose: a missing one is told by the rules, not by the loader.
FREE_TABLES = (
    "sign_in.labels.",
    "sign_in.buttons.",
    "sign_up.labels.",
    "sign_up.hints.",
    "maillage.sign_up_labels.",
)


@pytest.mark.parametrize(("base", "value"), [("enrs-idf", Deleted), ("entractes", 3.5)])
def test_no_value_may_be_missing_or_of_another_type(tmp_path: Path, base: str, value: Any) -> None:
    table = tomllib.loads((FOLDER / f"{base}.toml").read_text(encoding="utf-8"))
    keys = [key for key in leaves(table) if value is not Deleted or not key.startswith(FREE_TABLES)]
    assert len(keys) > 200
    for rank, key in enumerate(keys):
        folder = tmp_path / str(rank)
        folder.mkdir()
        error = refusal(folder, {key: value}, base=base)
        assert re.sub(r"\[(\d+)\]", r".\1", error.key).startswith(key), key
