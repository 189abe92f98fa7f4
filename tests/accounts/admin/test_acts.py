"""What the support does to an account: each act asks a reason, does one thing, and is in the journal."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from accounts import codes, support_acts, throttle
from accounts.enums import AccountStatus
from accounts.models import SecurityEvent, User
from portal.common.workflow import WorkflowError
from tests.hub.people import make_agent, make_person, sign_in

pytestmark = pytest.mark.django_db

REASON = "Appel de 10 h, identité vérifiée"


def act(desk, user, key, reason=REASON):
    return desk.post(f"/administration/accounts/user/{user.pk}/actes/{key}/", {"motif": reason})


def event(user, action) -> SecurityEvent:
    return SecurityEvent.objects.get(subject=user, action=action)


def pending(**fields) -> User:
    return make_person(
        "lea.petit", nom="Petit", status=AccountStatus.PENDING, email_verified_at=None, **fields
    )


@pytest.mark.security("ACL-5")
@pytest.mark.parametrize(
    ("key", "state", "action", "after"),
    [
        ("renvoyer-validation", "pending", "validation_resent", "pending"),
        ("debloquer", "active", "unlocked", "active"),
        ("reinitialiser", "active", "password_reset_asked", "active"),
        ("communiquer-identifiant", "active", "identifier_reminded", "active"),
        ("fermer-sessions", "active", "session_ended", "active"),
        ("retirer-mobile", "active", "account_corrected", "active"),
        ("accepter", "awaiting_decision", "account_accepted", "active"),
        ("refuser", "awaiting_decision", "account_refused", "closed"),
        ("suspendre", "active", "account_suspended", "suspended"),
        ("reactiver", "suspended", "account_reactivated", "active"),
        ("fermer", "active", "account_closed", "closed"),
        ("rouvrir", "closed", "account_reopened", "active"),
    ],
)
def test_each_act_is_done_and_journalled_with_its_reason(desk, agent, person, key, state, action, after):
    User.objects.filter(pk=person.pk).update(status=state)
    assert act(desk, person, key).status_code == 302
    person.refresh_from_db()
    assert person.status == after
    line = event(person, action)
    assert (line.actor, line.reason, line.outcome) == (agent, REASON, "success")


@pytest.mark.parametrize("given", [act.key for act in support_acts.ACTS])
def test_no_act_without_a_reason(desk, person, given):
    for reason in ("", "   "):
        answer = act(desk, person, given, reason)
        assert answer.status_code == 200 and answer.context["form"].errors["motif"]
    assert not SecurityEvent.objects.filter(subject=person).exists()


@pytest.mark.security("ACL-4")
@pytest.mark.parametrize("given", [act.key for act in support_acts.ACTS])
def test_no_agent_acts_on_their_own_account(desk, agent, given):
    answer = act(desk, agent, given)
    assert answer.status_code == 200 and "votre propre compte" in answer.content.decode()
    agent.refresh_from_db()
    assert agent.status == "active"


def test_opening_the_page_of_an_act_changes_nothing(desk, person):
    for known in support_acts.ACTS:
        assert desk.get(f"/administration/accounts/user/{person.pk}/actes/{known.key}/").status_code == 200
    person.refresh_from_db()
    assert person.status == "active" and not SecurityEvent.objects.filter(subject=person).exists()
    assert desk.get(f"/administration/accounts/user/{person.pk}/actes/inconnu/").status_code == 404


@pytest.mark.feature("M94-060", "M94-061")
@pytest.mark.security("PWD-7")
def test_a_reset_sends_the_identifier_and_a_link_and_leaves_the_password_alone(desk, person, outbox):
    before = User.objects.get(pk=person.pk).password
    act(desk, person, "reinitialiser")
    mails = outbox.emails(person.email)
    assert any("/mot-de-passe/choisir/" in mail.text for mail in mails)
    assert any(person.identifiant in mail.text for mail in mails)
    assert User.objects.get(pk=person.pk).password == before


@pytest.mark.feature("M94-059")
def test_an_identifier_read_on_the_phone_is_confirmed_by_mail_and_logged(desk, person, outbox):
    page = desk.get(
        f"/administration/accounts/user/{person.pk}/actes/communiquer-identifiant/"
    ).content.decode()
    assert person.identifiant in page and "Vérifiez d’abord l’identité" in page
    act(desk, person, "communiquer-identifiant")
    assert person.identifiant in outbox.last(person.email).text
    assert event(person, "identifier_reminded").method == "support"


def test_unlocking_lets_the_owner_try_again(desk, person):
    key = codes.account_key(person)
    for _ in range(10):
        throttle.failure("password", key)
    assert throttle.wait("password", key)
    act(desk, person, "debloquer")
    assert throttle.wait("password", key) is None


@pytest.mark.security("SES-5", "SES-6")
def test_suspending_and_ending_sessions_sign_the_person_out_at_once(desk, person):
    client = sign_in(person)
    assert client.get("/").context["user"].is_authenticated
    act(desk, person, "fermer-sessions")
    assert not client.get("/").context["user"].is_authenticated
    client = sign_in(person)
    act(desk, person, "suspendre")
    assert not client.get("/").context["user"].is_authenticated


def test_an_act_that_does_not_fit_the_state_is_refused_in_words(desk, person):
    answer = act(desk, person, "accepter")
    assert answer.status_code == 200 and "rien n’a changé" in answer.content.decode()
    User.objects.filter(pk=person.pk).update(status="suspended")
    answer = act(desk, person, "accepter")
    assert "état actuel est « suspendu »" in answer.content.decode()
    User.objects.filter(pk=person.pk).update(status="active")
    answer = act(desk, person, "renvoyer-validation")
    assert "le compte est « actif »" in answer.content.decode()


def test_the_same_decision_twice_is_told_and_done_once(desk, person):
    act(desk, person, "suspendre")
    answer = act(desk, person, "suspendre")
    assert "déjà fait" in answer.content.decode()
    assert SecurityEvent.objects.filter(subject=person, action="account_suspended").count() == 1


def test_a_resent_validation_kills_the_link_before_it(desk, outbox):
    person = pending()
    act(desk, person, "renvoyer-validation")
    act(desk, person, "renvoyer-validation")
    assert person.mailed_links.filter(dead_at=None, used_at=None).count() == 1
    assert len(outbox.emails(person.email)) == 2


# --- corrections ------------------------------------------------------------------------------------------
def correction(desk, person, **changes):
    address = f"/administration/accounts/user/{person.pk}/corriger/"
    form = desk.get(address).context["form"]
    data = {name: form[name].value() or "" for name in form.fields}
    return desk.post(address, data | {"motif": REASON} | changes)


def test_contact_fields_are_corrected_with_a_reason(desk, agent, person):
    answer = correction(desk, person, nom="Lefèvre", code_postal="94000", phone_fixe="01 45 00 00 01")
    assert answer.status_code == 302
    person.refresh_from_db()
    assert (person.nom, person.code_postal, person.phone_fixe) == ("Lefèvre", "94000", "+33145000001")
    line = event(person, "account_corrected")
    assert (line.actor, line.reason) == (agent, REASON)
    assert line.data == {"fields": ["code_postal", "nom", "phone_fixe"]}, (
        "names of columns, never their content"
    )


@pytest.mark.security("ACL-2")
def test_added_parameters_write_nothing_they_may_not(desk, person):
    forged = {
        "email": "autre@x.example", "is_staff": "on", "is_superuser": "on", "status": "closed", "rpps": "99700000099",
        "password": "x", "phone_mobile": "+33639980099", "email_verified_at": "2020-01-01", "identifiant": "root",
    }  # fmt: skip
    before = {name: getattr(person, name) for name in forged}
    correction(desk, person, nom="Lefèvre", **forged)
    person = User.objects.get(pk=person.pk)
    assert person.nom == "Lefèvre"
    assert {name: getattr(person, name) for name in forged} == before


def test_a_correction_on_an_account_changed_meanwhile_is_refused_and_keeps_what_was_typed(desk, person):
    address = f"/administration/accounts/user/{person.pk}/corriger/"
    form = desk.get(address).context["form"]
    data = {name: form[name].value() or "" for name in form.fields} | {"nom": "Nouveau", "motif": REASON}
    person.prenom = "Autre"
    person.save()
    answer = desk.post(address, data)
    assert answer.status_code == 200 and "modifié entre-temps" in answer.content.decode()
    assert "Nouveau" in answer.content.decode()
    assert User.objects.get(pk=person.pk).nom == "Lefèvre-Müller"


def test_a_forged_version_is_refused(desk, person):
    assert correction(desk, person, nom="Pirate", vu="n’importe quoi").status_code == 200
    assert User.objects.get(pk=person.pk).nom == "Lefèvre-Müller"


@pytest.mark.parametrize(
    ("field", "value"), [("nom", "<b>"), ("nom", ""), ("code_postal", "99"), ("phone_fixe", "abc")]
)
def test_a_wrong_correction_is_told_at_the_field(desk, person, field, value):
    answer = correction(desk, person, **{field: value})
    assert answer.status_code == 200 and answer.context["form"].errors[field]


def email(desk, person, address):
    return desk.post(
        f"/administration/accounts/user/{person.pk}/adresse/", {"email": address, "motif": REASON}
    )


def test_a_corrected_address_is_used_only_after_its_owner_s_click(desk, person, outbox):
    assert email(desk, person, "zoe@hopital.example").status_code == 302
    person.refresh_from_db()
    assert person.email == "claire.moreau@cabinet.example"
    assert outbox.last("zoe@hopital.example").links
    assert event(person, "account_corrected").data == {"fields": ["email"]}


def test_the_address_of_a_pending_account_is_replaced_and_the_mail_leaves_again(desk, outbox):
    person = pending()
    assert email(desk, person, "lea.petit@hopital.example").status_code == 302
    person.refresh_from_db()
    assert (person.email, person.status, person.email_verified_at) == (
        "lea.petit@hopital.example",
        "pending",
        None,
    )
    assert outbox.last("lea.petit@hopital.example").links


def test_an_address_already_held_is_refused_on_a_pending_account(desk, person):
    other = pending()
    answer = email(desk, other, person.email.upper())
    assert answer.status_code == 200 and "Un autre compte a déjà cette adresse" in answer.content.decode()
    other.refresh_from_db()
    assert other.email == "lea.petit@cabinet.example"


# --- roles -------------------------------------------------------------------------------------------------
def test_roles_are_given_and_taken_with_a_reason(desk, agent, person):
    pilot = Group.objects.create(name="pilote-maia")
    address = f"/administration/accounts/user/{person.pk}/roles/"
    desk.post(address, {"roles": [pilot.pk], "motif": REASON})
    assert list(person.groups.all()) == [pilot]
    assert event(person, "role_changed").data["added"] == ["pilote-maia"]
    desk.post(address, {"motif": "Fin de mission"})
    assert not person.groups.exists()


@pytest.mark.security("ACL-2", "ACL-5")
def test_only_a_super_user_makes_an_agent(desk, person):
    address = f"/administration/accounts/user/{person.pk}/roles/"
    desk.post(address, {"is_staff": "on", "motif": REASON})
    person.refresh_from_db()
    assert not person.is_staff
    chief = sign_in(make_agent("chef", is_superuser=True), level=2)
    chief.post(address, {"is_staff": "on", "motif": REASON})
    person.refresh_from_db()
    assert person.is_staff and not person.is_superuser


def test_the_functions_refuse_by_themselves_whoever_calls_them(person):
    stranger = make_person("karim.benali", nom="Benali")
    for known in support_acts.ACTS:
        with pytest.raises(WorkflowError):
            known.perform(person, actor=stranger, reason=REASON)
        with pytest.raises(WorkflowError):
            known.perform(person, actor=make_agent(f"agent.{known.key}"), reason=" ")
