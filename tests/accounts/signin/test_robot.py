"""« Je ne suis pas un robot »: proof of work, image, box without script; nothing serves twice."""

from __future__ import annotations

import base64
import json
import time
from datetime import timedelta
from typing import Any

import altcha
import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts import keyed, robot
from portal.common.forms import Form
from tests.accounts.signin.steps import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.feature("M94-038", "C5"), pytest.mark.security("ABU-6")]


class Sample(robot.RobotMixin, Form):
    robot_moment = "sign_up"


def solve(challenge: dict[str, Any]) -> str:
    found = altcha.solve_challenge_v1(
        challenge["challenge"],
        challenge["salt"],
        "SHA-256",
        challenge.get("maxNumber") or challenge["maxnumber"],
    )
    answer = {name: challenge[name] for name in ("algorithm", "challenge", "salt", "signature")}
    return base64.b64encode(json.dumps(answer | {"number": found.number}).encode()).decode()


def post(rf, **data: str) -> Sample:
    return Sample(data, request=rf.post("/inscription/"))


def test_the_challenge_is_solved_once_and_refused_the_second_time(client, rf):
    solution = solve(client.get("/robot/defi/").json())
    assert post(rf, robot_solution=solution).is_valid()
    again = post(rf, robot_solution=solution)
    assert not again.is_valid() and "déjà servi" in str(again.errors["robot"])


@pytest.mark.feature("M94-039")
def test_nothing_done_is_told_in_the_words_of_the_guide(rf):
    form = post(rf)
    assert form.errors["robot"] == ["Veuillez procéder à la vérification"]


def test_the_challenge_is_public_and_never_stored(client):
    answer = client.get("/robot/defi/")
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    assert answer.json()["algorithm"] == "SHA-256"


@pytest.mark.parametrize(
    "payload",
    [
        "x",
        "e30=",
        base64.b64encode(b'{"algorithm":1,"challenge":2,"salt":[],"signature":{},"number":"a"}').decode(),
        base64.b64encode(
            b'{"algorithm":"SHA-256","challenge":"a","salt":"b","signature":"c","number":1}'
        ).decode(),
        base64.b64encode('{"algorithm":"é"}'.encode()).decode(),
        "A" * 5000,
    ],
)
def test_a_forged_solution_is_refused_without_failing(rf, payload):
    assert not post(rf, robot_solution=payload).is_valid()


def test_an_expired_challenge_is_refused(rf):
    solution = solve(robot.new_challenge())
    with time_machine.travel(timezone.now() + timedelta(seconds=robot.LIFE_SECONDS + 1), tick=False):
        assert not post(rf, robot_solution=solution).is_valid()


def test_the_box_without_script_asks_to_have_looked_at_the_form(rf):
    ticket = robot.new_ticket()
    early = post(rf, robot_ticked="oui", robot_ticket=ticket)
    assert "Attendez" in str(early.errors["robot"])
    with time_machine.travel(timezone.now() + timedelta(seconds=robot.HOLD_SECONDS + 1), tick=False):
        assert post(rf, robot_ticked="oui", robot_ticket=ticket).is_valid()
        assert "déjà servi" in str(post(rf, robot_ticked="oui", robot_ticket=ticket).errors["robot"])


@pytest.mark.parametrize("ticket", ["", "x", "seal image:ABCDE", "seal hold:nan:1", "seal hold::"])
def test_a_forged_ticket_is_refused(rf, ticket):
    if ticket.startswith("seal "):
        ticket = keyed.encrypt(ticket.removeprefix("seal "))
    with time_machine.travel(timezone.now() + timedelta(seconds=10), tick=False):
        assert not post(rf, robot_ticked="oui", robot_ticket=ticket).is_valid()


def test_one_address_ticks_the_box_twenty_times_in_ten_minutes(rf):
    tickets = [robot.new_ticket() for _ in range(robot.HOLD_BUDGET + 1)]
    with time_machine.travel(timezone.now() + timedelta(seconds=10), tick=False):
        results = [post(rf, robot_ticked="oui", robot_ticket=ticket).is_valid() for ticket in tickets]
    assert results == [True] * robot.HOLD_BUDGET + [False]


