"""card show, watch, custody; hold, release, revoke, remake, erase."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp

from cardwright.card import Verb
from cardwright.cli.context import AsJson, State, console, operator_of, query_of, run, show, table
from cardwright.proto.query.v1 import query_pb2 as pb

app = typer.Typer(no_args_is_help=True, help="One card: status, timeline, custody, commands.")

CardId = Annotated[str, typer.Argument(help="card id, or issuer:request_id")]
Reason = Annotated[str, typer.Option(help="why: a code or a few words, no personal data")]


@app.command("show")
def show_card(card_id: CardId, state: State, *, as_json: AsJson = False) -> None:
    """Show where a card is, and its timeline."""
    card, record = run(_fetch(state, card_id))
    fields = MessageToDict(card, preserving_proto_field_name=True)
    entries = [_entry(entry) for entry in record.entries]
    if as_json:
        show({**fields, "timeline": entries}, as_json=True)
        return
    console.print(table(f"Card {card.card_id}", ("", ""), list(fields.items())))
    console.print(_timeline(entries))


@app.command()
def watch(
    state: State,
    card_id: Annotated[str, typer.Option("--card", help="only this card")] = "",
    issuer: Annotated[str, typer.Option(help="only this issuer's cards")] = "",
    resume: Annotated[str, typer.Option(help='token to go on from; "0" from the beginning')] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """Follow cards as their events are recorded."""
    run(_watch(state, card_id, issuer, resume, as_json=as_json))


@app.command()
def custody(card_id: CardId, state: State, *, as_json: AsJson = False) -> None:
    """Show the custody record: who signed what, chained by hash."""
    _, record = run(_fetch(state, card_id))
    entries = [_entry(entry) for entry in record.entries]
    rows = [
        (
            e["sequence"],
            _clock(e["at"]),
            e["kind"],
            e["signer"].removeprefix("sign/"),
            e["hash"][:12],
        )
        for e in entries
    ]
    columns = ("#", "UTC", "event", "signed by", "hash")
    show(entries, as_json=as_json, text=table("Custody", columns, rows))


@app.command()
def hold(card_id: CardId, state: State, reason: Reason = "operator") -> None:
    """Stop a card before its next step."""
    run(_command(state, card_id, Verb.HOLD, reason))


@app.command()
def release(card_id: CardId, state: State, reason: Reason = "operator") -> None:
    """Let a held or parked card go on."""
    run(_command(state, card_id, Verb.RELEASE, reason))


@app.command()
def revoke(card_id: CardId, state: State, reason: Reason = "operator") -> None:
    """See that a card never leaves: what exists of it is destroyed."""
    run(_command(state, card_id, Verb.REVOKE, reason))


@app.command()
def remake(card_id: CardId, state: State, reason: Reason = "operator") -> None:
    """Destroy a quarantined card's blank and make another."""
    run(_command(state, card_id, Verb.REMAKE, reason))


@app.command()
def erase(card_id: CardId, state: State, reason: Reason = "request") -> None:
    """Destroy what the vault holds of a card at its end; its custody record stays."""
    run(_command(state, card_id, Verb.ERASE, reason))


async def _fetch(state: Path, card_id: str) -> tuple[pb.Card, pb.GetCustodyResponse]:
    async with query_of(state) as query:
        card = await query.get(card_id)
        return card, await query.custody(card.card_id)


async def _watch(state: Path, card_id: str, issuer: str, resume: str, *, as_json: bool) -> None:
    async with query_of(state) as query:
        async for change in query.watch(resume_token=resume, issuer=issuer, card_id=card_id):
            card = change.card
            line = (
                f"{_at(card.updated_at)}  {card.card_id}  {change.event:<20} "
                f"{pb.CardState.Name(card.state).removeprefix('CARD_STATE_').lower()}"
            )
            if as_json:
                show(MessageToDict(change, preserving_proto_field_name=True), as_json=True)
            else:
                console.print(line)


async def _command(state: Path, card_id: str, verb: Verb, reason: str) -> None:
    async with query_of(state) as query, operator_of(state) as operator:
        card = await query.get(card_id)
        await operator.command([card.card_id], verb, reason)
    console.print(f"{verb.name.lower()} is on its way; `cardwright card show {card_id}` tells")


def _entry(entry: pb.CustodyEntry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "at": _at(entry.recorded_at),
        "kind": entry.kind,
        "signer": entry.signer,
        "detail": entry.detail,
        "hash": entry.hash.hex(),
    }


def _timeline(entries: list[dict[str, Any]]) -> Any:
    rows = []
    before: datetime | None = None
    for entry in entries:
        at = datetime.fromisoformat(entry["at"])
        gap = f"+{(at - before).total_seconds():.3f} s" if before else ""
        detail = entry["detail"].replace("; ", "\n")
        rows.append((entry["sequence"], _clock(entry["at"]), gap, entry["kind"], detail))
        before = at
    return table("Timeline", ("#", "UTC", "after", "event", "detail"), rows)


def _clock(instant: str) -> str:
    """Return the time of day of an ISO instant: the card's date stands above."""
    return instant[11:23]


def _at(stamp: Timestamp) -> str:
    return stamp.ToDatetime(UTC).isoformat(timespec="milliseconds")
