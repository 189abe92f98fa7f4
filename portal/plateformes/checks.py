"""A wrong profile stops the start with the sentence that says which file and which key."""

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Error, register

from portal.plateformes import ProfileError, available, current, load


@register()
def check_current_profile(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """The chosen profile loads, with its documents."""
    return _errors([None])


@register(deploy=True)
def check_every_profile(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Before a release, the profiles of the other regions load too: one code serves them all."""
    return _errors(available())


def _errors(names: Iterable[str | None]) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for name in names:
        try:
            load(name) if name else current()
        except ProfileError as error:
            found.append(Error(str(error), id="plateformes.E001"))
    return found
