"""A gRPC server with what every server here has: rich errors, health, reflection, a gentle end."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from grpc import aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from cardwright.rpc.interceptor import RichErrors

__all__ = ["grpc_server"]

_GRACE_S: Final = 2.0
_MAX_MESSAGE: Final = 16 * 1024 * 1024


@contextlib.asynccontextmanager
async def grpc_server(
    address: str,
    register: Callable[[aio.Server], None],
    services: Sequence[str],
    passing: tuple[type[Exception], ...] = (),
) -> AsyncIterator[int]:
    """Serve until the context is left; yields the port that was bound.

    On leaving, health turns to NOT_SERVING, calls get a grace of two seconds, and what is then
    still open (streams that watch) is cancelled.

    Args:
        address: host:port; port 0 lets the system choose.
        register: adds the servicers.
        services: full names of the services, for health and reflection.
        passing: errors that callers see as UNAVAILABLE.
    """
    server = aio.server(
        interceptors=(RichErrors(passing),),
        options=(
            ("grpc.max_send_message_length", _MAX_MESSAGE),
            ("grpc.so_reuseport", 0),  # two servers on one port would answer by turns
        ),
    )
    register(server)
    checks = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    names = (*services, health.SERVICE_NAME, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(names, server)
    port = server.add_insecure_port(address)
    await server.start()
    for name in ("", *services):
        await checks.set(name, health_pb2.HealthCheckResponse.SERVING)
    try:
        yield port
    finally:
        await checks.enter_graceful_shutdown()
        await server.stop(_GRACE_S)
