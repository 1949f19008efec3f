"""Between fact.proto / event.proto and the card's domain types.

A fact or event is hashed, signed, stored and published as the bytes that were received. Decoding
is for reading; nothing that was decoded is ever encoded again in its stead.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, get_args

from google.protobuf.message import DecodeError

from cardwright.card import Body, Disposition, Fact, Operation, Verb, kind_of
from cardwright.card import events as e
from cardwright.custody.merkle import leaf_hash
from cardwright.proto.fact.v1 import fact_pb2
from cardwright.proto.log.v1 import event_pb2

__all__ = [
    "CodecError",
    "LoggedEvent",
    "ReceivedFact",
    "decode_event",
    "decode_fact_message",
    "decode_signed_fact",
    "encode_event",
    "encode_fact",
]


_STREAM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # RFC 9562, section 4


class CodecError(Exception):
    """Bytes that are not what they should be; the message holds none of them."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


@dataclass(frozen=True, slots=True)
class ReceivedFact:
    """A fact as it arrived: the bytes, the claim of who signed them, and what they say."""

    signed: bytes
    signer: str
    leaf: bytes
    leaf_index: int
    tree_size: int
    path: tuple[bytes, ...]
    signature: bytes
    fact: Fact
    claimed_at: datetime
    attachment: bytes = b""


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event as it stands in the log. ``hash`` is its RFC 6962 leaf hash."""

    stream_id: str
    sequence: int
    previous_hash: bytes
    recorded_at: datetime
    epoch: int
    received: ReceivedFact
    body: bytes
    hash: bytes

    @property
    def fact(self) -> Fact:
        """What was stated."""
        return self.received.fact


def _same(value: Any) -> Any:
    return value


def _operations(values: Any) -> tuple[Operation, ...]:
    return tuple(map(Operation, values))


def _key_checks(values: Any) -> tuple[e.KeyCheck, ...]:
    return tuple(e.KeyCheck(item.usage, item.master, item.kcv) for item in values)


def _reader(body: type[Any]) -> Callable[[Any], Body]:
    """Build the function that reads one kind of message into its domain type."""
    special: dict[tuple[type[Any], str], Callable[[Any], Any]] = {
        (e.Prepared, "route"): _operations,
        (e.KeysDerived, "keys"): _key_checks,
        (e.Prepared, "keys"): _key_checks,
        (e.OperationFailed, "disposition"): Disposition,
        (e.Command, "verb"): Verb,
        (e.RequestAccepted, "rules"): tuple,
        (e.Prepared, "sections"): tuple,
        (e.Encoded, "tracks"): tuple,
        (e.Inspected, "defects"): tuple,
        (e.Erased, "sections"): tuple,
        (e.KeyChanged, "custodians"): tuple,
    }
    plan = [(field.name, special.get((body, field.name), _same)) for field in fields(body)]

    def read(message: Any) -> Body:
        made: Body = body(*[convert(getattr(message, name)) for name, convert in plan])
        return made

    return read


_READERS = {e.kind_name(body): _reader(body) for body in get_args(Body)}


def encode_fact(fact: Fact, claimed_at: datetime, attachment: bytes = b"") -> bytes:
    """Serialize a fact, once, by who is about to sign it."""
    message = fact_pb2.Fact(
        fact_id=fact.fact_id,
        stream_id=fact.stream_id,
        order_id=fact.order_id,
        actor=fact.actor,
        site=fact.site,
        claimed_at=claimed_at,
        attachment_digest=hashlib.sha256(attachment).digest() if attachment else b"",
    )
    kind = kind_of(fact.body)
    target = getattr(message, kind)
    target.SetInParent()
    for field in fields(fact.body):
        value = getattr(fact.body, field.name)
        if field.name == "keys":
            for key in value:
                target.keys.add(usage=key.usage, master=key.master, kcv=key.kcv)
        elif isinstance(value, tuple):
            getattr(target, field.name).extend(value)
        else:
            setattr(target, field.name, value)
    return message.SerializeToString()


def decode_fact_message(value: bytes) -> ReceivedFact:
    """Read a FactMessage, the value on the facts topics.

    Raises:
        CodecError: FACT_GARBAGE, FACT_EMPTY, FACT_STREAM or FACT_ATTACHMENT.
    """
    try:
        message = fact_pb2.FactMessage.FromString(value)
    except DecodeError:
        raise CodecError("FACT_GARBAGE", "the value is no FactMessage") from None
    return decode_signed_fact(message.signed_fact, message.attachment)


def decode_signed_fact(data: bytes, attachment: bytes = b"") -> ReceivedFact:
    """Read a SignedFact and what it says. The signature is not checked here."""
    try:
        signed = fact_pb2.SignedFact.FromString(data)
        fact = fact_pb2.Fact.FromString(signed.fact)
        kind = fact.WhichOneof("body")
        if kind is None:
            raise CodecError("FACT_EMPTY", "the fact says nothing known")
        body = _READERS[kind](getattr(fact, kind))
        claimed_at = fact.claimed_at.ToDatetime(UTC)
    except (DecodeError, ValueError, OverflowError):
        raise CodecError("FACT_GARBAGE", "the value is no SignedFact") from None
    if not _STREAM.fullmatch(fact.stream_id):
        raise CodecError("FACT_STREAM", "the fact's stream is no UUID in its usual writing")
    if attachment and hashlib.sha256(attachment).digest() != fact.attachment_digest:
        raise CodecError("FACT_ATTACHMENT", "the attachment is not the one that was signed")
    if not attachment.isascii():
        raise CodecError("FACT_ATTACHMENT", "the attachment is no JWE in its compact writing")
    return ReceivedFact(
        signed=data,
        signer=signed.signer,
        leaf=leaf_hash(signed.fact),
        leaf_index=signed.leaf_index,
        tree_size=signed.tree_size,
        path=tuple(signed.path),
        signature=signed.signature,
        fact=Fact(fact.fact_id, fact.stream_id, fact.order_id, fact.actor, fact.site, body),
        claimed_at=claimed_at,
        attachment=attachment,
    )


def encode_event(
    stream_id: str,
    sequence: int,
    previous_hash: bytes,
    recorded_at: datetime,
    epoch: int,
    signed_fact: bytes,
) -> bytes:
    """Serialize an event, once, by custody as it appends it."""
    return event_pb2.Event(
        stream_id=stream_id,
        sequence=sequence,
        previous_hash=previous_hash,
        recorded_at=recorded_at,
        epoch=epoch,
        signed_fact=signed_fact,
    ).SerializeToString()


def decode_event(data: bytes) -> LoggedEvent:
    """Read an event of the log.

    Raises:
        CodecError: EVENT_GARBAGE, or what :func:`decode_signed_fact` raises.
    """
    try:
        event = event_pb2.Event.FromString(data)
    except DecodeError:
        raise CodecError("EVENT_GARBAGE", "the value is no Event") from None
    return LoggedEvent(
        stream_id=event.stream_id,
        sequence=event.sequence,
        previous_hash=event.previous_hash,
        recorded_at=event.recorded_at.ToDatetime(UTC),
        epoch=event.epoch,
        received=decode_signed_fact(event.signed_fact),
        body=data,
        hash=leaf_hash(data),
    )
