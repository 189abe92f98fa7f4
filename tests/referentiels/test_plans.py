"""Every look-up is answered by an index: the plans are read with sequential scans made unattractive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.referentiels.generateur.annuaire import write_annuaire
from portal.referentiels.selectors import (
    find_professionnel,
    find_structure,
    search_personnes,
    suggest_communes,
    suggest_structures,
)

BIG = (
    "referentiels_communeappellation", "referentiels_professionnelrpps", "referentiels_activiterpps",
    "referentiels_structurefiness", "referentiels_lexiquemot",
)  # fmt: skip


@pytest.fixture
def directory(importer: Any, tmp_path: Path) -> None:
    files = write_annuaire(tmp_path / "annuaire", people=4000, seed=5)
    for key, path in (("communes", files.communes), ("finess", files.finess), ("rpps", files.activites)):
        importer(key, path)
    with connection.cursor() as cursor:
        cursor.execute("analyze")
        cursor.execute("set local enable_seqscan = off")


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize(
    ("look_up", "round_trips"),
    [
        (lambda: suggest_communes("fontaine"), 1),
        (lambda: suggest_communes("01000"), 1),
        (lambda: suggest_communes("fontaiine"), 3),
        (lambda: find_professionnel("99700000013"), 2),
        (lambda: search_personnes("berthier", code_postal="01000"), 3),
        (lambda: search_personnes("berthierr"), 3),
        (lambda: search_personnes("berthierr", code_postal="01000"), 5),
        (lambda: search_personnes("berthier", prenom="an", codes_profession=["60"], code_postal="01000"), 5),
        (lambda: suggest_structures("ehpad fontaine"), 2),
        (lambda: suggest_structures("ehpadd fontaine"), 3),
        (lambda: suggest_structures("01"), 1),
        (lambda: suggest_structures("9980000"), 1),
        (lambda: find_structure("010100009"), 1),
    ],
)
def test_a_look_up_reads_indexes_in_few_round_trips(look_up: Callable[[], Any], round_trips: int) -> None:
    with CaptureQueriesContext(connection) as captured:
        look_up()
    assert len(captured) <= round_trips
    for query in captured.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute("explain " + query["sql"])
            plan = "\n".join(row[0] for row in cursor.fetchall())
        scanned = [table for table in BIG if f"Seq Scan on {table} " in plan]
        assert scanned == [], plan


@pytest.mark.usefixtures("directory")
@pytest.mark.parametrize(
    ("look_up", "index"),
    [
        (lambda: search_personnes("berthierr"), "lexique_nom_retraits"),
        (lambda: suggest_structures("ehpadd fontaine"), "lexique_structure_retraits"),
        (lambda: suggest_communes("fontaiine"), "lexique_commune_retraits"),
    ],
)
def test_a_mistyped_word_is_looked_up_by_one_letter_less(look_up: Callable[[], Any], index: str) -> None:
    """Not by trigrams, whose index reads a good part of the words."""
    with CaptureQueriesContext(connection) as captured:
        assert look_up()
    plans = []
    for query in captured.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute("explain " + query["sql"])
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
    assert [plan for plan in plans if f"Index Scan on {index}" in plan]
    assert [plan for plan in plans if "trigrammes" in plan] == []