def test_another_mistake_in_the_form_does_not_use_the_answer_up(rf):
    class Strict(Sample):
        def clean(self) -> Any:
            if self.data.get("wrong"):
                self.add_error(None, "autre chose")
            return super().clean()

    solution = solve(robot.new_challenge())
    assert not Strict({"robot_solution": solution, "wrong": "1"}, request=rf.post("/")).is_valid()
    assert Strict({"robot_solution": solution}, request=rf.post("/")).is_valid()


def test_a_door_the_profile_does_not_name_asks_nothing(rf):
    class Door(Sample):
        robot_moment = "sign_in"

    assert Door({}, request=rf.post("/")).is_valid()
    assert not Door({}, request=rf.post("/"), robot_required=True).is_valid()


# --- the image of esante-cvl ---------------------------------------------------------------------------------
@pytest.fixture
def image(plateforme):
    plateforme("esante-cvl")
    return robot.new_image_token()


@pytest.mark.feature("CVL-020", "CVL-021", "CVL-061")
def test_the_characters_of_the_image_are_accepted_once(rf, image):
    answer = robot._image_answer(image)
    assert post(rf, robot_jeton=image, robot_image=answer.lower()).is_valid()
    assert not post(rf, robot_jeton=image, robot_image=answer).is_valid()


def test_wrong_characters_are_told(rf, image):
    assert "ne correspondent pas" in str(post(rf, robot_jeton=image, robot_image="?????").errors["robot"])


def test_the_image_is_a_picture_that_does_not_give_its_answer(client, image):
    answer = client.get("/robot/image/", {"jeton": image})
    assert answer["Content-Type"] == "image/png" and answer.content.startswith(b"\x89PNG")
    assert robot._image_answer(image) not in image
    assert client.get("/robot/image/", {"jeton": "faux"}).status_code == 404
    assert client.get("/robot/image/", {"jeton": robot.new_ticket()}).status_code == 404


def test_the_image_has_a_way_round_for_who_cannot_see_it(rf, image):
    form = Sample(request=rf.get("/"))
    html = " ".join(str(form["robot"]).split())
    assert "Image illisible" in html and "data-portal-robot" in html and "alt=" in html
    assert post(rf, robot_solution=solve(robot.new_challenge())).is_valid()


@pytest.mark.feature("CVL-021")
def test_case_and_spaces_of_the_characters_do_not_matter(rf, image):
    answer = robot._image_answer(image)
    assert post(rf, robot_jeton=image, robot_image=" ".join(answer.lower()) + " ").is_valid()


@pytest.mark.feature("CVL-020")
def test_the_question_is_the_one_of_the_guide(rf, image):
    html = " ".join(str(Sample(request=rf.get("/"))["robot"]).split())
    assert "Quel code est dissimulé dans l&#x27;image ?" in html
    assert "Saisir les caractères affichés dans l&#x27;image." in html


def test_a_form_shown_again_gets_a_fresh_ticket_only_when_the_old_one_is_used(rf):
    ticket = robot.new_ticket()
    early = post(rf, robot_ticked="oui", robot_ticket=ticket)
    assert ticket in str(early["robot"])
    with time_machine.travel(timezone.now() + timedelta(seconds=10), tick=False):
        assert post(rf, robot_ticked="oui", robot_ticket=ticket).is_valid()
        assert ticket not in str(post(rf, robot_ticked="oui", robot_ticket=ticket)["robot"])


def test_two_images_differ(image):
    assert robot.draw_image(image) != robot.draw_image(robot.new_image_token())


def test_the_work_takes_a_machine_less_than_a_second():
    challenge = robot.new_challenge()
    started = time.monotonic()
    solve(challenge)
    assert time.monotonic() - started < 5


def test_verify_raises_for_an_empty_answer(rf):
    with pytest.raises(ValidationError):
        robot.verify(rf.post("/"), robot.Answer())


@pytest.mark.feature("EA-034")
def test_the_widget_is_on_the_page_of_the_door_when_the_profile_says_so(client, plateforme):
    plateforme("entractes")
    assert "data-portal-robot" in text_of(client.get("/connexion/"))
