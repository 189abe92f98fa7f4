"""Why a move was not made. `message` is French and may be shown to the person."""

from typing import Any


class WorkflowError(Exception):
    message = "Cette action n'a pas pu être faite."


class WrongState(WorkflowError):
    """The object is in a state this move does not start from: somebody decided otherwise meanwhile."""

    def __init__(self, machine: Any, current: str, name: str) -> None:
        self.machine, self.current, self.name = machine, current, name
        self.message = (
            f"Cette action n'est plus possible : l'état actuel est « {machine.state_label(current)} »."
        )
        super().__init__(f"{machine.model.__name__}: {name!r} impossible from {current!r}")


class NotAllowed(WorkflowError):
    """The actor has no right to this move."""

    message = "Vous n'avez pas le droit de faire cette action."

    def __init__(self, machine: Any, name: str) -> None:
        self.machine, self.name = machine, name
        super().__init__(f"{machine.model.__name__}: {name!r} refused to this actor")
