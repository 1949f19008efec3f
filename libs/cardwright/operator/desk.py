"""An operator's facts go the way of all facts: signed, onto the bus, judged by custody."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from uuid_utils.compat import uuid7

from cardwright.bus import Outbound, Producer
from cardwright.bus.message import headers
from cardwright.bus.topics import facts
from cardwright.card import Body, Verb
from cardwright.card.events import Command, LotIssued, LotReceived
from cardwright.driver.connection import DeviceConnection
from cardwright.hsm.client import GrpcSecurityModule
from cardwright.secret import SecretText
from cardwright.station.signing import FactSigner, Statement

__all__ = ["FORM_MATERIAL", "Operator", "load_forms", "load_hopper", "open_operator"]

FORM_MATERIAL = "pin-mailer"
"""What stock calls the numbered forms of PIN mailers."""

_ACTOR = "operator"


@dataclass(frozen=True, slots=True)
class Operator:
    """Signs with the operator's key and sends on the express lane: people wait for the effect."""

    signer: FactSigner
    producer: Producer
    site: str

    async def command(self, card_ids: Sequence[str], verb: Verb, reason: str) -> list[str]:
        """Command something of cards; returns the facts' ids. Custody may refuse a command."""
        return await self._state([(card_id, Command(verb, reason)) for card_id in card_ids])

    async def receive_lot(self, lot: str, material: str, quantity: int) -> str:
        """Record blanks that were counted in; returns the lot's stream."""
        stream = str(uuid7())
        await self._state([(stream, LotReceived(lot, material, quantity))])
        return stream

    async def issue_lot(self, stream: str, lot: str, device: str, quantity: int) -> None:
        """Record blanks that were loaded into a device."""
        await self._state([(stream, LotIssued(lot, device, quantity))])

    async def _state(self, bodies: Sequence[tuple[str, Body]]) -> list[str]:
        ids = [str(uuid7()) for _ in bodies]
        statements = [
            Statement(fact_id, stream, "", body)
            for fact_id, (stream, body) in zip(ids, bodies, strict=True)
        ]
        source = f"{_ACTOR}.{self.site}"
        await self.producer.send(
            Outbound(
                facts(express=True),
                statement.stream_id,
                message,
                headers("cardwright.fact.v1", source, statement.fact_id),
            )
            for statement, message in zip(
                statements, await self.signer.sign(statements), strict=True
            )
        )
        return ids


async def load_hopper(
    host: str, port: int, lot: str, first: int, count: int, material: str, *, stripe: str
) -> None:
    """Put blanks into a printer's hopper, as a person does; each has its lot's serial number.

    Args:
        host: The printer's host.
        port: Its port.
        lot: The lot's number: serials are ``<lot>-00001`` and so on.
        first: Number of the first blank.
        count: How many.
        material: What they are made of.
        stripe: ``hico``, ``loco`` or ``none``.
    """
    serials = [f"{lot}-{number:05d}" for number in range(first, first + count)]
    async with DeviceConnection(host, port) as printer:
        await printer.ask("LOAD", material=material, serials=serials, chip=True, stripe=stripe)


async def load_forms(host: str, port: int, lot: str, count: int) -> None:
    """Put numbered forms into a PIN mailer printer; each has its lot's serial number."""
    serials = [f"{lot}-{number:05d}" for number in range(1, count + 1)]
    async with DeviceConnection(host, port) as mailer:
        await mailer.ask("LOAD", serials=serials)


@contextlib.asynccontextmanager
async def open_operator(
    bootstrap: str, hsm: str, token: SecretText, site: str
) -> AsyncIterator[Operator]:
    """Open an operator's place of work."""
    async with (
        GrpcSecurityModule(hsm, token) as module,
        Producer(bootstrap, client_id=f"{_ACTOR}.{site}") as producer,
    ):
        yield Operator(FactSigner(module, _ACTOR, site), producer, site)
