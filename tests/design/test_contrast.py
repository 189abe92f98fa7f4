"""Contrast of the tokens, computed from the style sheet, in both colour schemes and for each platform's accent."""

import re
from pathlib import Path

import pytest

from portal.gallery.colours import DARK_GROUNDS, LIGHT_GROUNDS, accent_colours, contrast
from portal.gallery.theme import stylesheet

TOKENS = (Path(__file__).parents[2] / "static/css/tokens.css").read_text(encoding="utf-8")
PLATFORMS = ("enrs-idf", "esante-cvl", "entractes")
GROUNDS = ("canvas", "surface", "sunken")
TONES = ("positive", "warning", "danger", "info", "accent")

TEXT_PAIRS = [
    *[(ink, ground) for ink in ("text", "muted", "accent", "accent-hover") for ground in GROUNDS],
    *[(tone, ground) for tone in TONES for ground in ("canvas", "surface", f"{tone}-soft")],
    *[("text", f"{tone}-soft") for tone in TONES],
    ("muted", "accent-soft"),
    ("accent-hover", "accent-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-danger", "danger"),
    ("on-danger", "danger-hover"),
    ("surface", "info"),
    ("surface", "positive"),
    *[(f"tint-{number}", f"tint-{number}-soft") for number in range(1, 7)],
]
EDGE_PAIRS = [
    *[("edge-strong", ground) for ground in ("canvas", "surface", "sunken")],
    *[("focus", ground) for ground in (*GROUNDS, "accent-soft")],
    *[("accent", ground) for ground in GROUNDS],
    *[("danger", ground) for ground in ("canvas", "surface")],
]


def _colours(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", css))


def _scheme(dark: bool) -> dict[str, str]:
    light, _, night = TOKENS.partition("@media screen and (prefers-color-scheme: dark)")
    return {**_colours(light), **(_colours(night) if dark else {})}


def _with_accent(accent: str, dark: bool) -> dict[str, str]:
    light, _, night = stylesheet(accent).partition("@media")
    return {**_scheme(dark), **_colours(night if dark else light)}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_is_readable_on_its_ground(ink, ground, dark):
    colours = _scheme(dark)
    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGE_PAIRS)
def test_edges_of_controls_are_visible_on_their_ground(edge, ground, dark):
    colours = _scheme(dark)
    assert contrast(colours[edge], colours[ground]) >= 3


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PLATFORMS)
def test_the_accent_of_each_platform_keeps_every_pair_readable(name, dark, plateforme):
    colours = _with_accent(plateforme(name).accent, dark)
    weak = [pair for pair in TEXT_PAIRS if contrast(colours[pair[0]], colours[pair[1]]) < 4.5]
    assert weak == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(
    "accent", ["#ffe600", "#ff0000", "#00ff00", "#000000", "#ffffff", "#808080", "#7fd1ff"]
)
def test_an_accent_that_would_not_be_readable_is_moved_until_it_is(accent, dark):
    derived = accent_colours(accent, dark=dark)
    grounds = DARK_GROUNDS if dark else LIGHT_GROUNDS
    assert min(contrast(derived.accent, ground) for ground in grounds) >= 4.5
    assert contrast(derived.on_accent, derived.accent) >= 4.5
    assert contrast(derived.on_accent, derived.hover) >= 4.5


def test_the_grounds_the_accent_is_fitted_to_are_those_of_the_style_sheet():
    for dark, grounds in ((False, LIGHT_GROUNDS), (True, DARK_GROUNDS)):
        colours = _scheme(dark)
        assert set(grounds) == {colours[name] for name in GROUNDS}


def test_black_on_white_has_the_highest_contrast_there_is():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_the_style_sheet_uses_no_colour_outside_the_tokens():
    css = (Path(__file__).parents[2] / "static/css/portal.css").read_text(encoding="utf-8")
    screen = css.split("@media print")[0]
    strays = set(re.findall(r"#[0-9a-f]{3,8}\b", screen)) - {"#fff"}
    assert strays == set()


def _product_sheets() -> list[Path]:
    """All but those of the simulators, which have a look of their own."""
    root = Path(__file__).parents[2]
    own = [*(root / "static/css").glob("*.css"), *root.glob("accounts/static/**/*.css")]
    return sorted([*own, *root.glob("portal/hub/static/**/*.css"), *root.glob("maillage/static/**/*.css")])


def test_a_colour_or_size_that_is_used_is_one_of_the_tokens():
    """One that nobody defines falls back to a light colour in the dark."""
    defined = set(re.findall(r"(--[\w-]+)\s*:", TOKENS))
    for sheet in _product_sheets():
        css = sheet.read_text(encoding="utf-8")
        known = defined | set(re.findall(r"(--[\w-]+)\s*:", css))
        assert set(re.findall(r"var\((--[\w-]+)", css)) <= known, sheet.name
        assert not re.search(r"var\(--[\w-]+,\s*#", css), f"{sheet.name}: a token needs no second colour"
        assert not re.search(r"[ ;]color: #", css), (
            f"{sheet.name}: ink that does not follow the colour scheme"
        )
