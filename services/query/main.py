"""Wires the query service: two projections, the topic, the gRPC server."""

from __future__ import annotations

import contextlib
import logging
from functools import partial

from cardwright.rpc.server import grpc_server
from cardwright.settings import Settings
from cardwright.station.faults import PASSING, until_it_passes
from cardwright.station.runtime import run_service
from services.query.adapters.control import Control
from services.query.adapters.grpc_api import SERVICE, register
from services.query.adapters.store import Store, open_store
from services.query.serving import NAME, Keeper, Projection

__all__ = ["main", "serve"]

_log = logging.getLogger(__name__)


async def serve(settings: Settings) -> None:
    """Serve until cancelled. The bound port is written to ``query.port`` in the state folder."""
    async with contextlib.AsyncExitStack() as stack:
        stores = [await _open(settings, slot, stack) for slot in (0, 1)]
        control = Control(stores[0].pool)
        asked = await until_it_passes(NAME, control.read)
        projections = (Projection.over(stores[0]), Projection.over(stores[1]))
        # Before anyone asks what is new, it must be known what is old.
        await until_it_passes(NAME, projections[asked.serving].projector.start)
        keeper = Keeper(projections, asked.serving, control, settings.kafka)
        server = grpc_server(
            settings.listen, partial(register, keeper.view), (SERVICE,), passing=PASSING
        )
        port = await stack.enter_async_context(server)
        port_file = settings.state / f"{NAME}.port"
        port_file.write_text(f"{port}\n")
        stack.callback(port_file.unlink, missing_ok=True)
        _log.info("query serves on port %d", port)
        await keeper.run()


async def _open(settings: Settings, slot: int, stack: contextlib.AsyncExitStack) -> Store:
    dsn = settings.require("database").reveal()
    store = await until_it_passes(NAME, open_store, dsn, slot)
    stack.push_async_callback(store.close)
    return store


def main() -> None:
    """Run until told to stop."""
    run_service(NAME, serve)
