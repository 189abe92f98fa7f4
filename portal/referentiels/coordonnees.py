"""Projected coordinates of the national files turned into WGS84 degrees, without any geographic library."""

from __future__ import annotations

import math
from dataclasses import dataclass

_A = 6_378_137.0  # GRS80 semi-major axis, metres; WGS84's differs by less than a millimetre here
_F = 1 / 298.257222101
_E2 = _F * (2 - _F)
_E = math.sqrt(_E2)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Utm:
    """Transverse Mercator zone; `south` for a false northing of 10 000 km."""

    zone: int
    south: bool = False


# Last item of FINESS `sourcecoordet` → projection (EPSG 2154, 4559, 4467, 2972, 2975, 4471).
PROJECTIONS: dict[str, Utm | None] = {
    "LAMBERT_93": None,
    "UTM_N20": Utm(20),
    "UTM_N21": Utm(21),
    "UTM_N22": Utm(22),
    "UTM_S40": Utm(40, south=True),
    "UTM_S38": Utm(38, south=True),
}


def to_degrees(projection: str, x: float, y: float) -> Point | None:
    """(longitude, latitude) of a point in one of PROJECTIONS; None for an unknown projection."""
    if projection not in PROJECTIONS:
        return None
    zone = PROJECTIONS[projection]
    return lambert93_to_degrees(x, y) if zone is None else utm_to_degrees(zone, x, y)


# Lambert-93: conic with two standard parallels 44° and 49°, origin 46.5° N 3° E, false point 700 000, 6 600 000.
_N = 0.7256077650532670
_C = 11_754_255.426096
_XS, _YS = 700_000.0, 12_655_612.049876


def lambert93_to_degrees(x: float, y: float) -> Point:
    """Check value: (882408.3, 6543019.6) is longitude 5.35565, latitude 45.96240."""
    radius = math.hypot(x - _XS, y - _YS)
    gamma = math.atan2(x - _XS, _YS - y)
    isometric = -math.log(radius / _C) / _N
    return math.degrees(gamma / _N) + 3.0, math.degrees(_latitude_of_isometric(isometric))


def degrees_to_lambert93(longitude: float, latitude: float) -> Point:
    """The inverse, in metres; used to write files in the published shape."""
    phi = math.radians(latitude)
    isometric = math.atanh(math.sin(phi)) - _E * math.atanh(_E * math.sin(phi))
    radius = _C * math.exp(-_N * isometric)
    gamma = _N * math.radians(longitude - 3.0)
    return _XS + radius * math.sin(gamma), _YS - radius * math.cos(gamma)


def _latitude_of_isometric(isometric: float) -> float:
    phi = 2 * math.atan(math.exp(isometric)) - math.pi / 2
    for _ in range(8):
        phi = math.asin(math.tanh(isometric + _E * math.atanh(_E * math.sin(phi))))
    return phi


def utm_to_degrees(zone: Utm, x: float, y: float) -> Point:
    """Series of Krüger to the fourth order: under a millimetre inside a zone."""
    n = _F / (2 - _F)
    radius = _A / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    xi = (y - (10_000_000.0 if zone.south else 0.0)) / (0.9996 * radius)
    eta = (x - 500_000.0) / (0.9996 * radius)
    beta = (
        n / 2 - 2 * n**2 / 3 + 37 * n**3 / 96 - n**4 / 360,
        n**2 / 48 + n**3 / 15 - 437 * n**4 / 1440,
        17 * n**3 / 480 - 37 * n**4 / 840,
        4397 * n**4 / 161_280,
    )
    xi0, eta0 = xi, eta
    for order, factor in enumerate(beta, start=1):
        xi0 -= factor * math.sin(2 * order * xi) * math.cosh(2 * order * eta)
        eta0 -= factor * math.cos(2 * order * xi) * math.sinh(2 * order * eta)
    isometric = math.atanh(math.sin(xi0) / math.cosh(eta0))
    # Conformal latitude to geographic: the isometric latitude is the same on both.
    longitude = zone.zone * 6 - 183 + math.degrees(math.atan2(math.sinh(eta0), math.cos(xi0)))
    return longitude, math.degrees(_latitude_of_isometric(isometric))


def guess_degrees(first: str, second: str) -> Point | None:
    """(longitude, latitude) of a pair of texts in France, whatever their order and projection.

    FINESS+ swapped its fields between two releases: only the range of the values tells what they are. Lambert-93
    eastings are below 1.3 million and northings above 6 million; degrees of latitude and longitude do not overlap
    in mainland France (41 to 52, -6 to 10). Overseas: longitudes are beyond 42 in absolute value, latitudes not.
    """
    try:
        a, b = float(first.replace(",", ".")), float(second.replace(",", "."))
    except ValueError:
        return None
    if not (math.isfinite(a) and math.isfinite(b)):
        return None
    if 6_000_000 < max(a, b) < 7_200_000 and 50_000 < min(a, b) < 1_300_000:
        return lambert93_to_degrees(min(a, b), max(a, b))
    orders = ((a, b), (b, a))
    mainland = (point for point in orders if -6 <= point[0] <= 10 and 41 <= point[1] <= 52)
    islands = (point for point in orders if 42 < abs(point[0]) <= 180 and abs(point[1]) <= 50)
    return next(mainland, None) or next(islands, None)


def distance_km(one: Point, other: Point) -> float:
    """Great circle distance of two (longitude, latitude)."""
    lon1, lat1, lon2, lat2 = (math.radians(value) for value in (*one, *other))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * 6371.0088 * math.asin(math.sqrt(min(1.0, half)))
