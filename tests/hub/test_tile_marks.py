"""The square before an application's name: its drawing, or two letters, on a tint that never changes."""

import re
from pathlib import Path

import pytest

from portal.hub.templatetags.hub_tiles import TINTS, initials, tile_mark

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("ADHOC", "Ad"),
        ("CPTS - Aubervilliers", "Au"),
        ("CPTS Seine et Forêts", "SF"),
        ("CPTS-VAL D'OISE", "VO"),
        ("ÉCLAT", "Éc"),
        ("CPTS", "Cp"),
        ("…", "?"),
    ],
)
def test_the_letters_leave_out_the_words_many_names_share(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_a_drawing_of_its_own_wins_over_letters() -> None:
    assert "<svg" in tile_mark("ror-if", "ROR-IF", "list")
    assert ">Ad<" in tile_mark("adhoc", "ADHOC", "application")


def test_a_name_is_never_markup() -> None:
    assert "<b" not in tile_mark("x", "<b>", "application")


def test_each_tint_has_its_tokens_and_its_class() -> None:
    tokens = (ROOT / "static/css/tokens.css").read_text(encoding="utf-8")
    assert len(set(re.findall(r"--tint-(\d):", tokens))) == TINTS
    rules = (ROOT / "static/css/portal.css").read_text(encoding="utf-8")
    assert set(re.findall(r"\.tint-(\d) ", rules)) == {str(number) for number in range(1, TINTS + 1)}
