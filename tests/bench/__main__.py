"""``make bench``: measure the line on each stack, print figures and ratios, assert nothing."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from cardwright.localstack.choose import Stack, detect_test_stacks
from services.keymanagement.module.provision import PKCS11
from tests.bench.bench_line import BATCH_ONLY, TRACE_RATIO, bench_line
from tests.bench.chips import personalize
from tests.bench.chips_pcsc import missing, personalize_by_pcsc
from tests.bench.custody_alone import custody_alone
from tests.bench.keys import BACKENDS, card_keys
from tests.bench.lower_bound import lower_bound
from tests.bench.report import Result, show
from tests.bench.scenarios import express_cards, idle, throughput
from tests.support import softhsm

PARTS = ("chips", "keys", "bare", "full", "custody")
_PCSC = (
    ("chips by PC/SC, one reader, as fast as software", 1, 0.0),
    ("chips by PC/SC, one reader, 5 ms a command as silicon takes", 1, 0.005),
    ("chips by PC/SC, two readers, 5 ms a command", 2, 0.005),
)
_PCSC_CARDS = 10
_IDLE_SECONDS = 10.0
# A line that has just come up, or just made a batch, is not at rest yet: not a thing to measure.
_SETTLE_SECONDS = 2

_CHIPS = (
    ("chips, as a line makes them", 0x03, 255),
    ("chips, in short commands", 0x03, 96),
    ("chips, short commands, R-MAC and R-ENC", 0x33, 96),
)
"""What, security level, octets of a command's data: short ones make about thirty STORE DATA."""

_MOST_PAIRS = 500  # whose making takes most of the time

Keep = Callable[[str, Result], None]


async def measure(stack: Stack, options: argparse.Namespace, keep: Keep) -> None:
    """Measure what was asked for on one stack."""
    if "bare" in options.only:
        await _line(stack, options, keep, bare=True)
    if "full" in options.only:
        await _line(stack, options, keep, bare=False)
    if "custody" in options.only:
        async with bench_line(stack, BATCH_ONLY, 0) as line:
            keep("custody alone", await custody_alone(line, options.cards))


async def _line(stack: Stack, options: argparse.Namespace, keep: Keep, *, bare: bool) -> None:
    what = "rendering and chip off" if bare else "rendering and chip on"
    # Stock for the measured batch, the load behind express cards, and the express cards.
    stock = 2 * options.cards + 2 * options.express
    async with bench_line(stack, BATCH_ONLY if bare else {}, stock) as line:
        await asyncio.sleep(_SETTLE_SECONDS)
        keep(f"{what}, idle", await idle(line, _IDLE_SECONDS))
        keep(f"{what}, express, idle line", await express_cards(line, options.express, "idle"))
        flow = await throughput(line, options.cards)
        keep(what, flow)
        if bare:
            await asyncio.sleep(_SETTLE_SECONDS)
            bound = await lower_bound(line)
            keep("lower bound", bound)
            ratio = flow.cpu_ms_a_card / bound.total_ms
            print(f"the line costs {ratio:.1f} times its lower bound")
        async with line.issuer() as issuer:
            await issuer.submit(line.messages(options.cards, "behind"))
        count = max(5, options.express // 5)
        keep(f"{what}, express, under batch load", await express_cards(line, count, "loaded"))


def chips(cards: int) -> list[dict[str, Any]]:
    """Personalize chips in this process, which needs no stack."""
    kept = []
    for what, level, longest in _CHIPS:
        result = personalize(cards, level, longest)
        kept.append({"stack": "", "what": what, **asdict(result)})
        show(what, result)
    if reason := missing():
        print(f"chips by PC/SC: not on this machine: {reason}")
        return kept
    for what, slots, pace in _PCSC:
        by_pcsc = personalize_by_pcsc(_PCSC_CARDS, slots, pace)
        kept.append({"stack": "", "what": what, **asdict(by_pcsc), "share": by_pcsc.share})
        show(what, by_pcsc)
    return kept


def keys(cards: int) -> list[dict[str, Any]]:
    """Do the key work of cards in this process, on each backend that this machine has."""
    kept = []
    for backend in BACKENDS:
        what = f"keys, {backend}"
        if backend == PKCS11 and (reason := softhsm.missing()):
            print(f"{what}: not on this machine: {reason}")
            continue
        result = card_keys(backend, cards)
        kept.append({"stack": "", "what": what, **asdict(result)})
        show(what, result)
    return kept


def main() -> None:
    """Parse the arguments and measure."""
    options = _arguments()
    detected = detect_test_stacks()
    wanted = [Stack.EMBEDDED, Stack.KAFKA] if options.stack == "both" else [Stack(options.stack)]
    kept: list[dict[str, Any]] = []
    if "chips" in options.only:
        kept += chips(options.cards)
    if "keys" in options.only:
        kept += keys(min(options.cards, _MOST_PAIRS))
    for stack in wanted if {"bare", "full", "custody"} & set(options.only) else ():
        if stack not in detected.available:
            print(f"{stack}: not on this machine: {dict(detected.missing).get(stack, '')}")
            continue
        print(f"== {stack}, {os.cpu_count()} processors, {TRACE_RATIO} of the cards traced ==")

        def keep(title: str, result: Result, stack: Stack = stack) -> None:
            kept.append({"stack": stack, "what": title, **asdict(result)})
            show(title, result)

        asyncio.run(measure(stack, options, keep))
    if options.json:
        print(json.dumps(kept, indent=1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--cards", type=int, default=2000, help="of the measured batch")
    parser.add_argument("--express", type=int, default=100, help="express cards on an idle line")
    parser.add_argument("--stack", choices=("embedded", "kafka", "both"), default="both")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--json", action="store_true", help="print all figures as JSON at the end")
    return parser.parse_args()


if __name__ == "__main__":
    main()
