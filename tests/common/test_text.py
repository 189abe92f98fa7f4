"""Folding for search and masking of destinations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.common.text import fold, mask_email, mask_phone


@pytest.mark.security("REL-10")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Réadaptation vésico-sphinctérienne", "readaptation vesico sphincterienne"),
        ("Cœur", "COEUR"),
        ("L’Haÿ-les-Roses", "l'hay les roses"),
        ("E\u0301cole", "école"),
        ("St-Germain-en-Laye", "Saint Germain en Laye"),
        ("Ste Geneviève", "sainte-genevieve"),
        ("ST. OUEN", "saint ouen"),
        ("  deux   espaces ", "deux espaces"),
        ("sans\u200bjoint", "sansjoint"),
        ("Val d‑Oise", "val d oise"),
    ],
)
def test_two_spellings_of_one_name_fold_to_the_same_text(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize("word", ["Brest", "steppe", "Augustin", "post-natal"])
def test_saint_is_expanded_only_as_a_whole_word(word: str) -> None:
    assert "saint" not in fold(word)


@given(st.text())
def test_folding_twice_changes_nothing(value: str) -> None:
    assert fold(fold(value)) == fold(value)


@given(st.text())
def test_folded_text_has_single_spaces_and_none_at_the_ends(value: str) -> None:
    folded = fold(value)
    assert folded == folded.strip()
    assert "  " not in folded


@pytest.mark.security("REL-10")
def test_a_very_long_text_folds_in_linear_time() -> None:
    assert fold("É-" * 100_000) == " ".join("e" * 100_000)


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("camille.durand@exemple.fr", "c…@exemple.fr"),
        ("a@exemple.fr", "a…@exemple.fr"),
        ("sans arobase", "…"),
        ("", "…"),
    ],
)
def test_a_masked_address_shows_its_first_letter_and_domain(address: str, masked: str) -> None:
    assert mask_email(address) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+33639981234", "06 •• •• •• 34"),
        ("06 39 98 12 34", "06 •• •• •• 34"),
        ("+262692123456", "+262 •• •• •• 56"),
        ("15", "••"),
        ("", "••"),
    ],
)
def test_a_masked_phone_shows_its_start_and_last_two_digits(number: str, masked: str) -> None:
    assert mask_phone(number) == masked
