"""The security module over gRPC: one TCP connection on loopback, or a Unix socket."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Final, Self, TypeVar

from google.protobuf.message import Message
from grpc import StatusCode, aio

from cardwright.hsm import wire
from cardwright.hsm.port import (
    Agreement,
    Authorization,
    AuthorizationItem,
    BadgeProof,
    CardValues,
    CardValuesItem,
    ChipAnswers,
    ChipToPersonalize,
    ChipVerdict,
    DerivedCardKeys,
    ExportedCards,
    HsmError,
    JournalEntry,
    KeyCheck,
    PinItem,
    PinTranslation,
    Pool,
    PreparedPin,
    PublicKey,
    SealedItem,
    Signatures,
    WrappedDataKey,
)
from cardwright.proto.hsm.v1 import security_module_pb2 as pb
from cardwright.proto.hsm.v1.security_module_pb2_grpc import SecurityModuleServiceStub
from cardwright.secret import SecretBytes, SecretText

__all__ = ["MAX_MESSAGE", "GrpcSecurityModule"]

MAX_MESSAGE: Final = 32 * 1024 * 1024
"""Octets of the longest request or response: a batch of scripts is longer than gRPC's default."""

_FIRST_BACKOFF_S: Final = 0.05
_LONGEST_BACKOFF_S: Final = 2.0

_Request = TypeVar("_Request", bound=Message)
_Response = TypeVar("_Response", bound=Message)


