import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CardState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CARD_STATE_UNSPECIFIED: _ClassVar[CardState]
    CARD_STATE_IN_PROGRESS: _ClassVar[CardState]
    CARD_STATE_HELD: _ClassVar[CardState]
    CARD_STATE_EXCEPTION: _ClassVar[CardState]
    CARD_STATE_PARKED: _ClassVar[CardState]
    CARD_STATE_QUARANTINED: _ClassVar[CardState]
    CARD_STATE_REVOKING: _ClassVar[CardState]
    CARD_STATE_DISPATCHED: _ClassVar[CardState]
    CARD_STATE_REFUSED: _ClassVar[CardState]
    CARD_STATE_REVOKED: _ClassVar[CardState]
CARD_STATE_UNSPECIFIED: CardState
CARD_STATE_IN_PROGRESS: CardState
CARD_STATE_HELD: CardState
CARD_STATE_EXCEPTION: CardState
CARD_STATE_PARKED: CardState
CARD_STATE_QUARANTINED: CardState
CARD_STATE_REVOKING: CardState
CARD_STATE_DISPATCHED: CardState
CARD_STATE_REFUSED: CardState
CARD_STATE_REVOKED: CardState

class Card(_message.Message):
    __slots__ = ("card_id", "issuer", "request_id", "product", "state", "next_operation", "attempt", "code", "truncated_pan", "sscc", "sequence", "created_at", "updated_at")
    CARD_ID_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    NEXT_OPERATION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_PAN_FIELD_NUMBER: _ClassVar[int]
    SSCC_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    card_id: str
    issuer: str
    request_id: str
    product: str
    state: CardState
    next_operation: str
    attempt: int
    code: str
    truncated_pan: str
    sscc: str
    sequence: int
    created_at: _timestamp_pb2.Timestamp
    updated_at: _timestamp_pb2.Timestamp
    def __init__(self, card_id: _Optional[str] = ..., issuer: _Optional[str] = ..., request_id: _Optional[str] = ..., product: _Optional[str] = ..., state: _Optional[_Union[CardState, str]] = ..., next_operation: _Optional[str] = ..., attempt: _Optional[int] = ..., code: _Optional[str] = ..., truncated_pan: _Optional[str] = ..., sscc: _Optional[str] = ..., sequence: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetCardRequest(_message.Message):
    __slots__ = ("card_id",)
    CARD_ID_FIELD_NUMBER: _ClassVar[int]
    card_id: str
    def __init__(self, card_id: _Optional[str] = ...) -> None: ...

class GetCardResponse(_message.Message):
    __slots__ = ("card",)
    CARD_FIELD_NUMBER: _ClassVar[int]
    card: Card
    def __init__(self, card: _Optional[_Union[Card, _Mapping]] = ...) -> None: ...

class BatchGetCardsRequest(_message.Message):
    __slots__ = ("card_ids",)
    CARD_IDS_FIELD_NUMBER: _ClassVar[int]
    card_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, card_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class BatchGetCardsResponse(_message.Message):
    __slots__ = ("cards", "missing")
    CARDS_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    cards: _containers.RepeatedCompositeFieldContainer[Card]
    missing: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, cards: _Optional[_Iterable[_Union[Card, _Mapping]]] = ..., missing: _Optional[_Iterable[str]] = ...) -> None: ...

class ListCardsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "issuer", "state", "product")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    issuer: str
    state: CardState
    product: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., issuer: _Optional[str] = ..., state: _Optional[_Union[CardState, str]] = ..., product: _Optional[str] = ...) -> None: ...

class ListCardsResponse(_message.Message):
    __slots__ = ("cards", "next_page_token")
    CARDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    cards: _containers.RepeatedCompositeFieldContainer[Card]
    next_page_token: str
    def __init__(self, cards: _Optional[_Iterable[_Union[Card, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchCardsRequest(_message.Message):
    __slots__ = ("resume_token", "issuer", "card_id")
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    CARD_ID_FIELD_NUMBER: _ClassVar[int]
    resume_token: str
    issuer: str
    card_id: str
    def __init__(self, resume_token: _Optional[str] = ..., issuer: _Optional[str] = ..., card_id: _Optional[str] = ...) -> None: ...

class WatchCardsResponse(_message.Message):
    __slots__ = ("card", "event", "resume_token")
    CARD_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    card: Card
    event: str
    resume_token: str
    def __init__(self, card: _Optional[_Union[Card, _Mapping]] = ..., event: _Optional[str] = ..., resume_token: _Optional[str] = ...) -> None: ...

class GetCustodyRequest(_message.Message):
    __slots__ = ("card_id",)
    CARD_ID_FIELD_NUMBER: _ClassVar[int]
    card_id: str
    def __init__(self, card_id: _Optional[str] = ...) -> None: ...

class GetCustodyResponse(_message.Message):
    __slots__ = ("events", "entries")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedScalarFieldContainer[bytes]
    entries: _containers.RepeatedCompositeFieldContainer[CustodyEntry]
    def __init__(self, events: _Optional[_Iterable[bytes]] = ..., entries: _Optional[_Iterable[_Union[CustodyEntry, _Mapping]]] = ...) -> None: ...

class CustodyEntry(_message.Message):
    __slots__ = ("sequence", "recorded_at", "kind", "signer", "detail", "hash")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    recorded_at: _timestamp_pb2.Timestamp
    kind: str
    signer: str
    detail: str
    hash: bytes
    def __init__(self, sequence: _Optional[int] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., kind: _Optional[str] = ..., signer: _Optional[str] = ..., detail: _Optional[str] = ..., hash: _Optional[bytes] = ...) -> None: ...
