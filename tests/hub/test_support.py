"""« ASSISTANCE »: asking, being acknowledged, following up."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from portal.hub.models import SupportTicket
from portal.hub.workflows import tickets as machine
from tests.hub.people import sign_in
from tests.hub.robot import ticked

pytestmark = pytest.mark.django_db


def question(**changes) -> dict[str, str]:
    return {
        "envoi": str(uuid.uuid4()),
        "sujet": "sign_in",
        "objet": "Je ne reçois pas le code",
        "demande": "Depuis ce matin le code n’arrive pas.",
        **changes,
    }


def visitor_question(**changes) -> dict[str, str]:
    return question(nom="Anne Durand", email="anne.durand@cabinet.example", **changes) | ticked()


@pytest.mark.feature("ROR-010")
def test_a_visitor_s_question_is_kept_and_acknowledged_by_mail(outbox):
    client = Client()
    answer = client.post("/assistance/", visitor_question())
    assert answer.status_code == 302 and answer["Location"] == "/assistance/envoyee/"
    ticket = SupportTicket.objects.get()
    assert (ticket.user, ticket.status, ticket.topic) == (None, "open", "sign_in")
    assert ticket.messages.get().body == "Depuis ce matin le code n’arrive pas."
    assert ticket.reference in client.get("/assistance/envoyee/").content.decode()
    mail = outbox.last("anne.durand@cabinet.example")
    assert ticket.reference in mail.subject and ticket.reference in mail.text
    assert "n’arrive pas" not in mail.text + mail.html, (
        "the address may be somebody else's: no text of the visitor"
    )


def test_a_visitor_without_the_robot_check_writes_nothing(outbox):
    data = {k: v for k, v in visitor_question().items() if not k.startswith("robot")}
    answer = Client().post("/assistance/", data)
    assert answer.status_code == 200 and not SupportTicket.objects.exists() and not len(outbox)
    assert "Depuis ce matin le code n’arrive pas." in answer.content.decode(), "nothing typed is lost"


@pytest.mark.feature("ROR-010")
def test_a_signed_in_person_asks_without_robot_check_and_follows_the_question(person, outbox):
    client = sign_in(person)
    answer = client.post("/assistance/", question(telephone="06 39 98 00 01"))
    ticket = SupportTicket.objects.get()
    assert answer["Location"] == f"/assistance/demandes/{ticket.public_id}/"
    assert (ticket.user, ticket.email, ticket.phone) == (person, person.email, "+33639980001")
    assert f"/assistance/demandes/{ticket.public_id}/" in outbox.last(person.email).text
    page = client.get(answer["Location"]).content.decode()
    assert ticket.reference in page and "Depuis ce matin" in page and "En cours de traitement" in page
    assert ticket.title in client.get("/assistance/demandes/").content.decode()
    assert ticket.title in client.get("/assistance/").content.decode()


def test_a_double_click_makes_one_question_and_one_mail(person, outbox):
    data = question()
    client = sign_in(person)
    first, second = client.post("/assistance/", data), client.post("/assistance/", data)
    assert first["Location"] == second["Location"]
    assert SupportTicket.objects.count() == 1 and len(outbox) == 1


@pytest.mark.security("ACL-1")
def test_reusing_the_number_of_somebody_s_question_opens_another_one(person, colleague):
    data = question()
    sign_in(person).post("/assistance/", data)
    answer = sign_in(colleague).post("/assistance/", data)
    mine, theirs = SupportTicket.objects.order_by("pk")
    assert mine.user == person and theirs.user == colleague
    assert str(theirs.public_id) in answer["Location"]


@pytest.mark.security("ACL-1")
def test_another_person_s_question_does_not_exist(person, colleague):
    sign_in(person).post("/assistance/", question())
    address = f"/assistance/demandes/{SupportTicket.objects.get().public_id}/"
    client = sign_in(colleague)
    assert client.get(address).status_code == 404
    assert client.post(f"{address}completer/", {"message": "À moi"}).status_code == 404
    assert client.post(f"{address}clore/").status_code == 404
    assert "Je ne reçois pas le code" not in client.get("/assistance/demandes/").content.decode()


def test_a_visitor_cannot_open_the_follow_up_pages():
    for address in ("/assistance/demandes/", f"/assistance/demandes/{uuid.uuid4()}/"):
        assert Client().get(address)["Location"].startswith("/connexion/")
    assert Client().get("/assistance/envoyee/")["Location"] == "/assistance/"


def test_internal_notes_and_agents_names_stay_inside(person, agent):
    client = sign_in(person)
    client.post("/assistance/", question())
    ticket = SupportTicket.objects.get()
    machine.note(ticket, "Appelant difficile à joindre", actor=agent)
    machine.answer(ticket, "Vérifiez vos indésirables.", actor=agent)
    page = client.get(f"/assistance/demandes/{ticket.public_id}/").content.decode()
    assert "Vérifiez vos indésirables." in page and "difficile à joindre" not in page
    assert "Sam Support" not in page


def test_a_reply_opens_the_question_again_and_a_closed_one_takes_no_more(person, agent):
    client = sign_in(person)
    client.post("/assistance/", question())
    ticket = SupportTicket.objects.get()
    address = f"/assistance/demandes/{ticket.public_id}/"
    machine.answer(ticket, "Vérifiez vos indésirables.", actor=agent)
    client.post(f"{address}completer/", {"message": "Toujours rien."})
    ticket.refresh_from_db()
    assert ticket.status == "open" and ticket.messages.count() == 3
    client.post(f"{address}clore/")
    client.post(f"{address}completer/", {"message": "Encore ?"})
    ticket.refresh_from_db()
    assert ticket.status == "closed" and ticket.messages.count() == 3
    assert "Cette demande est close." in client.get(address).content.decode()


@pytest.mark.security("WEB-6")
@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("objet", "", "Renseignez ce champ"),
        ("objet", "a" * 121, "Raccourcissez ce texte"),
        ("objet", "Bonjour\u202ereversé", "caractère invisible"),
        ("objet", "Nul\x00", "caractère invisible"),
        ("demande", "", "Renseignez ce champ"),
        ("demande", "x" * 4001, "Raccourcissez ce texte"),
        ("sujet", "autre-chose", ""),
        ("nom", "1234", "lettres"),
        ("email", "pas une adresse", "adresse e-mail complète"),
        ("email", "a@b.example\nBcc: x@y.example", ""),
        ("telephone", "12", "numéro de téléphone français"),
    ],
)
def test_a_wrong_field_is_told_at_the_field_and_nothing_is_written(outbox, field, value, told):
    answer = Client().post("/assistance/", visitor_question() | {field: value})
    assert answer.status_code == 200
    assert told in answer.content.decode() and answer.context["form"].errors[field]
    assert not SupportTicket.objects.exists() and not len(outbox)


@pytest.mark.security("WEB-6")
def test_hostile_text_is_text_on_every_page_and_mail(person, agent, outbox):
    hostile = "<img src=x onerror=alert(1)> {{ 7*7 }} =cmd|' /C calc'!A0"
    client = sign_in(person)
    client.post("/assistance/", question(objet=hostile, demande=hostile))
    ticket = SupportTicket.objects.get()
    assert ticket.title == hostile
    pages = [
        client.get(f"/assistance/demandes/{ticket.public_id}/"),
        client.get("/assistance/demandes/"),
        sign_in(agent, level=2).get(f"/administration/hub/supportticket/{ticket.pk}/change/"),
    ]
    for page in pages:
        assert "<img src=x" not in page.content.decode() and "&lt;img src=x" in page.content.decode()
    machine.answer(ticket, hostile, actor=agent)
    assert "<img src=x" not in outbox.last(person.email).html and hostile in outbox.last(person.email).text


@pytest.mark.security("ABU-7")
def test_a_mailbox_cannot_be_flooded_with_acknowledgements(outbox):
    answers = [Client().post("/assistance/", visitor_question()) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [429]
    assert len(outbox) == 5 and answers[-1]["Retry-After"] == "3600"
    assert "n’a pas été enregistrée" in answers[-1].content.decode()


def test_the_subject_of_the_question_may_come_with_the_link():
    page = Client().get("/assistance/?sujet=business").content.decode()
    assert '<option value="business" selected>' in page
    assert (
        "selected"
        not in Client().get("/assistance/?sujet=%22%3E").content.decode().split('value="account"')[1]
    )
