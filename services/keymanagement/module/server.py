"""The verbs over gRPC: who calls is told by a token, and messages become the port's types."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar

from grpc import StatusCode, aio

from cardwright.hsm.client import MAX_MESSAGE
from cardwright.hsm.port import (
    Agreement,
    CardValuesItem,
    ChipToPersonalize,
    HsmError,
    SealedItem,
    WrappedDataKey,
)
from cardwright.proto.hsm.v1 import security_module_pb2 as pb
from cardwright.proto.hsm.v1.security_module_pb2_grpc import (
    SecurityModuleServiceServicer,
    add_SecurityModuleServiceServicer_to_server,
)
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module.policy import Caller, Policy
from services.keymanagement.module.verbs import Verbs

__all__ = ["start_server"]

_Context: TypeAlias = aio.ServicerContext[Any, Any]
_Response = TypeVar("_Response")

_BEARER: Final = "Bearer "
_STATUS: Final = {
    "HSM_TOKEN": StatusCode.UNAUTHENTICATED,
    "HSM_DENIED": StatusCode.PERMISSION_DENIED,
    "KEY_UNKNOWN": StatusCode.NOT_FOUND,
    "KEY_USAGE": StatusCode.FAILED_PRECONDITION,
}
"""The gRPC status of a refusal by its code; INVALID_ARGUMENT of all others."""


async def start_server(address: str, verbs: Verbs, policy: Policy) -> tuple[aio.Server, str]:
    """Start to serve; returns the server and the address that it got, as clients write it.

    Args:
        address: host:port (port 0 lets the system choose), or unix:path.
        verbs: what to serve.
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
    add_SecurityModuleServiceServicer_to_server(_Servicer(verbs, policy), server)
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


class _Servicer(SecurityModuleServiceServicer):
    def __init__(self, verbs: Verbs, policy: Policy) -> None:
        self._verbs = verbs
        self._policy = policy

    async def Sign(self, request: pb.SignRequest, context: _Context) -> pb.SignResponse:
        def answer(caller: Caller) -> pb.SignResponse:
            signed = self._verbs.sign(caller, request.payloads)
            return pb.SignResponse(key_id=signed.key_id, signatures=signed.signatures)

        return await self._answer(context, answer)

    async def Agree(self, request: pb.AgreeRequest, context: _Context) -> pb.AgreeResponse:
        def answer(caller: Caller) -> pb.AgreeResponse:
            items = [Agreement(each.key_id, each.public_key) for each in request.items]
            results = [
                pb.AgreeResult(error=each.code)
                if isinstance(each, HsmError)
                else pb.AgreeResult(shared_secret=each.reveal())
                for each in self._verbs.agree(caller, items)
            ]
            return pb.AgreeResponse(results=results)

        return await self._answer(context, answer)

    async def UnwrapDataKeys(
        self, request: pb.UnwrapDataKeysRequest, context: _Context
    ) -> pb.UnwrapDataKeysResponse:
        def answer(caller: Caller) -> pb.UnwrapDataKeysResponse:
            items = [
                WrappedDataKey(each.card_id, each.key_id, each.ephemeral, each.wrapped_key)
                for each in request.items
            ]
            keys = self._verbs.unwrap_data_keys(caller, request.section, items)
            return pb.UnwrapDataKeysResponse(
                data_keys=[key.reveal() if key is not None else b"" for key in keys]
            )

        return await self._answer(context, answer)

    async def Digest(self, request: pb.DigestRequest, context: _Context) -> pb.DigestResponse:
        def answer(caller: Caller) -> pb.DigestResponse:
            values = [SecretBytes(value) for value in request.values]
            return pb.DigestResponse(digests=self._verbs.digest(caller, request.key_label, values))

        return await self._answer(context, answer)

    async def CardValues(
        self, request: pb.CardValuesRequest, context: _Context
    ) -> pb.CardValuesResponse:
        def answer(caller: Caller) -> pb.CardValuesResponse:
            items = [
                CardValuesItem(each.cvk, SecretText(each.pan), each.expiry, each.service_code)
                for each in request.items
            ]
            results = [
                pb.CardValuesResult(error=each.code)
                if isinstance(each, HsmError)
                else pb.CardValuesResult(
                    cvv=each.cvv.reveal(), cvv2=each.cvv2.reveal(), icvv=each.icvv.reveal()
                )
                for each in self._verbs.card_values(caller, items)
            ]
            return pb.CardValuesResponse(results=results)

        return await self._answer(context, answer)

    async def DeriveCardKeys(
        self, request: pb.DeriveCardKeysRequest, context: _Context
    ) -> pb.DeriveCardKeysResponse:
        def answer(caller: Caller) -> pb.DeriveCardKeysResponse:
            items = [SealedItem(each.card_id, each.sealed) for each in request.items]
            results = [
                pb.DerivedCardKeys(error=each.code)
                if isinstance(each, HsmError)
                else pb.DerivedCardKeys(
                    sealed=each.sealed,
                    checks=[
                        pb.DerivedKeyCheck(usage=check.usage, master=check.master, kcv=check.kcv)
                        for check in each.checks
                    ],
                )
                for each in self._verbs.derive_card_keys(caller, items)
            ]
            return pb.DeriveCardKeysResponse(results=results)

        return await self._answer(context, answer)

    async def Personalize(
        self, request: pb.PersonalizeRequest, context: _Context
    ) -> pb.PersonalizeResponse:
        def answer(caller: Caller) -> pb.PersonalizeResponse:
            items = [
                ChipToPersonalize(
                    card_id=each.card_id,
                    kmc=each.kmc,
                    host_challenge=each.host_challenge,
                    initialize_update=each.initialize_update,
                    prologue=tuple(each.prologue),
                    dgis=tuple(each.dgis),
                    sealed_keys=each.sealed_keys,
                )
                for each in request.items
            ]
            results = [
                pb.PersonalizeResult(error=each.code)
                if isinstance(each, HsmError)
                else pb.PersonalizeResult(script=each)
                for each in self._verbs.personalize(caller, items)
            ]
            return pb.PersonalizeResponse(results=results)

        return await self._answer(context, answer)

    async def PublicKeys(
        self, request: pb.PublicKeysRequest, context: _Context
    ) -> pb.PublicKeysResponse:
        def answer(caller: Caller) -> pb.PublicKeysResponse:
            keys = [
                pb.PublicKey(key_id=each.key_id, algorithm=each.algorithm, value=each.value)
                for each in self._verbs.public_keys(caller, request.prefix)
            ]
            return pb.PublicKeysResponse(keys=keys)

        return await self._answer(context, answer)

    async def _answer(self, context: _Context, verb: Callable[[Caller], _Response]) -> _Response:
        """Run a verb for who calls; a refusal becomes a status with "CODE: message"."""
        metadata = dict(context.invocation_metadata() or ())
        token = str(metadata.get("authorization", "")).removeprefix(_BEARER)
        try:
            return verb(self._policy.authenticate(SecretText(token)))
        except HsmError as error:
            status = _STATUS.get(error.code, StatusCode.INVALID_ARGUMENT)
            await context.abort(status, f"{error.code}: {error}")
