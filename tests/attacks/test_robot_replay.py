"""One robot check answered once must not serve again in another spelling: base64 readers skip what they do not know."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts import keyed, robot
from tests.accounts.signin.test_robot import solve
from tests.hub.robot import ticked

pytestmark = [pytest.mark.django_db, pytest.mark.security("ABU-6")]


def spellings(token: str) -> list[str]:
    """Texts a lenient base64 reader takes for the same token."""
    bare = token.rstrip("=")
    return [token + "=", token + "!", token[:9] + "." + token[9:], f" {token}", bare + "====", token + "\n"]


def refusal(rf: Any, answer: robot.Answer) -> str:
    with pytest.raises(ValidationError) as caught:
        robot.verify(rf.post("/inscription/"), answer)
    return str(caught.value.code)


def test_a_sealed_text_has_one_spelling():
    token = keyed.encrypt("texte")
    assert keyed.decrypt(token) == "texte"
    for spelling in spellings(token):
        with pytest.raises(keyed.Undecipherable):
            keyed.decrypt(spelling)


def test_the_box_ticked_once_does_not_serve_again_in_another_spelling(rf):
    ticket = ticked()["robot_ticket"]
    robot.verify(rf.post("/inscription/"), robot.Answer(ticket=ticket, ticked=True))
    for spelling in [ticket, *spellings(ticket)]:
        code = refusal(rf, robot.Answer(ticket=spelling, ticked=True))
        assert code in {"robot_replayed", "robot_missing"}


def test_an_image_read_once_does_not_serve_again_in_another_spelling(rf):
    token = robot.new_image_token()
    text = robot._image_answer(token)
    robot.verify(rf.post("/inscription/"), robot.Answer(image_token=token, image_text=text))
    for spelling in [token, *spellings(token)]:
        code = refusal(rf, robot.Answer(image_token=spelling, image_text=text))
        assert code in {"robot_replayed", "robot_wrong"}


def test_a_solution_written_otherwise_is_the_same_solution(rf):
    solution = solve(robot.new_challenge())
    robot.verify(rf.post("/inscription/"), robot.Answer(solution=solution))
    parts = json.loads(base64.b64decode(solution))
    for other in (
        {**parts, "more": 1},
        {**parts, "salt": parts["salt"].rstrip("&")},
        {**parts, "challenge": parts["challenge"].upper()},
        {**parts, "algorithm": "SHA-512"},
    ):
        again = base64.b64encode(json.dumps(other, indent=1).encode()).decode()
        assert refusal(rf, robot.Answer(solution=again)) in {"robot_replayed", "robot_missing"}


def test_an_image_token_is_no_ticket_and_a_ticket_no_image(rf):
    token = robot.new_image_token()
    assert refusal(rf, robot.Answer(ticket=token, ticked=True)) == "robot_missing"
    ticket = ticked()["robot_ticket"]
    assert refusal(rf, robot.Answer(image_token=ticket, image_text="x")) == "robot_wrong"
