"""Kernel of every state machine: one locked row, one guarded move, one line of log, one transaction.

A machine is a table of `Transition`; `Machine.perform` is the only way to change a state. Views, admin
actions, commands and tasks all call it, so a right or a source state is never checked in one door only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from portal.common.transition_log import TransitionLog as TransitionLog
from portal.common.workflow_errors import NotAllowed as NotAllowed
from portal.common.workflow_errors import WorkflowError as WorkflowError
from portal.common.workflow_errors import WrongState as WrongState


def clock_only(actor: Any, obj: Any) -> bool:
    """Right of a move that time decides (expiry, reminder): no person may make it."""
    return actor is None


@dataclass(frozen=True)
class Transition:
    """One allowed move. `allowed(actor, locked_obj)` is asked under the lock; the clock is actor None."""

    name: str
    sources: tuple[str, ...]
    target: str
    label: str
    allowed: Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Outcome:
    """`changed` is False when the same decision had already been taken: nothing was written."""

    obj: Any
    changed: bool


class Machine:
    """The moves of one model. `field` holds the state; `<field>_at`, when the model has it, the time of it."""

    def __init__(
        self,
        model: type[models.Model],
        field: str,
        transitions: tuple[Transition, ...],
        log_model: type[TransitionLog],
    ) -> None:
        self.model, self.field, self.log_model = model, field, log_model
        self.transitions = {transition.name: transition for transition in transitions}
        if len(self.transitions) != len(transitions):
            raise ValueError(f"{model.__name__}: two transitions have the same name")

    def state_label(self, value: str) -> str:
        choices = getattr(self.model._meta.get_field(self.field), "flatchoices", ())
        return str(dict(choices).get(value, value))

    def available(self, obj: Any, actor: Any) -> list[Transition]:
        """Moves this actor may make now, for buttons; `perform` asks again under the lock."""
        state = getattr(obj, self.field)
        return [t for t in self.transitions.values() if state in t.sources and t.allowed(actor, obj)]

    def perform(
        self,
        obj_or_pk: Any,
        name: str,
        *,
        actor: Any,
        reason: str = "",
        consequences: Callable[[Any], None] | None = None,
        **data: Any,
    ) -> Outcome:
        """Make the move, write `data` on the row, log it, run `consequences(locked_obj)`: all or nothing.

        The same decision taken again changes nothing and says so. Raises `NotAllowed`, `WrongState`, and the
        model's `DoesNotExist`. `data` names fields of the model; anything else is a programming error.
        """
        move = self.transitions[name]
        with transaction.atomic():
            rows = self.model._base_manager.select_for_update(of=("self",))
            obj: Any = rows.get(pk=getattr(obj_or_pk, "pk", obj_or_pk))
            if not move.allowed(actor, obj):
                raise NotAllowed(self, name)
            source = getattr(obj, self.field)
            if source not in move.sources:
                if source == move.target and self._last_move(obj) in (None, name):
                    return Outcome(obj, changed=False)
                raise WrongState(self, source, name)
            self._write(obj, {**data, self.field: move.target})
            line = {"subject": obj, "name": name, "source": source, "target": move.target}
            self.log_model._base_manager.create(**line, actor=actor, reason=reason)
            if consequences is not None:
                consequences(obj)
        return Outcome(obj, changed=True)

    def _last_move(self, obj: Any) -> str | None:
        log: Any = self.log_model  # `subject` is declared by each subclass
        moves = log._base_manager.filter(subject=obj).order_by("-at", "-pk")
        return moves.values_list("name", flat=True).first()

    def _write(self, obj: Any, values: dict[str, Any]) -> None:
        known = {field.name for field in self.model._meta.concrete_fields}
        if f"{self.field}_at" in known:
            values[f"{self.field}_at"] = timezone.now()
        if unknown := values.keys() - known:
            raise TypeError(f"{self.model.__name__} has no field {sorted(unknown)}")
        for key, value in values.items():
            setattr(obj, key, value)
        obj.save(update_fields=list(values))
