"""``make test``: checks first, then the unit tests, then everything that needs a stack.

It ends with what could not be run on this machine, and why. With ``--strict`` (CI) that is a
failure.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from cardwright.localstack.choose import Stack, detect_test_stacks

ROOT = Path(__file__).resolve().parent.parent
WANTED = (Stack.EMBEDDED, Stack.KAFKA)


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the suite."""

    name: str
    command: tuple[str, ...]


def steps() -> list[Step]:
    """Return the suite's steps in order, the quick ones first."""
    pytest = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    return [
        Step("checks", ("make", "--no-print-directory", "lint")),
        Step("unit tests", (*pytest, "tests/unit")),
        Step("integration tests", (*pytest, "tests/integration")),
        Step("end-to-end tests", (*pytest, "tests/e2e")),
        Step("chaos tests", (*pytest, "tests/chaos")),
    ]


def missing() -> list[str]:
    """Return what of the wanted stacks can't run here, with the reason."""
    detected = detect_test_stacks()
    return [f"{stack}: {reason}" for stack, reason in detected.missing if stack in WANTED]


def main() -> int:
    """Run the steps; the exit status is that of the first that failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strict", action="store_true", help="fail if anything could not be run")
    options = parser.parse_args()
    not_run = missing()
    for step in steps():
        print(f"== {step.name}", flush=True)
        began = time.monotonic()
        done = subprocess.run(step.command, cwd=ROOT, check=False)
        print(f"== {step.name}: {time.monotonic() - began:.0f} s", flush=True)
        if done.returncode != 0:
            return done.returncode
    print("\nNot run on this machine:" if not_run else "\nEverything was run on this machine.")
    for line in not_run:
        print(f"  {line}")
    return 1 if not_run and options.strict else 0


if __name__ == "__main__":
    raise SystemExit(main())
