"""Runs the demonstration on a line that is up: submit, follow, decide as an operator would."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from aiokafka import AIOKafkaConsumer, TopicPartition
from joserfc.jwk import ECKey

from cardwright.bus.pacing import pace_empty_fetches
from cardwright.bus.topics import DEAD_LETTERS
from cardwright.card import Verb
from cardwright.demo.requests import ExampleRequest, example_requests
from cardwright.demo.tally import Tally
from cardwright.issuer.client import IssuerClient
from cardwright.issuer.keys import load_key
from cardwright.line.layout import Layout, repository
from cardwright.operator import Operator
from cardwright.proto.deadletter.v1.dead_letter_pb2 import DeadLetter
from cardwright.proto.outcome.v1 import outcome_pb2 as pb

__all__ = ["Run", "follow", "load_run", "open_issuers", "plan", "submit", "tally_of"]

Watch = Callable[[Tally, str], None]
_WAIVED = frozenset({"NAME_CHARACTER"})


@dataclass(slots=True)
class Run:
    """What is remembered of a run, so that an interrupted one can be resumed."""

    number: int
    submitted: bool = False
    finished: bool = False
    began: float = 0.0

    def save(self, layout: Layout) -> None:
        """Write it down."""
        (layout.root / "demo.json").write_text(json.dumps(asdict(self)))


def load_run(layout: Layout) -> Run:
    """Return the run to go on with: the interrupted one, or the next.

    A run that was interrupted while it submitted is not resumed, since nobody can tell what the
    bureau has of it: the next one asks for other cards.
    """
    path = layout.root / "demo.json"
    if not path.exists():
        return Run(1)
    last = Run(**json.loads(path.read_text()))
    resumable = last.submitted and not last.finished
    return last if resumable else Run(last.number + 1)


@contextlib.asynccontextmanager
async def open_issuers(
    layout: Layout, bootstrap: str, bureau: ECKey, issuers: list[str]
) -> AsyncIterator[dict[str, IssuerClient]]:
    """Open the example issuers' connections, with the keys they keep at home."""
    async with contextlib.AsyncExitStack() as stack:
        clients = {}
        for issuer in issuers:
            home: Path = layout.issuer_secrets
            client = IssuerClient(
                bootstrap,
                issuer,
                load_key(home / f"{issuer}.sign.jwk.json"),
                bureau,
                load_key(home / f"{issuer}.open.jwk.json"),
            )
            clients[issuer] = await stack.enter_async_context(client)
        yield clients


def plan(clients: dict[str, IssuerClient], run: Run) -> list[ExampleRequest]:
    """Build the run's messages."""
    sealers = {name: client.sealer for name, client in clients.items()}
    return list(example_requests(repository() / "examples", sealers, run.number))


def tally_of(planned: list[ExampleRequest]) -> Tally:
    """Return an empty tally of a run."""
    products = {item.message.key.decode(): item.product for item in planned}
    return Tally(products, len(planned), _mailing(repository() / "catalogue"))


def _mailing(catalogue: Path) -> frozenset[str]:
    """Return the products whose newest active version ends with the mailing of a PIN."""
    newest: dict[str, dict[str, Any]] = {}
    for path in catalogue.glob("products/*/v*.yaml"):
        version = yaml.safe_load(path.read_text())
        known = newest.get(version["name"], {"version": 0})
        if version.get("state", "active") == "active" and version["version"] > known["version"]:
            newest[version["name"]] = version
    return frozenset(name for name, version in newest.items() if "MAIL_PIN" in version["route"])


async def submit(
    clients: dict[str, IssuerClient], planned: list[ExampleRequest], run: Run, layout: Layout
) -> None:
    """Produce the messages, unless an interrupted run has done so."""
    if run.submitted:
        return
    run.began = datetime.now(UTC).timestamp()
    run.save(layout)
    for issuer, client in clients.items():
        await client.submit(item.message for item in planned if item.issuer == issuer)
    run.submitted = True
    run.save(layout)


async def follow(
    clients: dict[str, IssuerClient],
    bootstrap: str,
    operator: Operator,
    tally: Tally,
    run: Run,
    watch: Watch,
) -> None:
    """Read outcomes and dead letters until every request has come to its end."""
    readers = [_outcomes(client, operator, tally, watch) for client in clients.values()]
    tasks = [asyncio.create_task(r) for r in (*readers, _letters(bootstrap, tally, run, watch))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _outcomes(client: IssuerClient, operator: Operator, tally: Tally, watch: Watch) -> None:
    async for received in client.outcomes():
        outcome = received.outcome
        if not tally.outcome(outcome):
            continue
        watch(tally, await _decide(operator, outcome))
        if tally.finished:
            return


async def _decide(operator: Operator, outcome: pb.Outcome) -> str:
    """Do what the operator of the demonstration does; returns what to tell about it."""
    if outcome.kind == pb.OUTCOME_KIND_EXCEPTION:
        verb = Verb.WAIVE if outcome.code in _WAIVED else Verb.REFUSE
        await operator.command([outcome.card_id], verb, "demo")
        return f"operator: exception {outcome.code}, {verb.name.lower()}d"
    if outcome.kind == pb.OUTCOME_KIND_QUARANTINED:
        await operator.command([outcome.card_id], Verb.REMAKE, "demo")
        return f"operator: quarantine {outcome.code}, ordered another blank"
    return ""


async def _letters(bootstrap: str, tally: Tally, run: Run, watch: Watch) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    pace_empty_fetches(consumer, 0.05, held_open=0.5)
    await consumer.start()
    try:
        partition = TopicPartition(DEAD_LETTERS, 0)
        consumer.assign([partition])
        await consumer.seek_to_beginning(partition)
        async for record in consumer:
            letter = DeadLetter.FromString(record.value)
            if letter.topic.startswith("requests.") and letter.at.ToSeconds() >= int(run.began):
                tally.letter(f"{letter.topic}/{letter.partition}/{letter.offset}", letter.code)
                watch(tally, "")
            if tally.finished:
                return
    finally:
        await consumer.stop()
