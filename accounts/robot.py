"""« Je ne suis pas un robot »: ours, no third party, keyboard- and screen-reader-proof (C5, ABU-6).

Three ways, any of them is enough:
- proof of work: the page's script finds the number hidden behind a SHA-256 (altcha's format) while the person goes on;
- an image to read, where the profile says so, with the box below as its accessible way round;
- the box alone, without script: the form must have been open for `HOLD_SECONDS`, and one address may do it
  `HOLD_BUDGET` times in ten minutes (nothing to decipher: WCAG 3.3.8).
What was used once is refused the second time; the memory of it is in PostgreSQL.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import io
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, cast

import altcha
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from PIL import Image, ImageDraw, ImageFont

from accounts import client, keyed, throttle
from portal.plateformes import current

LIFE_SECONDS = 1800
HOLD_SECONDS = 4
HOLD_BUDGET = 20
MAX_NUMBER = 60_000
MAX_PAYLOAD = 2000
IMAGE_ALPHABET = "ABCDEFGHJKMNPQRTUVWXYZ2346789"
IMAGE_LENGTH = 5
_WINDOW = timedelta(minutes=10)
_LIFE = timedelta(seconds=LIFE_SECONDS)


# --- proof of work -----------------------------------------------------------------------------------------
def new_challenge() -> dict[str, Any]:
    """Challenge for the page's script, good for LIFE_SECONDS."""
    expires = timezone.now().astimezone(datetime.UTC) + timedelta(seconds=LIFE_SECONDS)
    challenge = altcha.create_challenge_v1(
        altcha.ChallengeOptionsV1(max_number=MAX_NUMBER, hmac_key=_hmac_key(), expires=expires)
    )
    return cast("dict[str, Any]", challenge.to_dict())


def _solution_key(payload: str) -> str:
    """Name of the challenge a valid solution answers, "" for a wrong, forged or expired one."""
    try:
        solution = json.loads(base64.b64decode(payload[:MAX_PAYLOAD], validate=True))
        texts = [solution[name] for name in ("algorithm", "challenge", "salt", "signature")]
        number = solution["number"]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        return ""
    if not all(isinstance(text, str) and text.isascii() for text in texts) or type(number) is not int:
        return ""
    is_right, _ = altcha.verify_solution_v1(solution, _hmac_key())
    return f"work:{solution['challenge']}" if is_right else ""


def _hmac_key() -> str:
    return keyed.digest("robot", "altcha")


# --- the image ---------------------------------------------------------------------------------------------
def new_image_token() -> str:
    """Sealed answer: it names an image and cannot be read by the visitor."""
    answer = "".join(secrets.choice(IMAGE_ALPHABET) for _ in range(IMAGE_LENGTH))
    return keyed.encrypt(f"image:{answer}")


def draw_image(token: str) -> bytes:
    """PNG of the characters of a token; raises keyed.Undecipherable."""
    answer = _image_answer(token)
    font = ImageFont.load_default(size=38)
    image = Image.new("RGB", (240, 70), "#f4f6f8")
    draw = ImageDraw.Draw(image)
    rng = secrets.SystemRandom()
    for _ in range(7):
        points = [(rng.randint(0, 240), rng.randint(0, 70)) for _ in range(2)]
        draw.line(points, fill="#9aa5b1", width=2)
    for rank, char in enumerate(answer):
        glyph = Image.new("L", (48, 56), 0)
        ImageDraw.Draw(glyph).text((8, 4), char, fill=255, font=font)
        turned = glyph.rotate(rng.randint(-22, 22), resample=Image.Resampling.BICUBIC)
        image.paste("#1f2d3d", (8 + rank * 45, rng.randint(2, 12)), turned)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _image_answer(token: str) -> str:
    kind, _, answer = keyed.decrypt(token, max_age_seconds=LIFE_SECONDS).partition(":")
    if kind != "image":
        raise keyed.Undecipherable("not an image")
    return answer


def _image_key(token: str, typed: str) -> str:
    try:
        answer = _image_answer(token)
    except keyed.Undecipherable:
        return ""
    typed = "".join(typed.upper().split())[:20]
    return f"image:{token}" if keyed.same(keyed.digest("image", typed), keyed.digest("image", answer)) else ""


# --- the box without script ----------------------------------------------------------------------------------
def new_ticket() -> str:
    """Sealed time at which the form was shown."""
    return keyed.encrypt(f"hold:{timezone.now().timestamp()}:{secrets.token_hex(4)}")


def _lasting_ticket(ticket: str) -> str:
    """The ticket a form shown again may keep (its time goes on counting), a new one when it is used or forged."""
    name, problem = _hold_key(ticket) if ticket else ("", "missing")
    if problem == "missing" or (name and throttle.spent("robot_used", name, _LIFE)):
        return new_ticket()
    return ticket


