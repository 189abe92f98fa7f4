"""What the three regions decided, as their guides print it."""

import re

import pytest

from portal.plateformes import Plateforme, available, load


@pytest.fixture
def idf() -> Plateforme:
    return load("enrs-idf")


@pytest.fixture
def cvl() -> Plateforme:
    return load("esante-cvl")


@pytest.fixture
def ea() -> Plateforme:
    return load("entractes")


@pytest.mark.feature("C1")
def test_password_policies_differ_by_region(idf: Plateforme, cvl: Plateforme) -> None:
    assert (idf.password.min_length, idf.password.min_classes) == (8, 3)
    assert (cvl.password.min_length, cvl.password.min_classes) == (12, 4)
    assert set(cvl.password.classes) == {"lower", "upper", "digit", "special"}
    assert set(idf.password.classes) == {"lower", "upper", "digit"}


@pytest.mark.feature("C11")
def test_the_special_characters_are_the_union_of_both_prints(idf: Plateforme) -> None:
    assert set(idf.password.special_characters) == set("_+=<>@&!$*.,;" + "':")


@pytest.mark.feature("C2")
def test_credentials_are_delivered_by_the_rule_of_the_region(
    idf: Plateforme, cvl: Plateforme, ea: Plateforme
) -> None:
    assert idf.credentials.delivery == "chosen"
    assert idf.credentials.temporary_secret_hours is None
    assert (cvl.credentials.delivery, cvl.credentials.temporary_secret_length) == ("temporary_secret", 12)
    assert (ea.credentials.password_digits, ea.identifier.style) == (6, "digits_5")
    assert cvl.credentials.temporary_secret_hours == ea.credentials.temporary_secret_hours == 72


@pytest.mark.feature("C3")
def test_codes_have_the_length_and_life_of_their_purpose(
    idf: Plateforme, cvl: Plateforme, ea: Plateforme
) -> None:
    assert ea.codes.phone_proof.digits == 4
    assert {p.codes.sign_in.digits for p in (idf, cvl, ea)} == {6}
    assert cvl.codes.sign_in.life_seconds == 1200
    assert idf.codes.sign_in.life_seconds == 600
    for profile in (idf, cvl, ea):
        assert profile.codes.sign_in.tries == 5
        assert (profile.codes.sends.max_per_window, profile.codes.sends.window_seconds) == (3, 600)


@pytest.mark.feature("C5")
def test_the_robot_check_is_a_proof_of_work_or_an_image(
    idf: Plateforme, cvl: Plateforme, ea: Plateforme
) -> None:
    assert (idf.robot.kind, cvl.robot.kind) == ("proof_of_work", "image")
    assert "sign_in" in ea.robot.on
    assert idf.robot.missing == "Veuillez procéder à la vérification"


@pytest.mark.feature("C7")
def test_each_region_has_its_own_text_to_accept(idf: Plateforme, cvl: Plateforme) -> None:
    assert [d.acceptance_label for d in idf.documents_required_at("maillage")] == [
        "J'ai pris connaissance et accepte la charte d'utilisation de l'ENRS"
    ]
    assert [d.acceptance_label for d in idf.documents_required_at("sign_up")] == [
        "J'accepte les Conditions d'utilisation du Portail"
    ]
    assert [d.acceptance_label for d in cvl.documents_required_at("sign_up")] == [
        "J'accepte les conditions générales d'utilisation"
    ]


@pytest.mark.feature("C8")
def test_the_method_shown_is_the_real_one(cvl: Plateforme) -> None:
    assert cvl.codes.sign_in.channels == ("email",)
    assert "TOTP" not in cvl.sign_in.labels["password"]


@pytest.mark.feature("ROR-017")
def test_the_ile_de_france_tabs_come_in_the_order_of_the_guide(idf: Plateforme) -> None:
    assert [idf.sign_in.labels[tab] for tab in idf.sign_in.tabs] == [
        "Carte CPS",
        "Login / Mdp",
        "Code Éphémère",
    ]
    assert idf.sign_in.psc_block


def test_the_wizard_of_entractes_has_the_steps_of_the_guide(ea: Plateforme) -> None:
    assert ea.sign_up.layout == "wizard"
    assert [step.title for step in ea.sign_up.steps] == [
        "Identité et adresse d'exercice",
        "Profession et type de prise en charge",
        "Type de prise en charge",
        "Contacts",
    ]
    assert ea.sign_up.one_of == ("rpps_or_adeli", "finess_or_siret")
    assert [(c.label, c.selected) for c in ea.sign_up.care_types] == [
        ("Visite", True),
        ("Consultation", True),
    ]
    assert [source.label for source in ea.sign_up.federated_sources] == [
        "Pro Santé Connect",
        "Sesan IdF",
        "Pulsy Grand-Est",
    ]
    assert ea.sign_up.gates == ("mail_link", "phone_code", "human_decision")


def test_centre_val_de_loire_asks_for_the_terms_first(cvl: Plateforme) -> None:
    assert cvl.sign_up.steps[0].fields == ("accept_documents",)
    assert cvl.sign_up.email.refuse_mssante
    assert cvl.sign_up.email.refuse_generic
    assert "email" in cvl.sign_up.required
    assert "communication_email" not in cvl.sign_up.required


def test_the_code_mail_of_centre_val_de_loire_is_the_one_printed(cvl: Plateforme) -> None:
    assert cvl.texts.code_mail_subject == "[Grades CVL] Code d'authentification"
    assert cvl.texts.code_mail_text.format(code="000787", seconds=1200) == (
        "Votre code d'authentification unique est : 000787. Il expire dans : 1200 secondes."
    )


def test_files_up_to_twelve_megabytes(cvl: Plateforme) -> None:
    assert cvl.uploads.max_bytes == 12 * 1024 * 1024
    assert cvl.uploads.limit_label == "12 Mo"
    assert set(cvl.uploads.extensions) == {"jpg", "jpeg", "png", "pdf"}
    assert cvl.uploads.max_files == 1


@pytest.mark.parametrize("name", available())
def test_each_region_has_its_texts(name: str) -> None:
    profile = load(name)
    for document in profile.documents:
        assert document.text.startswith("# ")
        assert len(document.text.split()) > 200
        assert f"Version {document.version}" in document.text
    assert profile.document("terms").required_at
    with pytest.raises(KeyError):
        profile.document("recipe")


@pytest.mark.parametrize("name", available())
def test_the_privacy_notice_says_the_delays_of_the_profile(name: str) -> None:
    profile = load(name)
    text = profile.document("privacy").text
    kept = profile.retention
    assert f"{kept.journal_months} mois" in text
    assert f"{kept.technical_logs_months} mois" in text
    assert f"{kept.inactive_erase_months} mois" in text
    assert f"{kept.refused_requests_months} mois" in text
    assert f"{kept.messages_days} jours" in text
    if profile.sign_up.proof_document:
        assert f"{profile.uploads.retention_days} jours" in text


@pytest.mark.parametrize("name", available())
def test_no_text_names_a_person_or_holds_markup(name: str) -> None:
    profile = load(name)
    for document in profile.documents:
        assert not re.search(r"<[a-z]", document.text)
        assert not re.search(r"\b(?:M\.|Mme|Dr) [A-Z]", document.text)
