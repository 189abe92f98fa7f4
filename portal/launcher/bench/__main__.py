"""The command that `bin/bench` becomes: `[--quick] [--json FILE] [section…]`."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from portal.launcher import place as places
from portal.launcher import ports
from portal.launcher.bench import SECTIONS, load
from portal.launcher.bench.bench import Bench, conditions, cores
from portal.launcher.bench.budget import Budget
from portal.launcher.bench.measures import HEADER, Measure
from portal.launcher.errors import LaunchError
from portal.launcher.instance import Instance, StopAsked
from portal.launcher.place import OFFSETS

HELP = f"""\
bin/bench                    mesure tout : {", ".join(SECTIONS)} (5 minutes au plus)
bin/bench --quick            la même chose en une minute environ, moins précise
bin/bench page login         ces parties seulement
bin/bench --json FICHIER     écrit aussi une ligne JSON par mesure (var/bench.jsonl sinon)

Répond 0 quand tout est mesuré et que chaque but est tenu, 1 quand un but ne l'est pas, 2 pour un mot inconnu,
3 quand une partie n'a pas pu être mesurée."""
HELD, MISSED, NOT_UNDERSTOOD, NOT_MEASURED = 0, 1, 2, 3


@dataclass
class Found:
    """Lines of every section, and the sections that could not be measured with the reason."""

    measures: list[Measure] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def missed(self) -> list[str]:
        return [one.metric for one in self.measures if one.passed is False]

    @property
    def status(self) -> int:
        return NOT_MEASURED if self.failed else MISSED if self.missed else HELD


def main(words: list[str]) -> int:
    """The exit status is that of HELP."""
    if {"-h", "--help", "--aide"} & set(words):
        print(HELP)
        return 0
    target = places.ROOT / "var" / "bench.jsonl"
    if "--json" in words and words.index("--json") + 1 < len(words):
        at = words.index("--json")
        target = Path(words[at + 1])
        words = words[:at] + words[at + 2 :]
    chosen = [word for word in words if word != "--quick"] or list(SECTIONS)
    if unknown := [word for word in chosen if word not in SECTIONS]:
        print(f"« {unknown[0]} » n'est pas compris.\n\n{HELP}", file=sys.stderr)
        return NOT_UNDERSTOOD
    try:
        return measure(chosen, Budget("--quick" in words), target)
    except LaunchError as error:
        print(f"\n{error}", file=sys.stderr)
        return NOT_MEASURED


def measure(chosen: list[str], budget: Budget, target: Path) -> int:
    """Start a portal on data of its own, run the sections one after the other, print, stop."""
    busy = os.getloadavg()[0]
    if warning := unquiet(busy):
        print(warning, file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="portail-mesures-") as folder:
        wanted = places.read(os.environ)
        place = replace(wanted, var=Path(folder), port=ports.free_base(list(OFFSETS.values())))
        instance = Instance(place, lambda line: print(line, file=sys.stderr))
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: instance.ask_stop())
        try:
            instance.start()
            instance.phase = "starting"  # so that Ctrl-C interrupts the measures as it does a start
            budget.started()
            bench = Bench(place, instance.environment, budget.quick, pace=budget.pace)
            return report(bench, chosen, budget, target, busy)
        except StopAsked:
            return NOT_MEASURED
        finally:
            instance.stop()


def unquiet(busy: float) -> str:
    """A sentence when others already work on the machine: figures by the second, and delays, then say little."""
    if busy <= cores():
        return ""
    return (
        f"# machine agitée : charge {busy:.1f} pour {cores()} cœurs au départ, chiffres à reprendre au calme"
    )


def report(bench: Bench, chosen: list[str], budget: Budget, target: Path, busy: float) -> int:
    print("\t".join(HEADER))
    found = Found()
    for place, name in enumerate(chosen):
        share = budget.share(name, chosen[place + 1 :])
        began = time.monotonic()
        load.end_section_at(began + share)
        _run(name, replace(bench, section=name, share=share), found)
        load.end_section_at(None)
        budget.taken.append((name, share, time.monotonic() - began))
        bench.done.append(name)
    told = {**conditions(bench, busy), "pace": f"{bench.pace:.2f}"}
    _close(found, told, budget, unquiet(busy))
    target.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(one.record(), ensure_ascii=False) for one in found.measures]
    times = {name: {"share": round(share, 1), "taken": round(took, 1)} for name, share, took in budget.taken}
    last = {"conditions": told, "seconds": times, "failed": found.failed, "status": found.status}
    target.write_text("\n".join([*lines, json.dumps(last, ensure_ascii=False)]) + "\n")
    print(f"# JSON\t{target}")
    return found.status


def _run(name: str, bench: Bench, found: Found) -> None:
    """One section; when it fails the others are measured all the same."""
    try:
        measures = importlib.import_module(SECTIONS[name]).run(bench)
    except (LaunchError, OSError, ValueError, LookupError, subprocess.SubprocessError) as error:
        found.failed[name] = str(error) or type(error).__name__
        print(f"{name}\t–\t–\t–\t–\t–\tmesurée\tFAIL", flush=True)
        return
    for one in measures:
        print(one.line(), flush=True)
    found.measures += measures


def _close(found: Found, told: dict[str, str], budget: Budget, warning: str) -> None:
    print("\n" + "\n".join(f"# {name}\t{value}" for name, value in told.items()))
    for name, share, took in budget.taken:
        print(f"# temps {name}\tprévu {share:.0f} s\tpris {took:.0f} s")
    print(f"# temps en tout\tprévu {budget.total:.0f} s\tpris {time.monotonic() - budget.began:.0f} s")
    if warning:
        print(warning)
    for name, reason in found.failed.items():
        print(f"# non mesurée : {name}\t{reason.splitlines()[0]}")
    judged = [one for one in found.measures if one.passed is not None]
    print(f"# buts\t{len(judged) - len(found.missed)} tenus sur {len(judged)}", *found.missed, sep="\t")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
