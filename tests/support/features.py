"""`bin/test --features`: which rows of the checklist the last full run proved."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LIST = ROOT / "tests" / "features.csv"
LAST_RUN = ROOT / "var" / "features-last-run.json"
# The twelve contradictions between the guides, settled: tests may name them, they are no rows.
CONTRADICTIONS = frozenset(f"C{number}" for number in range(1, 13))


def rows() -> dict[str, tuple[str, str]]:
    """Kind and short title of each row, by id, in the checklist's order."""
    with LIST.open(encoding="utf-8", newline="") as file:
        return {row["id"]: (row["kind"], row["what"]) for row in csv.DictReader(file, delimiter=";")}


def proved(last_run: Path = LAST_RUN) -> set[str]:
    """Rows with a test that passed and none that failed. Empty when nothing was ever run."""
    if not last_run.exists():
        return set()
    content = json.loads(last_run.read_text())
    return set(content["feature"]["passed"])


def report(last_run: Path = LAST_RUN) -> list[str]:
    known, done = rows(), proved(last_run)
    missing = [f"{row}\t{kind}\t{what}" for row, (kind, what) in known.items() if row not in done]
    return [f"{len(known) - len(missing)} / {len(known)}", *missing]


def main() -> int:
    if not LAST_RUN.exists():
        print("Aucun passage complet de bin/test n'a encore été enregistré.", file=sys.stderr)
    print("\n".join(report()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
