"""``make test``: checks first, then the unit tests, then everything that needs a stack.

It ends with what could not be run on this machine, and why: stacks, and each test that was skipped,
such as those of card readers where ``make test-tools`` was not run. With ``--strict`` (CI) that is
a failure.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from cardwright.localstack.choose import Stack, detect_test_stacks

ROOT = Path(__file__).resolve().parent.parent
WANTED = (Stack.EMBEDDED, Stack.KAFKA)


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the suite."""

    name: str
    command: tuple[str, ...]


def steps(reports: Path) -> list[Step]:
    """Return the suite's steps in order, the quick ones first.

    Args:
        reports: the folder where pytest is to tell what it ran.
    """

    def pytest(area: str) -> tuple[str, ...]:
        report = f"--junitxml={reports / area}.xml"
        return (
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            report,
            f"tests/{area}",
        )

    return [
        Step("checks", ("make", "--no-print-directory", "lint")),
        Step("unit tests", pytest("unit")),
        Step("integration tests", pytest("integration")),
        Step("end-to-end tests", pytest("e2e")),
        Step("chaos tests", pytest("chaos")),
    ]


def missing() -> list[str]:
    """Return what of the wanted stacks can't run here, with the reason."""
    detected = detect_test_stacks()
    return [f"{stack}: {reason}" for stack, reason in detected.missing if stack in WANTED]


def skipped(reports: Path) -> list[str]:
    """Return why tests were skipped, and how many for each reason."""
    reasons = Counter(
        (report.stem, skip.get("message", "without a reason"))
        for report in sorted(reports.glob("*.xml"))
        for skip in ET.parse(report).iter("skipped")
        if skip.get("type") == "pytest.skip"
    )
    return [f"{count} {area} tests: {reason}" for (area, reason), count in reasons.items()]


def run(step: Step) -> int:
    """Run a step and tell how long it took; its exit status."""
    print(f"== {step.name}", flush=True)
    began = time.monotonic()
    done = subprocess.run(step.command, cwd=ROOT, check=False)
    print(f"== {step.name}: {time.monotonic() - began:.0f} s", flush=True)
    return done.returncode


def main() -> int:
    """Run the steps; the exit status is that of the first that failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strict", action="store_true", help="fail if anything could not be run")
    options = parser.parse_args()
    not_run = missing()
    with tempfile.TemporaryDirectory() as folder:
        for step in steps(Path(folder)):
            if status := run(step):
                return status
        not_run += skipped(Path(folder))
    print("\nNot run on this machine:" if not_run else "\nEverything was run on this machine.")
    for line in not_run:
        print(f"  {line}")
    return 1 if not_run and options.strict else 0


if __name__ == "__main__":
    raise SystemExit(main())
