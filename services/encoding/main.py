"""Wires the encoding station: the vault, the module's scripts, the encoders."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import partial

from cardwright.card import Operation
from cardwright.driver import parse_addresses
from cardwright.station.runtime import Parts, StationSpec, open_vault, run_station
from services.encoding.adapters.attempts import PostgresAttempts
from services.encoding.adapters.encoder import Encoder
from services.encoding.adapters.headbook import HeadBook
from services.encoding.adapters.heads import HeadRules
from services.encoding.adapters.readerwatch import Watched, watch_readers
from services.encoding.adapters.scripts import Scripts
from services.encoding.adapters.settings import EncodingSettings
from services.encoding.adapters.ways import ChipWay, PcscWay, parse_readers, parse_stripes
from services.encoding.handlers import EncodeBench, Preparation
from services.encoding.procedure import Personalizer

__all__ = ["main"]


async def wire(parts: Parts, stack: contextlib.AsyncExitStack) -> StationSpec:
    """Build the bench."""
    own = EncodingSettings.from_environment()
    preparation = Preparation(await open_vault(parts, stack), chip=own.chip == "on")
    personalizer = Personalizer(
        Scripts(parts.module), PostgresAttempts(parts.pool), most=own.chip_attempts
    )
    book = HeadBook(parts.settings.state / "stations" / f"{parts.source}.json")
    stack.push_async_callback(book.close)
    rules = HeadRules(own.heads, own.head_failures, book=book)
    readers, stripes = parse_readers(own.readers), parse_stripes(own.stripes)
    encoders = [
        Encoder(
            address,
            rules,
            personalizer,
            preparation,
            readers.get(address.name),
            stripes.get(address.name),
        )
        for address in parse_addresses(parts.settings.devices)
    ]
    for encoder in encoders:
        stack.push_async_callback(encoder.close)
    await stack.enter_async_context(watch_readers(_watched(encoders, readers)))
    return StationSpec(benches={Operation.ENCODE: EncodeBench(preparation, encoders)})


def _watched(
    encoders: Sequence[Encoder], readers: Mapping[str, Mapping[int, ChipWay]]
) -> list[Watched]:
    """Pair each PC/SC reader with the head that it is wired to."""
    return [
        Watched(way, partial(encoder.heads.found, number), partial(encoder.heads.lost, number))
        for encoder in encoders
        for number, way in readers.get(encoder.name, {}).items()
        if isinstance(way, PcscWay) and number < encoder.depth
    ]


def main() -> None:
    """Run the station until it is told to stop."""
    run_station("encoding", wire)
