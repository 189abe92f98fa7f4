"""One running portal, from the lock to the last stopped process."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from portal.launcher import cards, demo_file, outside, parts, ports, prepare, running, unprivileged
from portal.launcher.errors import LaunchError
from portal.launcher.guardian import Guardian
from portal.launcher.lock import FolderLock
from portal.launcher.place import Place
from portal.launcher.postgres import APPLICATION, Cluster
from portal.launcher.supervisor import Part, Supervisor
from portal.launcher.valkey import Broker

# Socket paths hold 107 bytes, whatever the length of the checkout's own path.
_SOCKETS_BASE = "/tmp"
_CANNOT_WRITE = {
    errno.ENOSPC: "le disque est plein",
    errno.EDQUOT: "le quota de ce compte est atteint",
    errno.EROFS: "ce disque est en lecture seule",
    errno.EACCES: "ce compte n'en a pas le droit",
    errno.EPERM: "ce compte n'en a pas le droit",
    errno.ENOENT: "le dossier n'existe pas",
    errno.ENOTDIR: "un fichier est là où il faut un dossier",
    errno.EEXIST: "un fichier est là où il faut un dossier",
}


class StopAsked(BaseException):
    """Ctrl-C or SIGTERM during the start: unwinds to the stop."""


class Instance:
    """`start`, then `supervisor.watch`, then `stop` whatever happened."""

    def __init__(self, place: Place, say: Callable[[str], None]) -> None:
        self.place = place
        self.say = say
        self.supervisor: Supervisor | None = None
        self.environment: dict[str, str] = {}
        self._guardian: Guardian | None = None
        self.phase = "starting"

    def start(self) -> Supervisor:
        """Everything up, demo data loaded, demo.json written. Raises LaunchError with a French sentence."""
        try:
            return self._start()
        except OSError as error:
            if error.errno not in _CANNOT_WRITE:
                raise
            where = error.filename or self.place.folder
            raise LaunchError(
                f"Écriture impossible dans {where} : {_CANNOT_WRITE[error.errno]}. Choisissez un autre dossier de "
                "données par VAR_DIR, ou corrigez celui-ci."
            ) from error

    def _start(self) -> Supervisor:
        place = self.place
        supervisor, servers = self._open()
        supervisor.start(*servers, *parts.stand_ins(place))
        self._prepare()
        cards.refresh_lists(place, partial(prepare.run_once, self.environment), self.say)
        embedded = "DATABASE_URL" not in place.given
        supervisor.start(*parts.product(place, self._cluster.url(user=APPLICATION) if embedded else ""))
        demo_file.write(place)
        running.write(place, self.environment)
        self.phase = "running"
        return supervisor

    def _open(self) -> tuple[Supervisor, list[Part]]:
        """Take the folder and the ports; the servers to start first."""
        place = self.place
        lock = FolderLock(place.folder)
        lock.take(place.site_url)
        place.demo_file.unlink(missing_ok=True)
        running.forget(place)
        self._require_ports()
        outside.require(place.given)
        if cards.is_left_out(place):
            self.say(cards.MISSING)
        prepare.require_room(place)
        sockets = Path(tempfile.mkdtemp(prefix="portail-", dir=_SOCKETS_BASE))
        self._guardian = Guardian(sockets, lock.fd)
        servers, database_url, redis_url = self._servers(sockets)
        self.environment = place.environment(database_url, redis_url)
        self.supervisor = Supervisor(place.logs, self.environment, self._guardian, self.say)
        self._rotate_logs()
        return self.supervisor, servers

    def start_servers(self) -> None:
        """The embedded servers alone, with an empty database: for what fills it itself."""
        supervisor, servers = self._open()
        supervisor.start(*servers)
        self._cluster.ensure_database()

    def _require_ports(self) -> None:
        for part in [*parts.product(self.place), *parts.stand_ins(self.place)]:
            if part.port is not None:
                ports.require_free(part.port, part.label[0].lower() + part.label[1:])

    def _servers(self, sockets: Path) -> tuple[list[Part], str, str]:
        """The embedded servers that the caller did not replace, and the addresses to use."""
        servers: list[Part] = []
        database_url = self.place.given.get("DATABASE_URL", "")
        redis_url = self.place.given.get("REDIS_URL", "")
        if not database_url:
            self._cluster = self._make_cluster(sockets)
            servers.append(parts.postgres(self._cluster))
            database_url = self._cluster.url()
        if not redis_url:
            broker = Broker(sockets / "v", self.place.logs / "valkey.log")
            broker.sockets.mkdir(mode=0o700)
            servers.append(parts.valkey(broker))
            redis_url = broker.url()
        return servers, database_url, redis_url

    def _make_cluster(self, sockets: Path) -> Cluster:
        disguise = unprivileged.choose()
        folder = sockets / "p"
        folder.mkdir(mode=0o700)
        if disguise.owner is not None:
            sockets.chmod(0o711)
        cluster = Cluster(
            self.place.folder / "postgresql", folder, self.place.logs / "postgresql.log", disguise
        )
        if cluster.make():
            self.say("Base de données créée.")
        disguise.give(folder, cluster.data)
        return cluster

    def _prepare(self) -> None:
        if "DATABASE_URL" not in self.place.given:
            self._cluster.ensure_database()
        self.say("Mise à jour des tables et des fichiers statiques…")
        prepare.tables_and_files(self.place, self.environment)
        prepare.demo_people(self.place, self.environment)

    def _rotate_logs(self) -> None:
        """Keep the previous run's logs beside this one's."""
        previous = self.place.logs.with_name("journaux-precedents")
        shutil.rmtree(previous, ignore_errors=True)
        if self.place.logs.exists():
            self.place.logs.rename(previous)
        self.place.logs.mkdir(parents=True, exist_ok=True, mode=0o700)

    def ask_stop(self) -> None:
        """From a signal handler: interrupts a start, ends the watch; says nothing new to a stop under way."""
        if self.phase == "starting":
            self.phase = "stopping"
            raise StopAsked
        if self.supervisor is not None:
            self.supervisor.stopping = True

    def stop(self) -> None:
        """Stop what runs; harmless when nothing does."""
        self.phase = "stopping"
        if self.supervisor is not None:
            running.forget(self.place)
            self.supervisor.stop()
            shutil.rmtree(parts.counters_folder(self.place), ignore_errors=True)
        if self._guardian is not None:
            self._guardian.dismiss()
            self._guardian = None


def uses(place: Place) -> list[str]:
    """The outside servers in use, for the screen, without their passwords."""
    return [
        f"{name} : {demo_file.without_passwords(url)}"
        for name, url in place.given.items()
        if name != "SITE_URL" and urlsplit(url).scheme
    ]
