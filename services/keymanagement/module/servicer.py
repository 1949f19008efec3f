"""Each verb as gRPC has it: messages become the port's types, and refusals the items' codes."""

# ruff: noqa: D102, N802 - gRPC names the methods, and the proto says what each does

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar

from google.protobuf.message import Message
from grpc import StatusCode, aio

from cardwright.hsm import wire
from cardwright.hsm.authorization import Authorization
from cardwright.hsm.port import Agreement, HsmError, SealedItem, WrappedDataKey
from cardwright.proto.hsm.v1 import security_module_pb2 as pb
from cardwright.proto.hsm.v1.security_module_pb2_grpc import SecurityModuleServiceServicer
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module.policy import Caller, Policy
from services.keymanagement.module.verbs.all import Verbs

__all__ = ["Servicer", "VerbsOf"]

VerbsOf: TypeAlias = Callable[[str, SecretText], Verbs]
"""The verbs of a caller, by its name and login: over its own token."""

_Context: TypeAlias = aio.ServicerContext[Any, Any]
_Response = TypeVar("_Response", bound=Message)
_Value = TypeVar("_Value")

_BEARER: Final = "Bearer "
_STATUS: Final = {
    "HSM_TOKEN": StatusCode.UNAUTHENTICATED,
    "HSM_DENIED": StatusCode.PERMISSION_DENIED,
    "KEY_UNKNOWN": StatusCode.NOT_FOUND,
    "KEY_USAGE": StatusCode.FAILED_PRECONDITION,
    # The client waits and repeats: what is away comes back.
    "BACKEND_UNAVAILABLE": StatusCode.UNAVAILABLE,
}
"""The gRPC status of a refusal by its code; INVALID_ARGUMENT of all others."""


