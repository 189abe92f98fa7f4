"""What the workers and the clock do for the OpenID provider. Every task may run twice."""

from __future__ import annotations

from celery import shared_task

from portal.hub.oidc import keys, logout, purges, sessions


@shared_task(name="portal.hub.oidc.tasks.tell_logout")
def tell_logout(pk: int) -> bool:
    return logout.tell(pk)


@shared_task(name="portal.hub.oidc.tasks.sweep_logouts")
def sweep_logouts() -> int:
    """Tell what is due: first tries that were not published, and new tries. One slow partner holds its own row only."""
    waiting = logout.due()
    for pk in waiting:
        tell_logout.delay(pk)
    return len(waiting)


@shared_task(name="portal.hub.oidc.tasks.end_over_sessions")
def end_over_sessions() -> int:
    return sessions.end_over()


@shared_task(name="portal.hub.oidc.tasks.rotate_keys")
def rotate_keys() -> int:
    return len(keys.rotate_old())


@shared_task(name="portal.hub.oidc.tasks.purge")
def purge() -> int:
    return purges.purge()
