"""The table of processes that `bin/run` keeps running. A new stand-in is one more line in `stand_ins`."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

from portal.launcher import cards, ports
from portal.launcher.place import ROOT, Place
from portal.launcher.postgres import Cluster
from portal.launcher.supervisor import Part
from portal.launcher.valkey import Broker

WEB_WORKERS = 2
WEB_THREADS = 4
WORKER_PROCESSES = 2


def postgres(cluster: Cluster) -> Part:
    return Part(
        key="postgresql",
        label="La base de données (PostgreSQL)",
        command=tuple(cluster.command()),
        cwd=cluster.sockets,
        ready=cluster.answers,
        before=cluster.clear_stale_pid,
        stop_signal=signal.SIGINT,
    )


def valkey(broker: Broker) -> Part:
    return Part(
        key="valkey",
        label="La file et le cache (Valkey)",
        command=tuple(broker.command()),
        cwd=broker.sockets,
        ready=broker.answers,
    )


def stand_ins(place: Place) -> list[Part]:
    """Programs that play the outside systems, except those that the caller's own servers replace."""
    parts = []
    if "EMAIL_URL" not in place.given:
        parts.append(
            _receiver(place, "smtp", "Le serveur de courriels d'essai", "portal.simulators.smtp_catcher")
        )
    if "SMS_URL" not in place.given:
        parts.append(_receiver(place, "sms", "La passerelle SMS d'essai", "portal.simulators.sms_gateway"))
    if place.plays_psc:
        parts.append(_psc(place))
    parts.append(_partner(place))
    return parts + cards.stand_ins(place)


def _receiver(place: Place, key: str, label: str, module: str) -> Part:
    port = place.port_of(key)
    switch = place.folder / f"{key}.interrupteur.json"
    command = (
        sys.executable,
        "-m",
        module,
        "--port",
        str(port),
        "--store",
        str(place.store),
        "--switch",
        str(switch),
    )
    return Part(
        key=key,
        label=label,
        command=command,
        cwd=ROOT,
        ready=lambda: ports.listens(port),
        stop_seconds=5,
        port=port,
    )


def _psc(place: Place) -> Part:
    """Pro Santé Connect and the e-CPS: the issuer on one port, the wallet and the telephone on the next."""
    port, wallet = place.port_of("psc"), place.port_of("psc_wallet")
    command = (
        *(sys.executable, "-m", "portal.simulators.psc"),
        *("--port", str(port), "--wallet-port", str(wallet)),
        *("--secret", str(place.folder / "psc" / "client-secret"), "--portal", place.site_url),
        *("--smtp", "" if "EMAIL_URL" in place.given else f"127.0.0.1:{place.port_of('smtp')}"),
        *("--sms", "" if "SMS_URL" in place.given else f"http://127.0.0.1:{place.port_of('sms')}/sms"),
    )
    return Part(
        key="psc",
        label="Le simulateur de Pro Santé Connect",
        command=command,
        cwd=ROOT,
        ready=lambda: ports.listens(port) and ports.listens(wallet),
        stop_seconds=5,
        port=port,
    )


def _partner(place: Place) -> Part:
    """The partner application: it reads its registration where `charger_demo` writes the OpenID clients."""
    port = place.port_of("partner")
    command = (
        *(sys.executable, "-m", "portal.simulators.partner"),
        *("--port", str(port), "--portal", place.site_url),
        *("--clients", str(place.people_file), "--store", str(place.folder / "partenaire.sqlite3")),
    )
    return Part(
        key="partenaire",
        label="L'application partenaire d'essai",
        command=command,
        cwd=ROOT,
        ready=lambda: ports.listens(port),
        stop_seconds=5,
        port=port,
    )


def product(place: Place, database_url: str = "") -> list[Part]:
    """Web, worker and scheduler; `database_url` is that of the account that owns no table, when there is one."""
    own = {"DATABASE_URL": database_url} if database_url else {}
    return [
        replace(part, environment={**part.environment, **own})
        for part in (_web(place), _worker(), _beat(place))
    ]


def gunicorn(application: str, port: int) -> tuple[str, ...]:
    """Command that serves a WSGI application on the loopback as the portal is served."""
    return (
        *(sys.executable, "-m", "gunicorn", application, "--config", "python:portal.serving"),
        *("--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"),
        *("--workers", str(WEB_WORKERS), "--threads", str(WEB_THREADS)),
        *("--timeout", "60", "--graceful-timeout", "25", "--keep-alive", "5", "--no-control-socket"),
    )


def _web(place: Place) -> Part:
    port = place.port_of("web")
    return Part(
        key="web",
        label="Le portail web",
        command=gunicorn("portal.wsgi:application", port),
        cwd=ROOT,
        ready=lambda: _answers(f"http://127.0.0.1:{port}/sante/vivant"),
        port=port,
        environment={"PROMETHEUS_MULTIPROC_DIR": str(counters_folder(place))},
    )


def counters_folder(place: Place, memory: Path = Path("/dev/shm")) -> Path:
    """Where the web processes add up their figures: made and emptied at each start (portal.serving).

    In memory: they are mapped files, and a process that writes to one on a full disk is killed at once, with whatever
    it was serving. One folder for each data folder, ours alone; in the data folder itself where there is no such place.
    """
    name = hashlib.sha256(str(place.folder).encode()).hexdigest()[:16]
    folder = memory / f"portail-compteurs-{os.geteuid()}-{name}"
    is_taken = os.path.lexists(folder) and (folder.is_symlink() or folder.lstat().st_uid != os.geteuid())
    if is_taken or not memory.is_dir() or not os.access(memory, os.W_OK):
        return place.folder / "compteurs"
    return folder


def _worker() -> Part:
    command = (
        *(sys.executable, "-m", "celery", "--app", "portal", "worker", "--loglevel", "INFO"),
        *("--concurrency", str(WORKER_PROCESSES), "--without-gossip", "--without-mingle"),
    )
    return Part(key="travaux", label="Le service d'envoi (Celery)", command=command, cwd=ROOT)


def _beat(place: Place) -> Part:
    schedule = place.folder / "calendrier"
    command = (
        *(sys.executable, "-m", "celery", "--app", "portal", "beat", "--loglevel", "INFO"),
        *("--schedule", str(schedule), "--pidfile", ""),
    )
    return Part(key="horloge", label="L'horloge des tâches (Celery)", command=command, cwd=ROOT)


def _answers(url: str) -> bool:
    """True as soon as HTTP comes back, whatever the status: the self-check judges the pages."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