class Servicer(SecurityModuleServiceServicer):
    """Serves the verbs; who calls is told by a token, and only verbs of its own token answer."""

    def __init__(self, verbs_of: VerbsOf, policy: Policy) -> None:
        self._verbs_of = verbs_of
        self._policy = policy

    async def Sign(self, request: pb.SignRequest, context: _Context) -> pb.SignResponse:
        def answer(verbs: Verbs, caller: Caller) -> pb.SignResponse:
            signed = verbs.sign(caller, request.payloads)
            return pb.SignResponse(key_id=signed.key_id, signatures=signed.signatures)

        return await self._answer(context, answer)

    async def Agree(self, request: pb.AgreeRequest, context: _Context) -> pb.AgreeResponse:
        def answer(verbs: Verbs, caller: Caller) -> pb.AgreeResponse:
            items = [Agreement(each.key_id, each.public_key) for each in request.items]
            return pb.AgreeResponse(
                results=[
                    _result(pb.AgreeResult, _agreed, each) for each in verbs.agree(caller, items)
                ]
            )

        return await self._answer(context, answer)

    async def UnwrapDataKeys(
        self, request: pb.UnwrapDataKeysRequest, context: _Context
    ) -> pb.UnwrapDataKeysResponse:
        def answer(verbs: Verbs, caller: Caller) -> pb.UnwrapDataKeysResponse:
            items = [
                WrappedDataKey(each.card_id, each.key_id, each.ephemeral, each.wrapped_key)
                for each in request.items
            ]
            keys = verbs.unwrap_data_keys(caller, request.section, items)
            return pb.UnwrapDataKeysResponse(
                data_keys=[key.reveal() if key is not None else b"" for key in keys]
            )

        return await self._answer(context, answer)

    async def Digest(self, request: pb.DigestRequest, context: _Context) -> pb.DigestResponse:
        def answer(verbs: Verbs, caller: Caller) -> pb.DigestResponse:
            values = [SecretBytes(value) for value in request.values]
            return pb.DigestResponse(digests=verbs.digest(caller, request.key_label, values))

        return await self._answer(context, answer)

    async def CardValues(
        self, request: pb.CardValuesRequest, context: _Context
    ) -> pb.CardValuesResponse:
        def answer(verbs: Verbs, caller: Caller) -> pb.CardValuesResponse:
            items = [wire.valued_from(each) for each in request.items]
            return pb.CardValuesResponse(
                results=[
                    _result(pb.CardValuesResult, wire.card_values_to, each)
                    for each in verbs.card_values(caller, items)
                ]
            )

        return await self._answer(context, answer)

    async def DeriveCardKeys(
        self, request: pb.DeriveCardKeysRequest, context: _Context
    ) -> pb.DeriveCardKeysResponse:
        def answer(verbs: Verbs, caller: Caller) -> pb.DeriveCardKeysResponse:
            items = [SealedItem(each.card_id, each.sealed) for each in request.items]
            return pb.DeriveCardKeysResponse(
                results=[
                    _result(pb.DerivedCardKeys, wire.derived_to, each)
                    for each in verbs.derive_card_keys(caller, items)
                ]
            )

        return await self._answer(context, answer)

    async def Personalize(
        self, request: pb.PersonalizeRequest, context: _Context
    ) -> pb.PersonalizeResponse:
        def answer(verbs: Verbs, caller: Caller) -> pb.PersonalizeResponse:
            items = [wire.chip_from(each) for each in request.items]
            return pb.PersonalizeResponse(
                results=[
                    _result(pb.PersonalizeResult, _script, each)
                    for each in verbs.personalize(caller, items)
                ]
            )

        return await self._answer(context, answer)

    async def CheckPersonalization(
        self, request: pb.CheckPersonalizationRequest, context: _Context
    ) -> pb.CheckPersonalizationResponse:
        def answer(verbs: Verbs, caller: Caller) -> pb.CheckPersonalizationResponse:
            items = [wire.answers_from(each) for each in request.items]
            return pb.CheckPersonalizationResponse(
                results=[
                    _result(pb.ChipVerdict, wire.verdict_to, each)
                    for each in verbs.check_personalization(caller, items)
                ]
            )

        return await self._answer(context, answer)

    async def CheckBadges(
        self, request: pb.CheckBadgesRequest, context: _Context
    ) -> pb.CheckBadgesResponse:
        def answer(verbs: Verbs, caller: Caller) -> pb.CheckBadgesResponse:
            items = [wire.badge_from(each) for each in request.items]
            return pb.CheckBadgesResponse(
                results=[
                    _result(pb.BadgeVerdict, _genuine, each)
                    for each in verbs.check_badges(caller, items)
                ]
            )

        return await self._answer(context, answer)

    async def ExportPersonalization(
        self, request: pb.ExportPersonalizationRequest, context: _Context
    ) -> pb.ExportPersonalizationResponse:
        def answer(verbs: Verbs, caller: Caller) -> pb.ExportPersonalizationResponse:
            items = [SealedItem(each.card_id, each.sealed) for each in request.items]
            exported = verbs.export_personalization(caller, request.recipient, items)
            return pb.ExportPersonalizationResponse(
                key_block=exported.key_block,
                results=[
                    pb.ExportedCard(error=each) if isinstance(each, str) else wire.exported_to(each)
                    for each in exported.cards
                ],
            )

        return await self._answer(context, answer)

    async def PreparePins(
        self, request: pb.PreparePinsRequest, context: _Context
    ) -> pb.PreparePinsResponse:
        def answer(verbs: Verbs, caller: Caller) -> pb.PreparePinsResponse:
            items = [wire.pin_from(each) for each in request.items]
            return pb.PreparePinsResponse(
                results=[
                    _result(pb.PreparedPin, wire.prepared_to, each)
                    for each in verbs.prepare_pins(caller, items)
                ]
            )

        return await self._answer(context, answer)

    async def TranslatePins(
        self, request: pb.TranslatePinsRequest, context: _Context
    ) -> pb.TranslatePinsResponse:
        def answer(verbs: Verbs, caller: Caller) -> pb.TranslatePinsResponse:
            items = [wire.translation_from(each) for each in request.items]
            return pb.TranslatePinsResponse(
                results=[
                    _result(pb.TranslatedPin, _translated, each)
                    for each in verbs.translate_pins(caller, items)
                ]
            )

        return await self._answer(context, answer)

    async def Authorize(
        self, request: pb.AuthorizeRequest, context: _Context
    ) -> pb.AuthorizeResponse:
        def answer(verbs: Verbs, caller: Caller) -> pb.AuthorizeResponse:
            items = [wire.authorization_from(each) for each in request.items]
            return pb.AuthorizeResponse(
                results=[
                    _result(pb.Authorization, _authorization, each)
                    for each in verbs.authorize(caller, items)
                ]
            )

        return await self._answer(context, answer)

    async def Journal(self, request: pb.JournalRequest, context: _Context) -> pb.JournalResponse:
        def answer(verbs: Verbs, caller: Caller) -> pb.JournalResponse:
            entries = verbs.journal(caller, request.after, request.limit)
            return pb.JournalResponse(entries=map(wire.entry_to, entries))

        return await self._answer(context, answer)

    async def PoolStatus(
        self,
        request: pb.PoolStatusRequest,  # noqa: ARG002  # says nothing
        context: _Context,
    ) -> pb.PoolStatusResponse:
        def answer(verbs: Verbs, caller: Caller) -> pb.PoolStatusResponse:
            return pb.PoolStatusResponse(pools=map(wire.pool_to, verbs.pools(caller)))

        return await self._answer(context, answer)

    async def PublicKeys(
        self, request: pb.PublicKeysRequest, context: _Context
    ) -> pb.PublicKeysResponse:
        def answer(verbs: Verbs, caller: Caller) -> pb.PublicKeysResponse:
            keys = [
                pb.PublicKey(
                    key_id=each.key_id,
                    algorithm=each.algorithm,
                    value=each.value,
                    state=each.state,
                )
                for each in verbs.public_keys(caller, request.prefix)
            ]
            return pb.PublicKeysResponse(keys=keys)

        return await self._answer(context, answer)

    async def _answer(
        self, context: _Context, verb: Callable[[Verbs, Caller], _Response]
    ) -> _Response:
        """Run a verb for who calls; a refusal becomes a status with "CODE: message"."""
        metadata = dict(context.invocation_metadata() or ())
        token = SecretText(str(metadata.get("authorization", "")).removeprefix(_BEARER))
        try:
            caller = self._policy.authenticate(token)
            return verb(self._verbs_of(caller.name, token), caller)
        except HsmError as error:
            status = _STATUS.get(error.code, StatusCode.INVALID_ARGUMENT)
            await context.abort(status, f"{error.code}: {error}")


def _result(
    kind: Callable[..., _Response], encode: Callable[[_Value], _Response], value: _Value | HsmError
) -> _Response:
    return kind(error=value.code) if isinstance(value, HsmError) else encode(value)


def _agreed(secret: SecretBytes) -> pb.AgreeResult:
    return pb.AgreeResult(shared_secret=secret.reveal())


def _script(commands: tuple[bytes, ...]) -> pb.PersonalizeResult:
    return pb.PersonalizeResult(script=commands)


def _genuine(genuine: bool) -> pb.BadgeVerdict:
    return pb.BadgeVerdict(genuine=genuine)


def _translated(block: bytes) -> pb.TranslatedPin:
    return pb.TranslatedPin(pin_block=block)


def _authorization(answer: Authorization) -> pb.Authorization:
    return pb.Authorization(authentication_data=answer.authentication_data, scripts=answer.scripts)
