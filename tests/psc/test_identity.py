"""UserInfo turned into an identity: every trap of the real document, and whatever else may come."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.psc import identity
from accounts.psc.reasons import PscRefused, Reason
from portal.settings.psc import PscSettings
from portal.simulators.psc import issuer, personas

SUB = "f:uuid:899700000013"
CLAIMS = {"iss": "https://auth.exemple.invalid", "sub": SUB, "auth_time": 1_750_000_000, "acr": "eidas1"}
MINIMAL = {"sub": SUB, "SubjectNameID": "899700000013"}


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    settings.PSC = PscSettings(environment="bas", issuer="https://auth.exemple.invalid")


def read(**said: Any) -> Any:
    return identity.read({**MINIMAL, **said}, CLAIMS)


def of(national_id: str) -> Any:
    person = personas.BY_ID[national_id]
    return identity.read(personas.userinfo(person, "MOBILE"), {**CLAIMS, "sub": person.subject})


def test_a_doctor_with_several_places_keeps_them_all() -> None:
    found = of("899700000013")

    assert (found.nom, found.prenom, found.civilite) == ("VALDENAIRE", "HUGO", "monsieur")
    assert (found.means, found.national_id, found.acr) == ("ecps", "899700000013", "eidas1")
    assert found.profession_codes == ("10",)
    assert found.specialite_codes == ("SM26",)
    assert [place.raison_sociale for place in found.structures] == [
        "CABINET DES LILAS",
        "HOPITAL FICTIF DU NORD",
        "CENTRE DE SANTE DE LA GARE",
    ]
    assert found.structures[0].siret == "12345678200010"
    assert found.structures[2].finess == "0B0193488"
    assert found.phone == "0639989401"
    assert found.auth_time is not None
    assert found.raw_hint["auth_mode"] == "MOBILE"
    assert found.raw_hint["other_ids"] == [{"identifiant": "899700000013", "origine": "RPPS"}]


def test_a_role_of_rpps_plus_is_a_role_and_no_profession() -> None:
    found = of("899700000062")

    assert found.profession_codes == ()
    assert found.role_codes == ("313",)


def test_two_practices_give_two_professions() -> None:
    assert of("899700000070").profession_codes == ("93", "71")


def test_an_establishments_agent_keeps_the_slash_of_the_number() -> None:
    assert of("3940099906/0000000042").national_id == "3940099906/0000000042"


def test_an_answer_without_directory_still_names_the_person() -> None:
    found = of("899700000088")

    assert (found.nom, found.profession_codes, found.structures, found.civilite) == ("VANDRIMONT", (), (), "")


@pytest.mark.parametrize("place", ["top", "directory"])
def test_the_title_is_read_in_both_places(place: str) -> None:
    said = {"codeCivilite": "MME"}
    found = read(**said) if place == "top" else read(SubjectRefPro=said)

    assert found.civilite == "madame"


def test_the_name_of_practice_serves_when_the_civil_one_is_empty() -> None:
    practices = [
        {"nomDexercice": "", "prenomDexercice": ""},
        {"nomDexercice": "Orneval", "prenomDexercice": "Basile"},
    ]
    found = read(family_name="", given_name=None, SubjectRefPro={"exercices": practices})

    assert (found.nom, found.prenom) == ("Orneval", "Basile")


def test_the_code_is_what_stands_before_the_oid() -> None:
    assert read(SubjectRole=["60^1.2.250.1.71.1.2.7", "313^x", "", None, "^"]).profession_codes == ("60",)
    assert read(SubjectRole=["60^1.2.250.1.71.1.2.7", "313^x"]).role_codes == ("313",)


@pytest.mark.parametrize("name", ["otherIds", "otherIDs"])
def test_other_numbers_are_read_under_both_spellings(name: str) -> None:
    found = read(**{name: [{"identifiant": "0940000001", "origine": "ADELI", "qualite": 1}, "x", {}]})

    assert found.raw_hint["other_ids"] == [{"identifiant": "0940000001", "origine": "ADELI"}]


@pytest.mark.security("RP-6")
def test_names_lose_what_is_no_letter_and_what_is_too_long() -> None:
    found = read(family_name="  D\u202eu\u0000pr\u00e9\ud800 \n 😀 ", given_name="e\u0301" + "Z" * 3000)

    assert found.nom == "Du pré 😀"
    assert found.prenom.startswith("éZ")
    assert len(found.prenom) == identity.MAX_NAME


@pytest.mark.security("RP-3")
@pytest.mark.parametrize("value", [None, "", "   ", 899700000013, ["899700000013"], {"a": 1}])
def test_no_national_number_no_identity(value: Any) -> None:
    with pytest.raises(PscRefused) as refused:
        read(SubjectNameID=value)
    assert refused.value.reason is Reason.NATIONAL_ID_MISSING


@pytest.mark.security("RP-3")
@pytest.mark.parametrize("value", [None, "", "f:uuid:899700000021", ["f:uuid:899700000013"]])
def test_another_subject_is_refused(value: Any) -> None:
    with pytest.raises(PscRefused) as refused:
        read(sub=value)
    assert refused.value.reason is Reason.SUBJECT_MISMATCH


def test_a_sandbox_number_is_refused_in_production(settings: Any) -> None:
    assert read(SubjectNameID="ANS20231122132732").national_id == "ANS20231122132732"
    settings.PSC = replace(settings.PSC, environment="production")
    for number in ("ANS20231122132732", "89970000001", "8997000000130", "x' or 1=1"):
        with pytest.raises(PscRefused) as refused:
            read(SubjectNameID=number)
        assert refused.value.reason is Reason.NATIONAL_ID
    for number in ("899700000013", "0940000001", "30B0057881/CPET0002", "500000000029751/CPAT0001"):
        assert read(SubjectNameID=number).national_id == number


def test_what_is_odd_is_left_out() -> None:
    found = identity.read({**MINIMAL, **issuer.ODD}, CLAIMS)

    assert found.civilite == ""
    assert found.profession_codes == ()
    assert found.structures == ()
    assert found.raw_hint["other_ids"] == []
    json.dumps(found.nom + found.prenom).encode()


_anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_keys = st.sampled_from(
    [
        *(
            "given_name",
            "family_name",
            "codeCivilite",
            "SubjectRole",
            "otherIds",
            "authMode",
            "SubjectOrganization",
        ),
        *("Palier_Authentification", "SubjectRefPro"),
    ]
)
_directory = st.fixed_dictionaries(
    {
        "exercices": st.lists(
            st.dictionaries(
                st.sampled_from(
                    ["codeProfession", "codeSavoirFaire", "codeTypeSavoirFaire", "nomDexercice", "activities"]
                ),
                _anything
                | st.lists(st.dictionaries(st.sampled_from(["telephone", "numeroFinessSite"]), _anything)),
            ),
            max_size=3,
        )
    }
)


@pytest.mark.security("RP-6")
@given(said=st.dictionaries(_keys, _anything), directory=_anything | _directory)
def test_no_answer_makes_it_crash(said: dict[str, Any], directory: Any) -> None:
    found = identity.read({**said, "SubjectRefPro": directory, **MINIMAL}, CLAIMS)

    for shown in (found.nom, found.prenom, found.phone, found.civilite):
        shown.encode()
        assert len(shown) <= identity.MAX_NAME
