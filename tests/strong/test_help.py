"""« Quelle authentification forte pour moi ? »: every profession, both categories, no script needed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import HelpLink, User
from accounts.strong import guidance, linking
from portal.referentiels.models import Profession
from tests.strong.steps import CARD, arrive, text_of
from tests.support.sign_in import make_person, sign_in

pytestmark = pytest.mark.django_db
GUIDE = "/aide/authentification-forte/"
ACTIVATION = "/aide/authentification-forte/e-cps/"
SIGN_IN = "/aide/authentification-forte/connexion/"


def ask(client: Client, profession: str, employer: str = "etablissement", **more: str) -> Any:
    return client.get(GUIDE, {"profession": profession, "employeur": employer, **more})


def code_of(label: str) -> str:
    return Profession.objects.filter(label=label).first().code


@pytest.mark.feature("VT-001")
def test_the_page_opens_to_anybody_and_asks_two_questions(client: Client) -> None:
    page = text_of(client.get(GUIDE))
    assert "<h1>Quelle authentification forte pour moi ?</h1>" in page
    assert 'name="profession"' in page
    assert 'name="employeur"' in page


@pytest.mark.feature("VT-002", "VT-003", "VT-007", "VT-012", "VT-020", "VT-022")
def test_the_sixty_two_entries_are_offered_in_four_groups(client: Client) -> None:
    groups = client.get(GUIDE).context["form"].fields["profession"].choices[1:]
    counts = {label: len(entries) for label, entries in groups}
    assert list(counts.values()) == [7, 20, 19, 16]
    holding = [
        label for label, entries in groups if "Responsable de secteur" in [name for _, name in entries]
    ]
    assert len(holding) == 2


@pytest.mark.feature("VT-002", "VT-005", "VT-011", "VT-019")
def test_every_entry_has_its_answer(client: Client) -> None:
    for entry in Profession.objects.filter(is_selectable=True).order_by("rang", "pk"):
        advice = ask(client, entry.code, categorie=entry.categorie).context["advice"]
        assert advice is not None, entry
        assert advice.profession == entry
        assert advice.register is not None and advice.register.url.startswith("https://"), entry
        assert advice.offers_card == (entry.categorie in ("order", "ars")), entry


@pytest.mark.feature("VT-004", "VT-005", "VT-006")
def test_a_profession_with_an_order_is_sent_to_its_order_by_name(client: Client) -> None:
    page = text_of(ask(client, code_of("Sage-femme")))
    assert (
        '<a href="https://www.ordre-sages-femmes.fr" rel="noopener external">Ordre des sages-femmes</a>'
        in page
    )
    assert "Carte CPS ou e-CPS" in page
    assert "vous la reliez à votre compte" in page


@pytest.mark.feature("VT-008", "VT-009", "VT-011")
def test_a_profession_registered_by_the_ars_goes_to_erpps(client: Client) -> None:
    page = text_of(ask(client, code_of("Psychologue")))
    assert "La démarche se fait sur le portail eRPPS." in page
    assert "Portail eRPPS" in page
    assert "octobre 2024" in page
    assert "Carte CPS ou e-CPS" in page


@pytest.mark.feature("VT-013", "VT-014", "VT-015", "VT-016", "VT-017", "VT-018", "VT-019", "VT-021")
@pytest.mark.parametrize("label", ["Aide-soignant", "Aide à domicile"])
def test_rpps_plus_gives_both_methods_the_manager_the_contract_and_no_card(
    client: Client, label: str
) -> None:
    page = text_of(ask(client, code_of(label)))
    for words in (
        "Il centralise les demandes et enregistre les professionnels sur le portail RPPS+.",
        "Vous faites votre demande sur le portail RPPS+ avec FranceConnect.",
        "Votre établissement valide ce que vous avez saisi.",
        "recevez votre numéro RPPS",
        "gestionnaires RPPS+",
        "Agence du numérique en santé (ANS)",
        "https://esante.gouv.fr/index-des-formulaires",
        "Portail RPPS+",
        "ViaTrajectoire, DMP, MSSanté, DUI",
        "n'ont pas de carte physique",
    ):
        assert words in page, words
    assert "Carte CPS</" not in page
    assert "carte=oui" not in page


@pytest.mark.feature("VT-022")
def test_responsable_de_secteur_is_asked_which_kind_of_role(client: Client) -> None:
    code = code_of("Responsable de secteur")
    page = ask(client, code)
    assert page.context["advice"] is None
    assert [role["value"] for role in page.context["roles"]] == ["role", "other"]
    assert ask(client, code, categorie="role").context["advice"].category["title"] == "Professionnel à rôle"
    assert ask(client, code, categorie="other").context["advice"].category["title"] == "Autres professionnels"
    assert "Choisissez une des deux réponses." in text_of(ask(client, code, categorie="x"))


def test_the_employer_changes_who_does_the_steps(client: Client) -> None:
    code = code_of("Assistant médical")
    answers = {item["key"]: text_of(ask(client, code, item["key"])) for item in guidance.employers()}
    for item in guidance.employers():
        assert " ".join(item["rpps_plus"].replace("’", "'").split()) in answers[item["key"]]


def test_an_answer_that_is_not_in_the_list_is_said_wrong(client: Client) -> None:
    page = text_of(ask(client, "astronaute", "lune"))
    assert "Choisissez votre profession dans la liste." in page
    assert "Indiquez où vous travaillez." in page


@pytest.mark.feature("VT-010")
def test_the_regional_mailbox_is_on_every_page(client: Client, plateforme: Any) -> None:
    for name in ("enrs-idf", "esante-cvl", "entractes"):
        mailbox = plateforme(name).support.help_mailbox
        for address in (GUIDE, ACTIVATION, SIGN_IN):
            assert f'href="mailto:{mailbox}"' in client.get(address).content.decode()


def test_a_signed_in_person_sees_what_is_done(client: Client, person: User) -> None:
    linking.link(None, person, CARD)
    arrive(client, CARD)
    done = {step.label: step.is_done for step in client.get(GUIDE).context["done"]}
    assert done == {
        "Profession indiquée": False,
        "Numéro RPPS prouvé": True,
        "Carte rattachée à mon compte": True,
        "e-CPS rattachée à mon compte": False,
    }


@pytest.mark.feature("VT-019")
def test_the_card_is_no_step_for_who_cannot_have_one(client: Client) -> None:
    person = make_person(profession=Profession.objects.filter(categorie="other").first(), rpps="99700418904")
    sign_in(client, person)
    labels = [step.label for step in client.get(GUIDE).context["done"]]
    assert "Carte rattachée à mon compte" not in labels
    assert "Numéro RPPS saisi, pas encore prouvé" in labels


def test_an_address_is_changed_as_data(client: Client) -> None:
    HelpLink.objects.create(key="erpps", label="eRPPS (nouvelle adresse)", url="https://erpps.example/")
    page = text_of(ask(client, code_of("Opticien-lunetier")))
    assert '<a href="https://erpps.example/" rel="noopener external">eRPPS (nouvelle adresse)</a>' in page


# --- pictures and steps --------------------------------------------------------------------------------------------
@pytest.mark.feature(
    "ROR-060", "ROR-061", "ROR-062", "ROR-063", "ROR-064", "ROR-065", "ROR-066", "VT-025", "VT-026"
)
def test_activation_without_a_card_in_pictures(client: Client) -> None:
    page = text_of(client.get(ACTIVATION))
    for words in (
        "En cas d'e-CPS déjà activée : passer à l'étape de connexion",
        "App Store",
        "Commencer l'activation",
        "conditions générales d'utilisation",
        "Recevoir le courriel d'activation",
        "soit 12 chiffres",
        "Envoyer ma demande d'activation",
        "« OK »",
        "Démarrer l'activation",
        "Scanner un QR code",
        "signaler",
        "par SMS",
        "Choisissez et confirmez le mot de passe",
    ):
        assert words in page, words
    assert page.count('<svg class="strong-drawing"') == 11


@pytest.mark.feature("VT-023", "VT-024")
def test_activation_with_a_card_in_pictures(client: Client) -> None:
    page = text_of(client.get(ACTIVATION, {"carte": "oui"}))
    for words in (
        "https://wallet.esw.esante.gouv.fr",
        "(4 chiffres)",
        "QR code",
        "Recopiez sur l'ordinateur",
    ):
        assert words in page, words
    assert page.count('<svg class="strong-drawing"') == 7


@pytest.mark.feature("VT-027", "VT-028", "VT-029", "VT-030", "VT-031", "VT-034", "VT-035", "VT-036")
def test_signing_in_step_by_step(client: Client) -> None:
    answer = client.get(SIGN_IN)
    counts = {part["key"]: len(part["steps"]) for part in answer.context["parts"]}
    assert counts == {"first_card": 6, "first_ecps": 6, "usual_card": 4, "usual_ecps": 5}
    page = text_of(answer)
    for words in (
        "cryptolib-cps-windows",
        "Insérez votre carte",
        "Saisissez votre Code Porteur",
        "Il vous reste 3 tentative(s) pour la carte CPS3v3-",
        "Objet",
        "Émetteur",
        "Série",
        "PRO SANTÉ CONNECT",
        "Application e-CPS",
    ):
        assert words in page, words


@pytest.mark.feature("VT-019", "ROR-060")
def test_the_steps_of_the_e_cps_alone(client: Client) -> None:
    parts = client.get(SIGN_IN, {"moyen": "ecps"}).context["parts"]
    assert [part["key"] for part in parts] == ["first_ecps", "usual_ecps"]