def _hold_key(ticket: str) -> tuple[str, str]:
    """(name of the ticket, what is wrong): one of the two is empty."""
    try:
        kind, _, rest = keyed.decrypt(ticket, max_age_seconds=LIFE_SECONDS).partition(":")
        shown = float(rest.partition(":")[0])
    except (keyed.Undecipherable, ValueError):
        return "", "missing"
    if kind != "hold":
        return "", "missing"
    if not timezone.now().timestamp() - shown >= HOLD_SECONDS:  # « not a number » is too early as well
        return "", "too_fast"
    return f"hold:{ticket}", ""


# --- the form's side -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Answer:
    solution: str = ""
    ticked: bool = False
    ticket: str = ""
    image_token: str = ""
    image_text: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.solution or self.ticked or self.image_text.strip())


class RobotWidget(forms.Widget):
    template_name = "accounts/includes/robot.html"
    use_fieldset = True
    kind = "group"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Answer:
        def text(suffix: str) -> str:
            return str(data.get(f"{name}_{suffix}", ""))[:MAX_PAYLOAD]

        return Answer(
            text("solution"), bool(data.get(f"{name}_ticked")), text("ticket"), text("jeton"), text("image")
        )

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return id_

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        answer = value if isinstance(value, Answer) else Answer()
        profile = current().robot
        context["widget"] |= {
            "kind": profile.kind,
            "title": profile.title,
            "label": profile.label,
            "hint": profile.hint,
            "answer": answer,
            "solution_name": f"{name}_solution",
            "ticket": _lasting_ticket(answer.ticket),
            "image_token": new_image_token() if profile.kind == "image" else "",
        }
        return context


class RobotField(forms.Field):
    """Gives an Answer; RobotMixin decides on it last, when all the rest of the form is right."""

    widget = RobotWidget

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", current().robot.title)
        super().__init__(required=False, **kwargs)

    def clean(self, value: Any) -> Answer:
        return value if isinstance(value, Answer) else Answer()


class RobotMixin:
    """First base of a form: `form = F(data, request=request)` (or `robot_required=…` to decide otherwise).

    `robot_moment` is the door's name in the profile's `robot.on`. The answer is used up only by a form that is right:
    another mistake in the form does not oblige to prove again.
    """

    robot_moment: ClassVar[str] = ""
    to_confirm = False
    """The form is right but comes back to be confirmed: the answer serves again."""

    def __init__(
        self, *args: Any, request: HttpRequest, robot_required: bool | None = None, **kwargs: Any
    ) -> None:
        self.request = request
        super().__init__(*args, **kwargs)
        asked = self.robot_moment in current().robot.on if robot_required is None else robot_required
        if asked:
            self.fields["robot"] = RobotField()  # type: ignore[attr-defined]

    def clean(self) -> Any:
        cleaned = super().clean()  # type: ignore[misc]
        if "robot" in self.fields:  # type: ignore[attr-defined]
            try:
                verify(
                    self.request,
                    self.cleaned_data.get("robot") or Answer(),  # type: ignore[attr-defined]
                    consume=not (self.errors or self.to_confirm),  # type: ignore[attr-defined]
                )
            except ValidationError as problem:
                self.add_error("robot", problem)  # type: ignore[attr-defined]
        return cleaned


def verify(request: HttpRequest, answer: Answer, *, consume: bool = True) -> None:
    """Accept the answer or raise ValidationError with the sentence to show. `consume` uses it up."""
    missing = current().robot.missing
    if answer.is_empty:
        raise ValidationError(missing, code="robot_missing")
    if answer.image_text.strip():
        key = _image_key(answer.image_token, answer.image_text)
        if not key:
            raise ValidationError(
                "Les caractères ne correspondent pas à l’image : recommencez avec la nouvelle image.",
                code="robot_wrong",
            )
    else:
        key = _solution_key(answer.solution) or _hold(request, answer, missing, consume)
    if consume and not throttle.spend("robot_used", key, 1, _LIFE):
        raise ValidationError("Cette vérification a déjà servi : recommencez-la.", code="robot_replayed")


def _hold(request: HttpRequest, answer: Answer, missing: str, consume: bool) -> str:
    key, problem = _hold_key(answer.ticket) if answer.ticked else ("", "missing")
    if problem == "too_fast":
        raise ValidationError(
            f"Attendez {HOLD_SECONDS} secondes puis validez de nouveau, sans rien changer.",
            code="robot_too_fast",
        )
    if problem:
        raise ValidationError(missing, code="robot_missing")
    if consume and not throttle.spend("robot_hold", client.network(request), HOLD_BUDGET, _WINDOW):
        raise ValidationError(
            "Trop de vérifications sans JavaScript depuis votre réseau : activez JavaScript, ou réessayez dans "
            "dix minutes.",
            code="robot_budget",
        )
    return key
