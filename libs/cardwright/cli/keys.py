"""keys: the security module's console, and what a compromise means for cards."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer

from cardwright.audit.affected import Affected, affected_by
from cardwright.card import Card, Verb
from cardwright.cli.context import (
    State,
    bootstrap_of,
    console,
    layout_of,
    operator_of,
    run,
    show,
    table,
)
from cardwright.line.auditor import evidence_of
from cardwright.line.layout import Layout, repository

__all__ = ["AS_TYPED", "keys"]

AS_TYPED: Final = {"allow_extra_args": True, "ignore_unknown_options": True}
"""The words belong to the console: they pass as they are."""

_TEST_CUSTODIANS: Final = "--test-custodians"
_REASON: Final = "key compromised"
_WITHIN_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.5
# Stations send a fact again after five seconds: what was derived just before is known by then.
_LATE_FACTS_S: Final = 6.0
_MAY_COMPROMISE: Final = frozenset({"compromise", "approve"})

_HELP: Final = """List keys, and change them in ceremonies: `keys --help` shows all commands.

affected KEY: which cards a key has a part in. compromise KEY: after the ceremony, hold at once the
cards that have not left, and list those to be issued anew. --test-custodians: take the passphrases
of a test line's custodians from its folder, instead of asking.
"""


def keys(context: typer.Context, state: State) -> None:
    """Run the console's command; see ``_HELP``."""
    words = list(context.args)
    command = next((word for word in words if not word.startswith("-")), "")
    if command == "affected":
        _affected(state, _key_of(words, command), as_json="--json" in words)
        return
    captured = command in _MAY_COMPROMISE and not {"--help", "-h"}.intersection(words)
    said = _console(state, words, captured=captured)
    if said.returncode:
        raise typer.Exit(said.returncode)
    if captured:
        done = json.loads(said.stdout)
        if done.get("state") == "compromised":
            _hold(state, done["key"], as_json="--json" in words)
        else:
            show(done, as_json="--json" in words)


keys.__doc__ = _HELP


def _key_of(words: list[str], command: str) -> str:
    after = words[words.index(command) + 1 :]
    found = next((word for word in after if not word.startswith("-")), "")
    if "#" not in found:
        sys.stderr.write("KEY_UNKNOWN: name a key with its version, e.g. acme/IMK-AC#1\n")
        raise typer.Exit(2)
    return found


def _console(state: Path, words: list[str], *, captured: bool) -> subprocess.CompletedProcess[str]:
    """Have the module's own program do it: nobody else opens its keys."""
    folder = Layout(state).keys.resolve()
    place = ["--keys", str(folder)]
    if _TEST_CUSTODIANS in words:
        words = [word for word in words if word != _TEST_CUSTODIANS]
        place += ["--passphrases", str(folder / "custodians")]
    if captured and "--json" not in words:
        words = [*words, "--json"]
    return subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-m", "services.keymanagement.module", "console", *place, *words],
        cwd=repository(),
        check=False,
        stdout=subprocess.PIPE if captured else None,
        text=True,
    )


def _affected(state: Path, key_id: str, *, as_json: bool) -> None:
    found = run(_read(layout_of(state), key_id))
    _tell(state, _listed(found, [], []), as_json=as_json, write=False)


def _hold(state: Path, key_id: str, *, as_json: bool) -> None:
    held = run(_hold_all(state, key_id))
    listed = _listed(held.found, held.held, held.missed)
    _tell(state, listed, as_json=as_json, write=True)
    if held.missed:
        sys.stderr.write("CARDS_NOT_HELD: some cards were not held: hold them by hand\n")
        raise typer.Exit(1)


@dataclass(slots=True)
class _Held:
    """What became of the cards: those that stand still, and those that should and do not."""

    found: Affected
    held: list[Card]
    missed: list[Card]


async def _hold_all(state: Path, key_id: str) -> _Held:
    """Hold what has not left, until the log has the key's compromise and every card stands still.

    The module uses the key no more. A card for which it did a moment before shows in the log a
    little later, and is looked for until facts of that time have arrived.
    """
    layout = layout_of(state)
    asked: set[str] = set()
    clock = asyncio.get_running_loop().time
    deadline, settled = clock() + _WITHIN_S, clock() + _LATE_FACTS_S
    async with operator_of(state) as operator:
        while True:
            found = await _read(layout, key_id)
            moving = [card for card in found.here if not _stands(card)]
            new = [card.card_id for card in moving if card.card_id not in asked]
            if new:
                await operator.command(new, Verb.HOLD, _REASON)
                asked.update(new)
            if clock() > deadline or (found.compromised and not moving and clock() > settled):
                return _Held(found, [card for card in found.here if _stands(card)], moving)
            await asyncio.sleep(_LOOK_EVERY_S)


def _stands(card: Card) -> bool:
    """Whether a card goes nowhere but to destruction."""
    return card.held or card.revoking


async def _read(layout: Layout, key_id: str) -> Affected:
    evidence = await evidence_of(layout, bootstrap_of(layout))
    return await affected_by(key_id, evidence.log.rows())


def _listed(found: Affected, held: list[Card], missed: list[Card]) -> dict[str, Any]:
    return {
        "key": found.key_id,
        "cards": [_described(card) for card in found.cards],
        "held": [card.card_id for card in held],
        "not_held": [card.card_id for card in missed],
        "reissue": [card.card_id for card in (*found.gone, *found.here)],
    }


def _described(card: Card) -> dict[str, str]:
    return {
        "card_id": card.card_id,
        "issuer": card.issuer,
        "request_id": card.request_id,
        "product": card.product,
        "status": card.status.name.lower(),
    }


def _tell(state: Path, listed: dict[str, Any], *, as_json: bool, write: bool) -> None:
    if write:
        path = Layout(state).output / "compromised" / f"{listed['key'].replace('/', '-')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(listed, indent=1))
    if as_json:
        show(listed, as_json=True)
        return
    rows = [tuple(card.values()) for card in listed["cards"]]
    columns = ("card", "issuer", "request", "product", "status")
    console.print(table(f"{len(rows)} cards of {listed['key']}", columns, rows))
    console.print(f"held {len(listed['held'])}, to be issued anew {len(listed['reissue'])}")
