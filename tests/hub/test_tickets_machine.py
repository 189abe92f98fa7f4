"""Every move of a question, from every state, by everybody."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.common.workflow import NotAllowed, WrongState
from portal.hub.enums import TicketStatus, TicketTopic
from portal.hub.models import ExpertMailbox, SupportTicket
from portal.hub.tasks import forget_old_tickets
from portal.hub.workflows import tickets as machine
from portal.hub.workflows.tickets import NotBusiness, Question
from tests.hub.people import make_person

pytestmark = pytest.mark.django_db

ORDER = {
    "forward": {"open": "forwarded"},
    "answer": {"open": "answered", "forwarded": "answered"},
    "reply": {"answered": "open"},
    "close": {"open": "closed", "forwarded": "closed", "answered": "closed"},
}


@pytest.fixture
def expert():
    return ExpertMailbox.objects.create(name="URPS", email="urps@experts.example")


def ask(user, topic=TicketTopic.BUSINESS) -> SupportTicket:
    question = Question(
        uuid.uuid4(), "Claire Moreau", "claire@cabinet.example", "", topic, "Une question", "Corps."
    )
    return machine.ask(question, user=user)


@pytest.mark.parametrize("state", TicketStatus.values)
@pytest.mark.parametrize("move", list(ORDER))
def test_each_move_starts_only_from_its_states(person, agent, state, move):
    ticket = ask(person)
    SupportTicket.objects.filter(pk=ticket.pk).update(status=state)
    actor = person if move == "reply" else agent
    target = ORDER[move].get(state)
    if target is None and state != machine.MACHINE.transitions[move].target:
        with pytest.raises(WrongState):
            machine.MACHINE.perform(ticket, move, actor=actor)
        return
    outcome = machine.MACHINE.perform(ticket, move, actor=actor)
    assert outcome.obj.status == (target or state)
    assert outcome.changed is (target is not None)


@pytest.mark.parametrize("move", list(ORDER))
def test_a_stranger_or_a_suspended_agent_makes_no_move(person, colleague, move):
    ticket = ask(person)
    suspended = make_person("ancien.agent", is_staff=True, status="suspended", nom="Ancien")
    for actor in (colleague, suspended, None):
        with pytest.raises(NotAllowed):
            machine.MACHINE.perform(ticket, move, actor=actor)


def test_the_person_does_not_answer_for_the_support(person):
    with pytest.raises(NotAllowed):
        machine.answer(ask(person), "Tout va bien.", actor=person)


@pytest.mark.feature("ROR-014")
def test_a_business_question_goes_to_the_experts_and_the_answer_comes_back(person, agent, expert, outbox):
    ticket = ask(person)
    machine.forward(ticket, expert, actor=agent, reason="Équipement spécifique")
    asked, told = outbox.last("urps@experts.example"), outbox.last("claire@cabinet.example")
    assert "Corps." in asked.text and "Moreau" not in asked.text + asked.html, (
        "the experts need not know who asks"
    )
    assert (
        "Nous l’avons fait suivre aux experts métier et reviendrons vers vous dans les meilleurs délais"
        in told.text
    )
    machine.answer(ticket, "C’est un bassin de moins de 20 m².", actor=agent, from_expert=True)
    ticket.refresh_from_db()
    assert ticket.status == "answered" and ticket.expert == expert
    assert "C’est un bassin de moins de 20 m²." in outbox.last("claire@cabinet.example").text
    assert [line.name for line in ticket.transitions.all()] == ["forward", "answer"]
    assert ticket.transitions.first().reason == "Équipement spécifique"


def test_a_question_that_is_not_business_is_not_forwarded(person, agent, expert, outbox):
    ticket = ask(person, TicketTopic.PASSWORD)
    with pytest.raises(NotBusiness):
        machine.forward(ticket, expert, actor=agent)
    assert not outbox.emails("urps@experts.example")


def test_the_same_answer_twice_is_sent_once_and_a_second_one_is_sent(person, agent, outbox):
    ticket = ask(person)
    outbox.clear()
    assert machine.answer(ticket, "Voici.", actor=agent).changed
    assert not machine.answer(ticket, "Voici.", actor=agent).changed
    assert machine.answer(ticket, "Un complément.", actor=agent).changed
    assert [mail.purpose for mail in outbox.emails("claire@cabinet.example")] == ["ticket_answered"] * 2


def test_a_closed_question_is_not_answered(person, agent):
    ticket = ask(person)
    machine.close(ticket, actor=agent, reason="Réglé au téléphone")
    with pytest.raises(WrongState):
        machine.answer(ticket, "Trop tard.", actor=agent)
    assert ticket.messages.count() == 1


def test_closing_by_the_support_is_told_and_by_the_person_is_not(person, agent, outbox):
    by_agent, by_person = ask(person), ask(person)
    outbox.clear()
    machine.close(by_agent, actor=agent, reason="Réglé")
    machine.close(by_person, actor=person)
    assert [mail.purpose for mail in outbox.messages] == ["ticket_closed"]


def test_forwarding_twice_is_harmless(person, agent, expert, outbox):
    ticket = ask(person)
    machine.forward(ticket, expert, actor=agent)
    count = len(outbox)
    assert not machine.forward(ticket, expert, actor=agent).changed
    assert len(outbox) == count


@pytest.mark.security("DAT-4")
def test_an_old_closed_question_loses_its_words_and_its_person(person, agent):
    old, recent, live = ask(person), ask(person), ask(person)
    for ticket in (old, recent):
        machine.close(ticket, actor=agent, reason="Réglé")
    SupportTicket.objects.filter(pk__in=[old.pk, live.pk]).update(
        status_at=timezone.now() - timedelta(days=400)
    )
    assert forget_old_tickets() == 1
    assert forget_old_tickets() == 0
    for ticket in (old, recent, live):
        ticket.refresh_from_db()
    assert (old.email, old.title) == ("", "Demande effacée")
    assert not old.messages.exclude(body="").exists()
    assert recent.email and live.email and live.messages.get().body == "Corps."
