"""Start a child that cannot outlive us, and stop one politely."""

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(sig: signal.Signals, parent: int) -> None:
    """Ask the kernel to send `sig` to this process when its parent ends, however it ends.

    To be called between fork and exec. The parent is compared afterwards: it may have died in between.
    The signal follows the *thread* that forked, so children are always started by the main thread.
    """
    _libc.prctl(PR_SET_PDEATHSIG, int(sig), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def spawn(
    command: Sequence[str],
    *,
    log: Path | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start `command` in its own session (Ctrl-C in the terminal reaches only us), output to `log`."""
    parent = os.getpid()

    def guard() -> None:
        die_with_parent(death_signal, parent)

    with contextlib.ExitStack() as stack:
        out: int | IO[bytes] = subprocess.DEVNULL
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            out = stack.enter_context(
                os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
            )
        return subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(os.environ if env is None else env),
            cwd=cwd,
            start_new_session=True,
            preexec_fn=guard,
        )


def stop(child: subprocess.Popen[bytes], sig: signal.Signals = signal.SIGTERM, seconds: float = 15) -> None:
    """Signal, wait, and kill the whole group of what is still there after `seconds`."""
    ask(child, sig)
    finish(child, seconds)


def ask(child: subprocess.Popen[bytes], sig: signal.Signals) -> None:
    """Send the signal; nothing when the child has ended."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(sig)


def finish(child: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for the end, then kill what is left of its group."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(seconds)
    kill_group(child.pid)
    child.wait()


def kill_group(pid: int) -> None:
    """Kill what remains of the session that `pid` leads; nothing when it is empty."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def tail(log: Path, lines: int = 6) -> str:
    """The end of a log, for an error message."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
