"""``make fuzz``: each target in turn, guided by coverage; a table at the end, 1 for a finding."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.all_targets import TARGETS
from tests.fuzz.mutate import inputs

SHARES = {
    "tlv": 20, "chip-tlv": 10, "apdu": 20, "dgi": 10, "answers": 5, "keyblock": 3, "stripe": 2,
    "frame": 3, "tr34": 1, "wiegand": 1, "card": 12, "secured": 5, "payment": 5, "terminal": 2,
    "contactless": 1,
}  # fmt: skip
"""Hundredths of the inputs that each target gets: the quick ones more."""

_LONGEST = 2048


@dataclass(frozen=True)
class Run:
    """What became of one target.

    Attributes:
        edges: branches of the code that were reached, 0 where nothing counts them.
        finding: the input that broke it, in hexadecimal; empty for none.
    """

    target: str
    inputs: int
    seed: int
    seconds: float
    edges: int
    finding: str


def guided(name: str, runs: int, seed: int, folder: Path) -> Run:
    """Fuzz one target with atheris, in a process of its own."""
    corpus, found = folder / name / "corpus", folder / name / "found"
    for each in (corpus, found):
        each.mkdir(parents=True)
    for number, data in enumerate(TARGETS[name].seeds()):
        (corpus / f"seed-{number}").write_bytes(data)
    command = [
        sys.executable, "-m", "tests.fuzz.guided", name, f"-atheris_runs={runs}", f"-runs={runs}",
        f"-seed={seed}", f"-max_len={_LONGEST}", "-timeout=20", "-rss_limit_mb=2048",
        f"-artifact_prefix={found}/", str(corpus),
    ]  # fmt: skip
    begun = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - begun
    broken = sorted(found.iterdir())
    if done.returncode and not broken:
        sys.exit(f"{name}: the fuzzer itself failed\n{done.stderr[-2000:]}")
    if broken:
        print(done.stderr[-3000:], file=sys.stderr)
    counts = re.findall(r"#(\d+)\s+(?:DONE|NEW|REDUCE|pulse|INITED)\s+cov: (\d+)", done.stderr)
    last, edges = counts[-1] if counts else ("0", "0")
    ended = re.search(r"Done (\d+) ", done.stderr)
    return Run(
        name,
        int(ended[1]) if ended else int(last),
        seed,
        round(seconds, 1),
        int(edges),
        broken[0].read_bytes().hex() if broken else "",
    )


def by_chance(name: str, runs: int, seed: int) -> Run:
    """Fuzz one target here, by mutations alone."""
    target, begun, count = TARGETS[name], time.monotonic(), 0
    for data in inputs(target.seeds(), runs, seed):
        count += 1
        try:
            target.run(data)
        except Exception:
            print(f"{name}: {data.hex()}", file=sys.stderr)
            raise
    return Run(name, count, seed, round(time.monotonic() - begun, 1), 0, "")


def main() -> None:
    """Parse the arguments and fuzz."""
    options = _arguments()
    kept = []
    with tempfile.TemporaryDirectory(prefix="cardwright-fuzz-") as folder:
        for name in options.targets or TARGETS:
            runs = max(1, options.runs * SHARES[name] // 100) if not options.each else options.runs
            if options.guide:
                run = guided(name, runs, options.seed, Path(folder))
            else:
                run = by_chance(name, runs, options.seed)
            kept.append(run)
            if not options.json:
                _show(run)
    if options.json:
        print(json.dumps([asdict(run) for run in kept], indent=1))
    elif len(kept) > 1:
        total, seconds = sum(run.inputs for run in kept), sum(run.seconds for run in kept)
        print(f"{'all':<12} {total:>9,} inputs {seconds:>8.1f} s")
    sys.exit(any(run.finding for run in kept))


def _show(run: Run) -> None:
    result = f"BROKEN BY {run.finding}" if run.finding else "nothing found"
    edges = f"{run.edges:>6,} edges" if run.edges else ""
    print(
        f"{run.target:<12} {run.inputs:>9,} inputs {run.seconds:>8.1f} s  seed {run.seed} "
        f"{edges}  {result}",
        flush=True,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--runs", type=int, default=1_000_000, help="inputs, of all targets")
    parser.add_argument("--each", action="store_true", help="so many inputs for each target")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same beginning")
    parser.add_argument(
        "--guide",
        action=argparse.BooleanOptionalAction,
        default=find_spec("atheris") is not None,
        help="by coverage, with atheris; else by mutations alone",
    )
    parser.add_argument("--json", action="store_true", help="the runs as JSON")
    options = parser.parse_args()
    unknown = set(options.targets) - TARGETS.keys()
    if unknown:
        parser.error(f"no target is called {', '.join(sorted(unknown))}")
    return options


if __name__ == "__main__":
    main()