class GrpcSecurityModule:
    """Implements `SecurityModule`. Use as an async context manager, or call `close`.

    A module that is restarting is waited for: calls that find it unavailable are repeated, with
    jittered backoff, until the deadline. Every verb may be repeated, as none changes anything.

    Args:
        address: host:port, or unix:path.
        token: the caller's token.
        deadline_s: seconds that a call may take, repetitions included.
    """

    def __init__(self, address: str, token: SecretText, *, deadline_s: float = 30.0) -> None:
        self._metadata = (("authorization", f"Bearer {token.reveal()}"),)
        self._deadline_s = deadline_s
        self._channel = aio.insecure_channel(
            address,
            options=(
                ("grpc.max_send_message_length", MAX_MESSAGE),
                ("grpc.max_receive_message_length", MAX_MESSAGE),
                # gRPC's own reconnection would sleep for up to two minutes after a restart.
                ("grpc.initial_reconnect_backoff_ms", 50),
                ("grpc.min_reconnect_backoff_ms", 50),
                ("grpc.max_reconnect_backoff_ms", 1000),
            ),
        )
        self._stub = SecurityModuleServiceStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection."""
        await self._channel.close()

    async def sign(self, payloads: Sequence[bytes]) -> Signatures:
        """Sign by the caller's own key."""
        response = await self._call(self._stub.Sign, pb.SignRequest(payloads=payloads))
        return Signatures(response.key_id, tuple(response.signatures))

    async def agree(self, items: Sequence[Agreement]) -> list[SecretBytes | HsmError]:
        """Agree on shared secrets."""
        request = pb.AgreeRequest(
            items=[pb.Agreement(key_id=each.key_id, public_key=each.public_key) for each in items]
        )
        response = await self._call(self._stub.Agree, request)
        return [
            _item_error(each.error, "agree") if each.error else SecretBytes(each.shared_secret)
            for each in response.results
        ]

    async def unwrap_data_keys(
        self, section: str, items: Sequence[WrappedDataKey]
    ) -> list[SecretBytes | None]:
        """Unwrap data keys of a section."""
        request = pb.UnwrapDataKeysRequest(
            section=section,
            items=[
                pb.WrappedDataKey(
                    card_id=each.card_id,
                    key_id=each.key_id,
                    ephemeral=each.ephemeral,
                    wrapped_key=each.wrapped_key,
                )
                for each in items
            ],
        )
        response = await self._call(self._stub.UnwrapDataKeys, request)
        return [SecretBytes(key) if key else None for key in response.data_keys]

    async def digest(self, key_label: str, values: Sequence[SecretBytes]) -> list[bytes]:
        """Digest by HMAC-SHA-256."""
        request = pb.DigestRequest(key_label=key_label, values=[value.reveal() for value in values])
        return list((await self._call(self._stub.Digest, request)).digests)

    async def card_values(self, items: Sequence[CardValuesItem]) -> list[CardValues | HsmError]:
        """Compute CVV, CVV2, iCVV and the vectors of CVC3."""
        request = pb.CardValuesRequest(items=[wire.valued_to(each) for each in items])
        response = await self._call(self._stub.CardValues, request)
        return [
            _item_error(each.error, "compute card values")
            if each.error
            else wire.card_values_from(each)
            for each in response.results
        ]

    async def derive_card_keys(
        self, items: Sequence[SealedItem]
    ) -> list[DerivedCardKeys | HsmError]:
        """Derive card keys."""
        request = pb.DeriveCardKeysRequest(
            items=[pb.SealedItem(card_id=each.card_id, sealed=each.sealed) for each in items]
        )
        response = await self._call(self._stub.DeriveCardKeys, request)
        return [
            DerivedCardKeys(
                each.sealed,
                tuple(KeyCheck(check.usage, check.master, check.kcv) for check in each.checks),
                each.sealed_certificates,
            )
            if each.sealed
            # A module of an earlier release says no more than that there is nothing.
            else _item_error(each.error or "HSM_CALL", "derive card keys")
            for each in response.results
        ]

    async def personalize(
        self, items: Sequence[ChipToPersonalize]
    ) -> list[tuple[bytes, ...] | HsmError]:
        """Wrap chips' scripts."""
        request = pb.PersonalizeRequest(items=[wire.chip_to(each) for each in items])
        response = await self._call(self._stub.Personalize, request)
        return [
            _item_error(each.error, "personalize") if each.error else tuple(each.script)
            for each in response.results
        ]

    async def check_personalization(
        self, items: Sequence[ChipAnswers]
    ) -> list[ChipVerdict | HsmError]:
        """Check chips' answers."""
        request = pb.CheckPersonalizationRequest(
            items=[
                pb.ChipAnswers(chip=wire.chip_to(each.chip), responses=each.responses)
                for each in items
            ]
        )
        response = await self._call(self._stub.CheckPersonalization, request)
        return [
            _item_error(each.error, "check the answers") if each.error else wire.verdict_from(each)
            for each in response.results
        ]

    async def check_badges(self, items: Sequence[BadgeProof]) -> list[bool | HsmError]:
        """Check badges' answers."""
        request = pb.CheckBadgesRequest(items=map(wire.badge_to, items))
        response = await self._call(self._stub.CheckBadges, request)
        return [
            _item_error(each.error, "check the badge") if each.error else each.genuine
            for each in response.results
        ]

    async def export_personalization(
        self, recipient: str, items: Sequence[SealedItem]
    ) -> ExportedCards:
        """Re-encrypt for another bureau."""
        request = pb.ExportPersonalizationRequest(
            recipient=recipient,
            items=[pb.SealedItem(card_id=each.card_id, sealed=each.sealed) for each in items],
        )
        response = await self._call(self._stub.ExportPersonalization, request)
        return ExportedCards(
            response.key_block,
            tuple(each.error or wire.exported_from(each) for each in response.results),
        )

    async def prepare_pins(self, items: Sequence[PinItem]) -> list[PreparedPin | HsmError]:
        """Draw or take over PINs."""
        request = pb.PreparePinsRequest(items=[wire.pin_to(each) for each in items])
        response = await self._call(self._stub.PreparePins, request)
        return [
            _item_error(each.error, "prepare the PIN")
            if each.error
            else PreparedPin(
                each.sealed_for_chip,
                each.sealed_for_mailer,
                SecretText(each.verification),
                each.pvk,
            )
            for each in response.results
        ]

    async def translate_pins(self, items: Sequence[PinTranslation]) -> list[bytes | HsmError]:
        """Move PIN blocks."""
        request = pb.TranslatePinsRequest(items=[wire.translation_to(each) for each in items])
        response = await self._call(self._stub.TranslatePins, request)
        return [
            _item_error(each.error, "translate the PIN") if each.error else each.pin_block
            for each in response.results
        ]

    async def authorize(self, items: Sequence[AuthorizationItem]) -> list[Authorization | HsmError]:
        """Verify and answer cryptograms."""
        request = pb.AuthorizeRequest(items=[wire.authorization_to(each) for each in items])
        response = await self._call(self._stub.Authorize, request)
        return [
            _item_error(each.error, "answer the card")
            if each.error
            else Authorization(each.authentication_data, each.scripts)
            for each in response.results
        ]

    async def journal(self, after: int, limit: int = 500) -> list[JournalEntry]:
        """Read the journal."""
        request = pb.JournalRequest(after=after, limit=limit)
        response = await self._call(self._stub.Journal, request)
        return [wire.entry_from(each) for each in response.entries]

    async def pools(self) -> list[Pool]:
        """Tell the pools' state."""
        response = await self._call(self._stub.PoolStatus, pb.PoolStatusRequest())
        return [wire.pool_from(each) for each in response.pools]

    async def public_keys(self, prefix: str) -> list[PublicKey]:
        """List public keys."""
        response = await self._call(self._stub.PublicKeys, pb.PublicKeysRequest(prefix=prefix))
        return [
            PublicKey(each.key_id, each.algorithm, each.value, each.state or "active")
            for each in response.keys
        ]

    async def _call(
        self, verb: aio.UnaryUnaryMultiCallable[_Request, _Response], request: _Request
    ) -> _Response:
        clock = asyncio.get_running_loop()
        deadline = clock.time() + self._deadline_s
        backoff = _FIRST_BACKOFF_S
        while True:
            left = deadline - clock.time()
            try:
                return await verb(request, timeout=left, metadata=self._metadata)
            except aio.AioRpcError as error:
                pause = backoff * random.uniform(0.5, 1.5)  # noqa: S311  # spreads load, no secret
                if error.code() is not StatusCode.UNAVAILABLE or pause >= left:
                    raise _call_error(error) from None
            await asyncio.sleep(pause)
            backoff = min(2 * backoff, _LONGEST_BACKOFF_S)


def _call_error(error: aio.AioRpcError) -> HsmError:
    """Read the code that the module puts before its message; what gRPC itself says has none."""
    if error.code() in (StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED):
        return HsmError(
            "HSM_UNAVAILABLE", "The security module did not answer in time: see that it runs."
        )
    code, colon, message = (error.details() or "").partition(": ")
    if colon and code.replace("_", "").isalnum() and code.isupper():
        return HsmError(code, message)
    return HsmError("HSM_CALL", f"The call of the security module failed: {error.code().name}.")


def _item_error(code: str, verb: str) -> HsmError:
    return HsmError(code, f"The security module refused to {verb} for this item.")
