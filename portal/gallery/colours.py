"""Contrast arithmetic (WCAG 2.2) and the colours derived from a platform's accent. Pure functions on "#rrggbb"."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

TEXT_CONTRAST = 4.5
# Grounds the accent is read on; the same values as in static/css/tokens.css (held by tests/design).
LIGHT_GROUNDS = ("#ffffff", "#f3f5f6", "#e9edf0")
DARK_GROUNDS = ("#172128", "#0e151a", "#212d36")


@dataclass(frozen=True)
class AccentColours:
    """Values of --accent, --accent-hover, --accent-soft and --on-accent in one colour scheme."""

    accent: str
    hover: str
    soft: str
    on_accent: str


def _channels(colour: str) -> tuple[float, float, float]:
    digits = colour.lstrip("#")
    return int(digits[0:2], 16) / 255, int(digits[2:4], 16) / 255, int(digits[4:6], 16) / 255


def _hex(red: float, green: float, blue: float) -> str:
    return "#" + "".join(f"{round(max(0.0, min(1.0, part)) * 255):02x}" for part in (red, green, blue))


def luminance(colour: str) -> float:
    """Relative luminance, 0 (black) to 1 (white)."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _channels(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio between two colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(colour: str, ground: str, share: float) -> str:
    """`share` of the colour laid over the ground, 0 to 1."""
    pairs = zip(_channels(colour), _channels(ground), strict=True)
    return _hex(*(top * share + below * (1 - share) for top, below in pairs))


def shift(colour: str, step: float) -> str:
    """The same hue, lighter (positive step) or darker (negative), in HLS lightness."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    return _hex(*colorsys.hls_to_rgb(hue, max(0.0, min(1.0, lightness + step)), saturation))


def readable(colour: str, grounds: tuple[str, ...], step: float) -> str:
    """Move the colour by steps until text in it is readable on every ground."""
    for _ in range(100):
        if min(contrast(colour, ground) for ground in grounds) >= TEXT_CONTRAST:
            return colour
        colour = shift(colour, step)
    return colour


def accent_colours(accent: str, *, dark: bool) -> AccentColours:
    """Derive the four accent roles so that any accent a region chooses stays readable."""
    grounds = DARK_GROUNDS if dark else LIGHT_GROUNDS
    soft = mix(accent, grounds[0], 0.22 if dark else 0.11)
    chosen = readable(accent, (*grounds, soft), 0.02 if dark else -0.02)
    hover = readable(shift(chosen, 0.08 if dark else -0.07), (*grounds, soft), 0.02 if dark else -0.02)
    on_accent = max(("#ffffff", "#0b1419"), key=lambda ink: min(contrast(ink, chosen), contrast(ink, hover)))
    return AccentColours(chosen, hover, soft, on_accent)
