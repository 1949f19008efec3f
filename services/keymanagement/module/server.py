"""The security module's gRPC server: where it listens, and how long its messages may be."""

from __future__ import annotations

from grpc import aio

from cardwright.hsm.client import MAX_MESSAGE
from cardwright.hsm.port import HsmError
from cardwright.proto.hsm.v1.security_module_pb2_grpc import (
    add_SecurityModuleServiceServicer_to_server,
)
from services.keymanagement.module.policy import Policy
from services.keymanagement.module.servicer import Servicer, VerbsOf

__all__ = ["start_server"]


async def start_server(address: str, verbs_of: VerbsOf, policy: Policy) -> tuple[aio.Server, str]:
    """Start to serve; returns the server and the address that it got, as clients write it.

    Args:
        address: host:port (port 0 lets the system choose), or unix:path.
        verbs_of: what to serve to each caller.
        policy: whom to serve.

    Raises:
        HsmError: HSM_ADDRESS, nobody can listen there, or another does.
    """
    server = aio.server(
        options=(
            ("grpc.max_send_message_length", MAX_MESSAGE),
            ("grpc.max_receive_message_length", MAX_MESSAGE),
            ("grpc.so_reuseport", 0),  # two modules on one port would answer by turns
        )
    )
    add_SecurityModuleServiceServicer_to_server(Servicer(verbs_of, policy), server)
    try:
        port = server.add_insecure_port(address)
    except RuntimeError:  # all that gRPC says, whatever was wrong
        raise HsmError(
            "HSM_ADDRESS", f"Can't listen on {address}: is it taken, or not of this machine?"
        ) from None
    await server.start()
    if address.startswith("unix:"):
        return server, address
    return server, f"{address.rpartition(':')[0]}:{port}"
