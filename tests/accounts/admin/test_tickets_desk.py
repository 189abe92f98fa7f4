"""Questions seen by the support: find, answer, forward, note, close."""

from __future__ import annotations

import uuid

import pytest

from accounts.models import SecurityEvent
from portal.hub.enums import TicketTopic
from portal.hub.models import ExpertMailbox, SupportTicket
from portal.hub.workflows import tickets as machine
from portal.hub.workflows.tickets import Question

pytestmark = pytest.mark.django_db

REASON = "Question sur un équipement"


@pytest.fixture
def ticket(person) -> SupportTicket:
    return ask(person)


def ask(user, topic=TicketTopic.BUSINESS, title="Que recouvre ce terme ?") -> SupportTicket:
    question = Question(uuid.uuid4(), "Zoé Lefèvre-Müller", "zoe@cabinet.example", "", topic, title, "Corps.")
    return machine.ask(question, user=user)


def post(desk, ticket, verb, **data):
    return desk.post(f"/administration/hub/supportticket/{ticket.pk}/{verb}/", data)


@pytest.mark.feature("ROR-010")
def test_a_question_is_visible_to_staff_and_found_by_its_reference(desk, ticket):
    other = ask(None, TicketTopic.OTHER, "Autre sujet")
    page = desk.get("/administration/hub/supportticket/").content.decode()
    assert ticket.reference in page and other.reference in page
    found = desk.get("/administration/hub/supportticket/", {"q": ticket.reference}).content.decode()
    assert ticket.title in found and "Autre sujet" not in found
    waiting = desk.get("/administration/").content.decode()
    assert "demandes à traiter" in waiting and ">2</strong>" in waiting


@pytest.mark.feature("ROR-014")
def test_an_agent_forwards_then_answers_for_the_experts(desk, agent, ticket, outbox):
    expert = ExpertMailbox.objects.create(name="URPS", email="urps@experts.example")
    page = desk.get(f"/administration/hub/supportticket/{ticket.pk}/change/").content.decode()
    assert "Question métier" in page and "Transmettre aux experts métier" in page
    assert post(desk, ticket, "transmettre", expert=expert.pk, motif=REASON).status_code == 302
    assert outbox.emails("urps@experts.example")
    post(desk, ticket, "repondre", reponse="Moins de 20 m².", experts="on")
    ticket.refresh_from_db()
    assert ticket.status == "answered" and ticket.messages.last().kind == "expert"
    assert "Moins de 20 m²." in outbox.last("zoe@cabinet.example").text
    lines = SecurityEvent.objects.filter(action="admin_changed", subject=ticket.user).order_by("id")
    assert [(line.data["what"], line.actor) for line in lines] == [
        ("transmission", agent),
        ("réponse", agent),
    ]
    assert lines[0].reason == REASON


def test_a_note_stays_inside(desk, ticket, outbox):
    count = len(outbox)
    post(desk, ticket, "noter", note="Rappeler demain.")
    assert ticket.messages.get(is_internal=True).body == "Rappeler demain." and len(outbox) == count


def test_closing_asks_a_reason(desk, ticket):
    assert post(desk, ticket, "clore", motif="").status_code == 200
    ticket.refresh_from_db()
    assert ticket.status == "open"
    assert post(desk, ticket, "clore", motif="Réglé au téléphone").status_code == 302
    assert ticket.transitions.get().reason == "Réglé au téléphone"
    page = desk.get(f"/administration/hub/supportticket/{ticket.pk}/change/").content.decode()
    assert "Cette demande est close." in page and "Envoyer la réponse" not in page


def test_an_empty_or_late_answer_is_told_and_nothing_typed_is_lost(desk, agent, ticket, outbox):
    count = len(outbox)
    answer = post(desk, ticket, "repondre", reponse="")
    assert answer.status_code == 200 and answer.context["answer_form"].errors
    machine.close(ticket, actor=agent, reason="Réglé")
    answer = post(desk, ticket, "repondre", reponse="Trop tard")
    assert answer.status_code == 200 and "close" in answer.content.decode()
    assert len(outbox) == count + 1, "the mail that tells the closing, and no other"


def test_two_agents_who_send_the_same_answer_send_one(desk, ticket, outbox):
    outbox.clear()
    for _ in range(2):
        post(desk, ticket, "repondre", reponse="Voici.")
    assert len(outbox) == 1


@pytest.mark.security("WEB-3")
@pytest.mark.parametrize("verb", ["repondre", "noter", "transmettre", "clore"])
def test_acts_are_posts(desk, ticket, verb):
    assert desk.get(f"/administration/hub/supportticket/{ticket.pk}/{verb}/").status_code == 405
    assert (
        desk.post(f"/administration/hub/supportticket/999999/{verb}/", {"motif": REASON}).status_code == 404
    )


def test_a_question_is_never_deleted_nor_rewritten(desk, ticket):
    assert (
        desk.post(f"/administration/hub/supportticket/{ticket.pk}/delete/", {"post": "yes"}).status_code
        == 403
    )
    assert desk.get("/administration/hub/supportticket/add/").status_code == 403
    desk.post(
        f"/administration/hub/supportticket/{ticket.pk}/change/", {"status": "closed", "title": "Autre"}
    )
    ticket.refresh_from_db()
    assert (ticket.status, ticket.title) == ("open", "Que recouvre ce terme ?")
