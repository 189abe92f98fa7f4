"""Numbers, phones, addresses and names as people type them."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from portal.common import validators as v


def with_key(digits: str) -> str:
    """`digits` followed by its Luhn key."""
    return next(digits + key for key in "0123456789" if v.luhn_is_valid(digits + key))


def code_of(function: object, value: str) -> str:
    with pytest.raises(ValidationError) as caught:
        function(value)  # type: ignore[operator]
    return str(caught.value.code)


# --- RPPS, ADELI ---------------------------------------------------------------------------------
@pytest.mark.feature("ROR-197")
def test_an_rpps_has_eleven_digits_and_spaces_do_not_matter() -> None:
    assert v.clean_rpps(" 997 0027 3917 ") == "99700273917"


@pytest.mark.feature("ROR-197")
def test_a_failing_rpps_key_is_a_warning_not_a_refusal() -> None:
    assert v.clean_rpps("99700273918") == "99700273918"
    assert not v.rpps_key_is_valid("99700273918")
    assert v.rpps_key_is_valid("99700273917")


@pytest.mark.parametrize("wrong", ["", "9970027391", "997002739170", "9970027391a", "٩٩٧٠٠٢٧٣٩١٧"])
def test_other_shapes_of_rpps_are_refused(wrong: str) -> None:
    assert code_of(v.clean_rpps, wrong) == "invalid_rpps"


@given(st.integers(0, 10**10 - 1))
def test_every_rpps_has_exactly_one_valid_key(order: int) -> None:
    numbers = [f"{order:010d}{key}" for key in range(10)]
    assert sum(map(v.rpps_key_is_valid, numbers)) == 1


@pytest.mark.feature("VT-026")
def test_the_national_identifier_is_8_followed_by_the_rpps() -> None:
    assert v.clean_national_identifier("8 99700273917") == "899700273917"
    assert code_of(v.clean_national_identifier, "099700273917") == "invalid_national_identifier"
    assert v.ProfessionalNumber("rpps", "99700273917").national == "899700273917"


@pytest.mark.feature("EA-013")
@pytest.mark.parametrize("value", ["12345678", "8997002739170"])
def test_8_and_13_characters_are_refused_as_professional_number(value: str) -> None:
    assert code_of(v.parse_professional_number, value) == "invalid_length"


@pytest.mark.feature("EA-013", "VT-009")
@pytest.mark.parametrize(
    ("value", "kind", "number"),
    [
        ("759912345", "adeli", "759912345"),
        ("2A9912345", "adeli", "2A9912345"),
        ("0 759 912 345", "adeli", "759912345"),
        ("99700273917", "rpps", "99700273917"),
        ("899700273917", "rpps", "99700273917"),
    ],
)
def test_9_to_12_characters_are_read_as_adeli_or_rpps(value: str, kind: str, number: str) -> None:
    assert v.parse_professional_number(value) == v.ProfessionalNumber(kind, number)


def test_ten_digits_that_are_not_a_prefixed_adeli_are_refused() -> None:
    assert code_of(v.parse_professional_number, "9970027391") == "invalid_professional_number"


# --- FINESS, SIREN, SIRET -------------------------------------------------------------------------
@pytest.mark.feature("CVL-014")
@pytest.mark.parametrize("number", ["280503848", "2A0000121", with_key("97020001")])
def test_a_finess_with_its_key_is_accepted(number: str) -> None:
    assert v.clean_finess(number.lower()) == number


def test_corsica_counts_as_its_rank_in_the_key() -> None:
    for letter, digit in (("A", "1"), ("B", "2")):
        numbers = [f"2{letter}000012{key}" for key in range(10)]
        valid = [number for number in numbers if v.finess_key_is_valid(number)]
        assert valid == [f"2{letter}" + with_key(f"2{digit}000012")[2:]]


@pytest.mark.parametrize(
    ("number", "code"),
    [("280503849", "invalid_key"), ("28050384", "invalid_finess"), ("2C0503848", "invalid_finess")],
)
def test_a_mistyped_finess_is_refused(number: str, code: str) -> None:
    assert code_of(v.clean_finess, number) == code


def test_siren_and_siret_keys_are_checked() -> None:
    assert v.clean_siren("187 512 751") == "187512751"
    assert v.clean_siret("187 512 751 00020") == "18751275100020"
    assert code_of(v.clean_siren, "187512752") == "invalid_key"
    assert code_of(v.clean_siret, "18751275100021") == "invalid_key"
    assert code_of(v.clean_siren, "18751275") == "invalid_siren"
    assert code_of(v.clean_siret, "1875127510002") == "invalid_siret"


def test_branches_of_la_poste_follow_their_own_key() -> None:
    branch = next(
        number
        for number in (f"356000000{nic:05d}" for nic in range(1, 100_000))
        if not v.luhn_is_valid(number) and sum(map(int, number)) % 5 == 0
    )
    assert v.clean_siret(branch) == branch
    assert not v.siret_key_is_valid(str(int(branch) + 1))


@pytest.mark.feature("EA-014")
def test_one_field_takes_finess_or_siret_by_its_length() -> None:
    assert v.clean_finess_or_siret("280503848") == "280503848"
    assert v.clean_finess_or_siret("187 512 751 00020") == "18751275100020"
    assert code_of(v.clean_finess_or_siret, "1234567890") == "invalid_length"


# --- phones ----------------------------------------------------------------------------------------
@pytest.mark.feature("M94-070")
@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("01 83 76 30 31", "+33183763031"),
        ("01.83.76.30.31", "+33183763031"),
        ("+33 (0)1 83 76 30 31", "+33183763031"),
        ("(+33) 1 83 76 30 31", "+33183763031"),
        ("0033183763031", "+33183763031"),
        ("0805 690 711", "+33805690711"),
        ("06 39 98 00 12", "+33639980012"),
        ("+33 6 39 98 99 99", "+33639989999"),
        ("0262 30 12 34", "+262262301234"),
        ("0692 12 34 56", "+262692123456"),
        ("0590 27 12 34", "+590590271234"),
        ("0594 30 12 34", "+594594301234"),
        ("0696 20 12 34", "+596696201234"),
        ("+687 27 12 34", "+687271234"),
        ("0639 01 23 45", "+262639012345"),
    ],
)
def test_french_numbers_are_stored_in_one_form(typed: str, stored: str) -> None:
    assert v.clean_phone(typed) == stored


@pytest.mark.parametrize(
    "wrong",
    ["", "15", "3966", "06 39", "+32 2 123 45 67", "+1 202 555 0101", "0639981234 poste 3", "ٱ", "tel:0"],
)
def test_other_numbers_are_refused(wrong: str) -> None:
    assert code_of(v.clean_phone, wrong) in {"invalid_phone", "max_length"}


@given(st.text(max_size=60))
def test_any_text_typed_as_a_phone_is_accepted_or_refused_cleanly(value: str) -> None:
    try:
        number = v.clean_phone(value)
    except ValidationError:
        return
    assert v.clean_phone(number) == number


@pytest.mark.feature("ROR-043")
def test_a_landline_cannot_receive_codes() -> None:
    assert v.clean_mobile_phone("06 39 98 12 34") == "+33639981234"
    assert code_of(v.clean_mobile_phone, "01 83 76 30 31") == "not_mobile"
    assert not v.is_mobile_phone("n'importe quoi")


def test_phones_are_shown_the_french_way() -> None:
    assert v.format_phone("+33639981234") == "06 39 98 12 34"
    assert v.format_phone("+262692123456") == "+262 692 12 34 56"
    assert v.format_phone("inconnu") == "inconnu"


@pytest.mark.feature("M94-069")
def test_a_postal_code_has_five_digits() -> None:
    assert v.clean_postal_code("94 000") == "94000"
    assert v.clean_postal_code("97400") == "97400"
    for wrong in ("9400", "940000", "00100", "99000", "2A000"):
        assert code_of(v.clean_postal_code, wrong) == "invalid_postal_code"


# --- mail -------------------------------------------------------------------------------------------
def test_the_domain_of_an_address_is_stored_in_lower_case() -> None:
    assert v.clean_email(" Camille.Durand@Exemple.FR ") == "Camille.Durand@exemple.fr"


@pytest.mark.parametrize(
    "wrong", ["", "camille", "camille@", "a@b", "a b@exemple.fr", "a@exemple.fr\nBcc: x@y.fr"]
)
def test_a_broken_address_is_refused(wrong: str) -> None:
    assert code_of(v.clean_email, wrong) in {"invalid_email", "invalid_character"}


@pytest.mark.feature("CVL-010")
@pytest.mark.parametrize(
    ("email", "secure"),
    [
        ("camille@medecin.mssante.fr", True),
        ("camille@MSSANTE.fr", True),
        ("camille@chu-exemple.fr", False),
        ("camille@fauxmssante.fr", False),
        ("mssante.fr@exemple.fr", False),
    ],
)
def test_mssante_mailboxes_are_recognised_by_their_domain(email: str, secure: bool) -> None:
    assert v.is_mssante(email) is secure


@pytest.mark.feature("ROR-143")
def test_a_declared_domain_counts_as_mssante() -> None:
    assert v.is_mssante("camille@sante.exemple.fr", ["Exemple.fr"])


@pytest.mark.feature("CVL-011")
@pytest.mark.parametrize(
    ("email", "shared"),
    [
        ("accueil@exemple.fr", True),
        ("Contact@exemple.fr", True),
        ("secrétariat@exemple.fr", True),
        ("secretariat-cardio@exemple.fr", True),
        ("rendez.vous2@exemple.fr", True),
        ("contact+ror@exemple.fr", True),
        ("camille.durand@exemple.fr", False),
        ("c.accueil@exemple.fr", False),
        ("contactine@exemple.fr", False),
    ],
)
def test_shared_mailboxes_are_recognised_by_their_name(email: str, shared: bool) -> None:
    assert v.is_generic_mailbox(email) is shared


def test_a_platform_may_name_more_shared_mailboxes() -> None:
    assert v.is_generic_mailbox("pole-mere@exemple.fr", ["pole"])


# --- names, text, addresses ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["Léa", "D'Arc", "Jean-Baptiste", "N’Diaye", "Nguyễn", "de La Tour", "Ó Briain"]
)
def test_names_of_any_script_are_accepted(name: str) -> None:
    assert v.clean_name(name) == name


@pytest.mark.parametrize("wrong", ["", "--", "R2D2", "<b>Léa</b>", "Léa\u202e", "Léa@", "x" * 101, "a;b"])
def test_what_is_not_a_name_is_refused(wrong: str) -> None:
    assert code_of(v.clean_name, wrong) in {"invalid_name", "invalid_character", "max_length"}


@pytest.mark.security("REL-10")
def test_text_is_stored_composed() -> None:
    assert v.clean_text("E\u0301") == "É"


@pytest.mark.security("REL-10", "WEB-8")
@pytest.mark.parametrize("character", ["\x00", "\x1b", "\u202e", "\u2066", "\u200f", "\x7f", "\ud800", "\n"])
def test_invisible_characters_are_refused(character: str) -> None:
    assert code_of(v.clean_text, f"a{character}b") == "invalid_character"


def test_line_breaks_pass_in_long_texts_only() -> None:
    assert v.clean_text("a\nb", multiline=True) == "a\nb"


def test_a_text_too_long_is_told_by_how_much() -> None:
    with pytest.raises(ValidationError, match="200 caractères au plus, vous en avez saisi 201"):
        v.clean_text("x" * 201)


@given(st.text(max_size=300))
def test_clean_text_is_stable(value: str) -> None:
    try:
        cleaned = v.clean_text(value)
    except ValidationError:
        return
    assert v.clean_text(cleaned) == cleaned


def test_a_web_address_gets_its_scheme() -> None:
    assert v.clean_public_url("rdv.exemple.fr/lea") == "https://rdv.exemple.fr/lea"
    assert v.clean_public_url("http://exemple.fr") == "http://exemple.fr"


@pytest.mark.parametrize("url", ["https://rdv.mk@demo.fr", "https://a:b@demo.fr/x", "rdv.mk@demo.fr"])
def test_a_web_address_with_user_info_is_refused(url: str) -> None:
    assert code_of(v.clean_public_url, url) == "user_info"


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "ftp://exemple.fr", "https://", "https://[", "data:x"]
)
def test_other_addresses_are_refused(url: str) -> None:
    assert code_of(v.clean_public_url, url) == "invalid_url"
