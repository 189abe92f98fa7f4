"""PostgreSQL refuses to run as root: how to start it when we are.

First choice: a user namespace in which root is shown as `nobody`; files stay root's, no account is made.
Second choice, where namespaces are forbidden: become `nobody`, keeping only the right to cross folders
that are closed to others (a checkout below a home of mode 0700).
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from portal.launcher.errors import LaunchError

NOBODY = 65534


@dataclass(frozen=True)
class Disguise:
    """How to run a program that refuses root.

    prefix: words to put before the command.
    owner: account that must own the data, or None when the files stay ours.
    """

    name: str
    prefix: tuple[str, ...] = ()
    owner: int | None = None

    def give(self, *paths: Path) -> None:
        """Hand the paths (and all below) to the account that will use them."""
        if self.owner is None:
            return
        for path in paths:
            for found in [path, *path.rglob("*")]:
                os.chown(found, self.owner, self.owner, follow_symlinks=False)


def choose(uid: int | None = None) -> Disguise:
    """The way that works here; tried, not guessed. Raises LaunchError when none does."""
    uid = os.geteuid() if uid is None else uid
    if uid != 0 and _has_name(uid):
        return Disguise("direct")
    for candidate in (namespace(), *([] if uid else switched_user())):
        if _works(candidate):
            return candidate
    raise LaunchError(
        "PostgreSQL refuse de démarrer sous le compte root et cette machine interdit d'en changer. "
        "Lancez bin/run avec un compte ordinaire, ou indiquez votre serveur par DATABASE_URL."
    )


def namespace() -> Disguise:
    """Root seen as `nobody` inside a user namespace."""
    return Disguise("namespace", ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"))


def switched_user() -> list[Disguise]:
    """Really `nobody`, with the narrowest capability that the machine grants."""
    base = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--pdeathsig=INT")
    ways = [
        Disguise(f"setpriv-{cap}", (*base, f"--inh-caps=+{cap}", f"--ambient-caps=+{cap}"), NOBODY)
        for cap in ("dac_read_search", "dac_override")
    ]
    return [*ways, Disguise("setpriv", base, NOBODY)]


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _works(candidate: Disguise) -> bool:
    if shutil.which(candidate.prefix[0]) is None:
        return False
    run = subprocess.run([*candidate.prefix, "true"], capture_output=True, check=False, timeout=20)
    return run.returncode == 0
