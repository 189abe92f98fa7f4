"""Cards and e-CPS among one's means: listed, detached, and used wherever a proof is asked again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import assurance, my_data, support_acts
from accounts.journal import Action
from accounts.models import HelpLink, NationalLink, SecurityEvent, StrongMeans, User
from accounts.strong import linking, means
from accounts.workflows import account
from portal.referentiels.models import Profession
from tests.strong.steps import (
    CARD,
    ECPS,
    LINK,
    arrive,
    level_of,
    link_with_account,
    live_means,
    owner_of,
    text_of,
)
from tests.support.sign_in import make_person, sign_in

pytestmark = pytest.mark.django_db
END = "/connexion/rattachement/fin/"
MEANS = "/preferences/moyens/"


def unlink_address(person: User, rank: int = 0) -> str:
    return f"/preferences/moyens/cartes/{live_means(person)[rank].public_id}/retirer/"


@pytest.mark.feature("VT-037")
def test_the_page_lists_each_card_and_e_cps_with_its_kind_and_last_use(client: Client, person: User) -> None:
    linking.link(None, person, replace(CARD, card_kind="CPF"))
    linking.link(None, person, ECPS)
    arrive(client, CARD)
    page = text_of(client.get(MEANS))
    assert "Carte CPF n° 2900000001" not in page  # the card now says CPS
    assert "Carte CPS n° 2900000001" in page
    assert "<strong>e-CPS</strong>" in page
    assert page.count("utilisée ") >= 2
    assert page.count("Détacher : ") == 2


def test_a_card_is_detached_after_a_recent_proof_and_told(client: Client, person: User, outbox: Any) -> None:
    linking.link(None, person, CARD)
    linking.link(None, person, ECPS)
    arrive(client, ECPS)
    outbox.clear()
    assert "Détacher ce moyen de connexion" in text_of(client.get(unlink_address(person)))
    assert client.post(unlink_address(person)).headers["Location"] == MEANS
    assert [row.kind for row in live_means(person)] == ["ecps"]
    assert "Carte CPS n° 2900000001" in outbox.last(person.email).text
    assert SecurityEvent.objects.filter(action=Action.STRONG_UNLINKED, subject=person).count() == 1


@pytest.mark.security("MFA-4")
def test_a_detached_card_signs_nobody_in_until_it_is_linked_again(
    client: Client, person: User, outbox: Any
) -> None:
    linking.link(None, person, CARD)
    linking.link(None, person, ECPS)
    arrive(client, ECPS)
    client.post(unlink_address(person))
    thief = Client()
    assert arrive(thief, CARD).headers["Location"] == LINK
    assert thief.get("/preferences/").status_code == 302
    owner = Client()
    asked = link_with_account(owner, CARD, person, outbox).headers["Location"]
    assert asked.startswith("/connexion/preuve/") and len(live_means(person)) == 1
    assert arrive(owner, ECPS, END).headers["Location"] == END
    assert owner.get(END).headers["Location"].endswith("/reussi/")
    assert len(live_means(person)) == 2


def test_the_last_card_of_somebody_with_a_password_frees_the_identity(client: Client, person: User) -> None:
    linking.link(None, person, CARD)
    arrive(client, CARD)
    client.post(unlink_address(person))
    assert owner_of(CARD) is None
    assert level_of(client, person) == 1
    other = make_person(nom="Martel")
    linking.link(None, other, CARD)
    assert owner_of(CARD) == other


@pytest.mark.security("MFA-3")
def test_the_other_sessions_end_with_the_card(client: Client, person: User) -> None:
    linking.link(None, person, CARD)
    elsewhere = Client()
    arrive(elsewhere, CARD)
    arrive(client, CARD)
    client.post(unlink_address(person))
    assert elsewhere.get(MEANS).status_code == 302
    assert client.get(MEANS).status_code == 200


def test_the_last_means_of_somebody_without_password_stays(client: Client) -> None:
    person = make_person(password=None)
    linking.link(None, person, CARD)
    arrive(client, CARD)
    page = text_of(client.get(MEANS))
    assert "C'est votre seul moyen de connexion" in page
    assert client.post(unlink_address(person)).headers["Location"] == MEANS
    assert "dernier moyen de connexion" in text_of(client.get(MEANS))
    assert owner_of(CARD) == person


def test_nobody_detaches_the_card_of_somebody_else(client: Client, person: User) -> None:
    other = make_person()
    linking.link(None, other, CARD)
    sign_in(client, person)
    assert client.post(unlink_address(other)).status_code == 404
    assert owner_of(CARD) == other


def test_the_support_may_detach_even_the_last_means(person: User, outbox: Any) -> None:
    agent = make_person(is_staff=True)
    person.set_unusable_password()
    person.save()
    row = linking.link(None, person, CARD)
    assert means.unlink(None, person, str(row.public_id), actor=agent, reason="carte volée")
    assert owner_of(CARD) is None
    event = SecurityEvent.objects.get(action=Action.STRONG_UNLINKED)
    assert (event.actor, event.reason) == (agent, "carte volée")


# --- proving oneself again ---------------------------------------------------------------------------------------
@pytest.mark.security("MFA-4")
def test_who_holds_a_card_proves_with_it_before_touching_the_means(client: Client, person: User) -> None:
    linking.link(None, person, CARD)
    sign_in(client, person, level=1)
    asked = client.get("/preferences/moyens/application/").headers["Location"]
    assert asked.startswith("/connexion/preuve/")
    page = client.get(asked)
    assert 'href="/connexion/carte/?next=/preferences/moyens/application/"' in page.content.decode()
    assert "Mot de passe" not in text_of(page)
    assert arrive(client, CARD, "/preferences/moyens/application/").status_code == 302
    assert client.get("/preferences/moyens/application/").status_code == 200


def test_somebody_without_password_proves_again_by_their_own_means(client: Client) -> None:
    person = make_person(password=None)
    linking.link(None, person, ECPS)
    arrive(client, ECPS)
    person.portal_sessions.update(proved_at="2026-01-01T00:00Z")
    asked = client.get("/preferences/moyens/cles/ajouter/").headers["Location"]
    page = client.get(asked).content.decode()
    assert 'action="/connexion/preuve/ecps/"' in page
    arrive(client, replace(ECPS, auth_time=timezone.now()), "/preferences/moyens/cles/ajouter/")
    assert client.get("/preferences/moyens/cles/ajouter/").status_code == 200


def test_the_strongest_level_follows_the_means_held(person: User) -> None:
    assert assurance.strongest_level(person) == 1
    row = linking.link(None, person, CARD)
    assert assurance.strongest_level(person) == 3
    means.unlink(None, person, str(row.public_id))
    assert assurance.strongest_level(person) == 1


# --- a page of level 3 ---------------------------------------------------------------------------------------------
@pytest.mark.security("MFA-3")
def test_a_page_of_level_three_offers_card_and_e_cps_and_returns(client: Client, person: User) -> None:
    linking.link(None, person, CARD)
    sign_in(client, person, level=1)
    page = client.get("/connexion/niveau/?niveau=3&next=/preferences/sessions/").content.decode()
    assert 'href="/connexion/carte/?next=/preferences/sessions/"' in page
    assert 'action="/connexion/ecps/"' in page
    assert '<input type="hidden" name="next" value="/preferences/sessions/">' in page
    assert arrive(client, CARD, "/preferences/sessions/").headers["Location"] == "/preferences/sessions/"
    again = client.get("/connexion/niveau/?niveau=3&next=/preferences/sessions/")
    assert again.headers["Location"] == "/preferences/sessions/"


@pytest.mark.feature("VT-019")
def test_the_card_is_not_offered_to_who_cannot_have_one(client: Client) -> None:
    helper = Profession.objects.filter(categorie="role").first()
    person = make_person(profession=helper)
    sign_in(client, person, level=1)
    page = client.get("/connexion/niveau/?niveau=3&next=/").content.decode()
    assert "/connexion/carte/" not in page
    assert 'action="/connexion/ecps/"' in page
    assert "/connexion/carte/" not in client.get(MEANS).content.decode()


# --- the support, and what is kept -----------------------------------------------------------------------------
def test_the_support_detaches_everything_from_the_person_s_page(person: User) -> None:
    agent = make_person(is_staff=True)
    linking.link(None, person, CARD)
    linking.link(None, person, ECPS)
    assert "detacher-cartes" in [act.key for act in support_acts.acts_for(person)]
    support_acts.find_act("detacher-cartes").perform(person, actor=agent, reason="carte perdue")
    assert live_means(person) == []
    assert "detacher-cartes" not in [act.key for act in support_acts.acts_for(person)]


@pytest.mark.security("DAT-4")
def test_what_was_proven_is_exported_then_erased_with_the_account(person: User) -> None:
    linking.link(None, person, CARD)
    told = my_data.collect(person)["identites_prouvees"]
    assert told[0]["identifiant_national"] == CARD.national_id
    assert told[0]["cartes_et_e_cps"][0]["moyen"] == "Carte CPS n° 2900000001"
    long_ago = timezone.now() - timedelta(days=400)
    User.objects.filter(pk=person.pk).update(status="closed", status_at=long_ago)
    account.erase_closed(timezone.now() - timedelta(days=365))
    assert not NationalLink.objects.exists()
    assert not StrongMeans.objects.exists()


@pytest.mark.parametrize("table", ["helplink", "nationallink", "strongmeans"])
def test_the_support_reads_links_and_changes_addresses(client: Client, person: User, table: str) -> None:
    linking.link(None, person, CARD)
    HelpLink.objects.create(key="erpps", label="eRPPS", url="https://erpps.example/")
    agent = make_person(is_staff=True, is_superuser=True)
    sign_in(client, agent, level=3)
    listed = client.get(f"/administration/accounts/{table}/")
    assert listed.status_code == 200
    model = {"helplink": HelpLink, "nationallink": NationalLink, "strongmeans": StrongMeans}[table]
    row = model.objects.get()
    assert client.get(f"/administration/accounts/{table}/{row.pk}/change/").status_code == 200
