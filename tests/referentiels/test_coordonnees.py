# ruff: noqa: E501  tables of cases

from __future__ import annotations

import pytest
from django.db import connection

from portal.common.text import fold
from portal.referentiels.coordonnees import (
    PROJECTIONS,
    degrees_to_lambert93,
    distance_km,
    guess_degrees,
    lambert93_to_degrees,
    to_degrees,
)
from portal.referentiels.plier import folded


def test_lambert_93_agrees_with_the_published_check_value() -> None:
    longitude, latitude = lambert93_to_degrees(882408.3, 6543019.6)
    assert (longitude, latitude) == (pytest.approx(5.35565, abs=1e-5), pytest.approx(45.96240, abs=1e-5))
    assert degrees_to_lambert93(longitude, latitude) == (
        pytest.approx(882408.3, abs=0.01),
        pytest.approx(6543019.6, abs=0.01),
    )


@pytest.mark.parametrize(
    ("projection", "x", "y", "longitude", "latitude"),
    [
        ("UTM_N22", 354148.9, 545217.6, -52.3154, 4.9313),
        ("UTM_S40", 338000.0, 7690000.0, 55.4426, -20.8831),
        ("UTM_N20", 656000.0, 1769000.0, -61.5462, 15.9946),
        ("UTM_S38", 524000.0, 8587000.0, 45.2217, -12.7868),
    ],
)
def test_overseas_zones_fall_on_their_island(
    projection: str, x: float, y: float, longitude: float, latitude: float
) -> None:
    point = to_degrees(projection, x, y)
    assert point is not None
    assert point == (pytest.approx(longitude, abs=0.01), pytest.approx(latitude, abs=0.01))


def test_an_unknown_projection_gives_nothing() -> None:
    assert to_degrees("LAMBERT_2", 600000, 2400000) is None
    assert set(PROJECTIONS) >= {"LAMBERT_93", "UTM_N21"}


@pytest.mark.parametrize(
    ("first", "second", "point"),
    [
        ("6552608.95", "880459.31", (5.334, 46.049)),
        ("880459.31", "6552608.95", (5.334, 46.049)),
        ("6.111815", "46.257688", (6.111815, 46.257688)),
        ("46,257688", "6,111815", (6.111815, 46.257688)),
        ("55.5", "-21.1", (55.5, -21.1)),
        ("-12.8", "45.2", (45.2, -12.8)),
        ("-52.3", "4.9", (-52.3, 4.9)),
    ],
)
def test_a_pair_of_numbers_is_placed_by_its_range(
    first: str, second: str, point: tuple[float, float]
) -> None:
    found = guess_degrees(first, second)
    assert found is not None
    assert distance_km(found, point) < 0.2


@pytest.mark.parametrize(
    ("first", "second"), [("", ""), ("nan", "46"), ("inf", "1"), ("0", "0"), ("abc", "6")]
)
def test_what_is_no_place_of_france_gives_nothing(first: str, second: str) -> None:
    assert guess_degrees(first, second) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        "St. Étienne-Œuvre", "L’HAŸ  LES ROSES", "Ste-Marie", "SAINT-AMAND", "Çà Là_x", "D'AUBIGNY", "ESTEVE", "sts stes",
        "ÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸŒÆ àâäçéèêëîïôöùûüÿœæ", "Kovács Đorđević Łódź Ñuñez", "  espaces   partout ", "", "BAT C", "tab\there",
        "DUPONT", "Éloïse", "DESTAING", "O.ST", "J.B", "Zoë",
    ],
)  # fmt: skip
def test_the_database_folds_text_as_the_code_does(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"select referentiels_plier(t), {folded('t')} from (select %s::text as t) s", [text])
        assert cursor.fetchone() == (fold(text), fold(text))
