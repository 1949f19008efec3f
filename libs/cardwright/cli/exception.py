"""exception list, resolve."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from google.protobuf.json_format import MessageToDict

from cardwright.card import Verb
from cardwright.cli.context import AsJson, State, console, operator_of, query_of, run, show, table
from cardwright.proto.query.v1 import query_pb2 as pb

app = typer.Typer(no_args_is_help=True, help="Cards that a person must decide about.")


class Decision(StrEnum):
    """What can be decided."""

    CONTINUE = "continue"
    REFUSE = "refuse"


@app.command("list")
def list_cases(state: State, *, as_json: AsJson = False) -> None:
    """List the cards before an operator: exceptions, quarantine, parked."""
    cards = run(_cases(state))
    rows = [(c.card_id, pb.CardState.Name(c.state)[11:].lower(), c.code, c.product) for c in cards]
    columns = ("card", "state", "code", "product")
    found = [MessageToDict(card, preserving_proto_field_name=True) for card in cards]
    show(found, as_json=as_json, text=table(f"{len(rows)} cards wait", columns, rows))


@app.command()
def resolve(
    card_id: Annotated[str, typer.Argument(help="card id, or issuer:request_id")],
    decision: Annotated[Decision, typer.Argument(help="continue waives the anomaly")],
    state: State,
    reason: Annotated[str, typer.Option(help="why, without personal data")] = "operator",
) -> None:
    """Decide an exception case."""
    run(_resolve(state, card_id, decision, reason))


async def _cases(state: Path) -> list[pb.Card]:
    found: list[pb.Card] = []
    states = (pb.CARD_STATE_EXCEPTION, pb.CARD_STATE_QUARANTINED, pb.CARD_STATE_PARKED)
    async with query_of(state) as query:
        for wanted in states:
            found += [card async for card in query.list(state=wanted)]
    return found


async def _resolve(state: Path, card_id: str, decision: Decision, reason: str) -> None:
    verb = Verb.WAIVE if decision is Decision.CONTINUE else Verb.REFUSE
    async with query_of(state) as query, operator_of(state) as operator:
        card = await query.get(card_id)
        await operator.command([card.card_id], verb, reason)
    console.print(f"{decision} is on its way; `cardwright card show {card_id}` tells")
