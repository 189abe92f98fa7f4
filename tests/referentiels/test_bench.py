from __future__ import annotations

import pytest

from portal.referentiels.bench.buts import import_lines, lookup_lines, percentile
from portal.referentiels.bench.produit import measure_import
from portal.referentiels.bench.recherches import measure_lookups

KEYS = {"metric", "ours", "unit", "anchor_name", "anchor", "goal", "passed"}


@pytest.mark.django_db
def test_both_sections_measure_a_small_directory() -> None:
    imported = import_lines(measure_import(1500, 1))
    assert {frozenset(line) for line in imported} == {frozenset(KEYS)}
    by_name = {line["metric"]: line for line in imported}
    # The peak is that of the whole process: the bench has one of its own, here it is shared with other tests.
    assert by_name["import.memory"]["ours"] > 0
    assert 0 < by_name["import.next_day_written"]["ours"] < 0.05 * by_name["import.rows"]["ours"]
    looked = {line["metric"]: line for line in lookup_lines(measure_lookups(1))}
    for name in (
        "commune",
        "structure",
        "person_by_number",
        "person_by_name",
        "structure_typo",
        "person_typo",
    ):
        assert looked[f"lookup.{name}_answered"]["passed"] is True, name
    assert looked["lookup.agreement_names"]["ours"] == looked["lookup.agreement_typos"]["ours"] == 1


def test_percentiles_take_the_nearest_rank() -> None:
    assert (
        percentile([3.0, 1.0, 2.0], 0.5),
        percentile([1.0, 2.0, 3.0, 4.0], 0.95),
        percentile([5.0], 0.5),
    ) == (2.0, 4.0, 5.0)
