"""Values written the way people say them."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from portal.common.templatetags import portal_formats as formats

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


def _plain(text):
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (date(2026, 3, 3), "mardi 3 mars 2026"),
        (date(2026, 5, 1), "vendredi 1ᵉʳ mai 2026"),
        (date(2026, 12, 21), "lundi 21 décembre 2026"),
        (None, ""),
    ],
)
def test_a_day_is_written_in_full(value, said):
    assert formats.jour(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (NOON + timedelta(minutes=5), "aujourd’hui à 13 h 05"),
        (NOON - timedelta(days=1), "hier à 13 h"),
        (NOON + timedelta(days=1), "demain à 13 h"),
        (NOON - timedelta(days=2), "1ᵉʳ mars 2026 à 13 h"),
        (datetime(2026, 3, 2, 23, 30, tzinfo=UTC), "aujourd’hui à 0 h 30"),
        (None, ""),
    ],
)
def test_a_moment_is_told_in_paris_time_and_close_days_by_name(value, said):
    with time_machine.travel(NOON, tick=False):
        assert _plain(formats.moment(value)) == said


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (timedelta(seconds=20), "à l’instant"),
        (timedelta(minutes=3), "il y a 3 minutes"),
        (timedelta(hours=1), "il y a 1 heure"),
        (-timedelta(days=2), "dans 2 jours"),
    ],
)
def test_how_long_ago(gap, said):
    with time_machine.travel(NOON, tick=False):
        assert _plain(formats.depuis(NOON - gap)) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 seconde"),
        (1, "1 seconde"),
        (59, "59 secondes"),
        (90, "1 minute 30"),
        (1200, "20 minutes"),
        (5400, "1 heure 30"),
        (259200, "3 jours"),
        (timedelta(minutes=2), "2 minutes"),
        (-5, "0 seconde"),
        (None, ""),
    ],
)
def test_a_duration(seconds, said):
    assert _plain(formats.duree(seconds)) == said


@pytest.mark.parametrize(
    ("value", "said"), [(12500, "12 500"), (3.5, "3,5"), (1_234_567, "1 234 567"), (0, "0"), (None, "")]
)
def test_a_number(value, said):
    assert _plain(formats.nombre(value)) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("+33639980001", "06 39 98 00 01"),
        ("0639980001", "06 39 98 00 01"),
        ("+262692000000", "+262 692 00 00 00"),
        ("poste 12", "poste 12"),
        (None, ""),
    ],
)
def test_a_phone_number(value, said):
    assert _plain(formats.telephone(value)) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [("99700123456", "99 700 123 456"), ("940012345", "940 012 345"), ("2A0000001", "2A0000001"), ("", "")],
)
def test_a_long_number_is_read_in_groups(value, said):
    assert _plain(formats.groupes(value)) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1, "1 octet"),
        (999, "999 octets"),
        (1000, "1 ko"),
        (1_250_000, "1,2 Mo"),
        (2_000_000_000, "2 Go"),
        (None, ""),
    ],
)
def test_a_file_size(value, said):
    assert _plain(formats.taille(value)) == said


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 demande"), (1, "1 demande"), (2, "2 demandes"), (1500, "1 500 demandes")]
)
def test_zero_and_one_are_singular(count, said):
    assert _plain(formats.pluriel(count, "demande,demandes")) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (NOON, "3 mars 2026 à 13 h"),
        (datetime(2026, 5, 1, 12, 5, tzinfo=UTC), "1ᵉʳ mai 2026 à 14 h 05"),
        (None, ""),
        (date(2026, 3, 3), ""),
    ],
)
@time_machine.travel(NOON, tick=False)
def test_what_is_read_another_day_is_never_told_as_today(value, said):
    assert _plain(formats.instant(value)) == said
