"""Is a port free, and who holds it?"""

from __future__ import annotations

import socket
from pathlib import Path

from portal.launcher.errors import LaunchError


def listens(port: int, seconds: float = 1) -> bool:
    """True when something accepts connections on loopback."""
    with socket.socket() as sock:
        sock.settimeout(seconds)
        return sock.connect_ex(("127.0.0.1", port)) == 0


def is_free(port: int) -> bool:
    """True when we may listen there."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_base(offsets: list[int]) -> int:
    """A port that is free together with its offsets, below the range the kernel gives to clients."""
    for base in range(18000, 30000, 50):
        if all(is_free(base + offset) for offset in offsets):
            return base
    raise LaunchError("Aucune suite de ports libres n'a été trouvée sur cette machine.")


def require_free(port: int, label: str) -> None:
    """Raise LaunchError, naming the part that wants the port and the program that holds it."""
    if is_free(port):
        return
    holder = holder_of(port)
    by = f" par {holder}" if holder else " par un autre programme"
    raise LaunchError(
        f"Le port {port} ({label}) est déjà pris{by}. Arrêtez ce programme, ou choisissez un autre port : "
        f"PORT=8100 bin/run (les autres ports suivent)."
    )


def holder_of(port: int) -> str:
    """« gunicorn (processus 1234) », or "" when the kernel does not tell us."""
    inode = _listening_inode(port)
    if not inode:
        return ""
    wanted = f"socket:[{inode}]"
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(fd.readlink()) == wanted for fd in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (processus {process.name})"
        except OSError:
            continue
    return ""


def _listening_inode(port: int) -> str:
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                return fields[9]
    return ""
