import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OutcomeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_KIND_UNSPECIFIED: _ClassVar[OutcomeKind]
    OUTCOME_KIND_ACCEPTED: _ClassVar[OutcomeKind]
    OUTCOME_KIND_REFUSED: _ClassVar[OutcomeKind]
    OUTCOME_KIND_PREPARED: _ClassVar[OutcomeKind]
    OUTCOME_KIND_EXCEPTION: _ClassVar[OutcomeKind]
    OUTCOME_KIND_PRODUCED: _ClassVar[OutcomeKind]
    OUTCOME_KIND_DISPATCHED: _ClassVar[OutcomeKind]
    OUTCOME_KIND_REMADE: _ClassVar[OutcomeKind]
    OUTCOME_KIND_REVOKED: _ClassVar[OutcomeKind]
    OUTCOME_KIND_QUARANTINED: _ClassVar[OutcomeKind]
    OUTCOME_KIND_PIN_MAILED: _ClassVar[OutcomeKind]
    OUTCOME_KIND_ERASED: _ClassVar[OutcomeKind]
OUTCOME_KIND_UNSPECIFIED: OutcomeKind
OUTCOME_KIND_ACCEPTED: OutcomeKind
OUTCOME_KIND_REFUSED: OutcomeKind
OUTCOME_KIND_PREPARED: OutcomeKind
OUTCOME_KIND_EXCEPTION: OutcomeKind
OUTCOME_KIND_PRODUCED: OutcomeKind
OUTCOME_KIND_DISPATCHED: OutcomeKind
OUTCOME_KIND_REMADE: OutcomeKind
OUTCOME_KIND_REVOKED: OutcomeKind
OUTCOME_KIND_QUARANTINED: OutcomeKind
OUTCOME_KIND_PIN_MAILED: OutcomeKind
OUTCOME_KIND_ERASED: OutcomeKind

class Outcome(_message.Message):
    __slots__ = ("issuer", "request_id", "card_id", "sequence", "kind", "code", "detail", "recorded_at", "issued_values")
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CARD_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    ISSUED_VALUES_FIELD_NUMBER: _ClassVar[int]
    issuer: str
    request_id: str
    card_id: str
    sequence: int
    kind: OutcomeKind
    code: str
    detail: str
    recorded_at: _timestamp_pb2.Timestamp
    issued_values: str
    def __init__(self, issuer: _Optional[str] = ..., request_id: _Optional[str] = ..., card_id: _Optional[str] = ..., sequence: _Optional[int] = ..., kind: _Optional[_Union[OutcomeKind, str]] = ..., code: _Optional[str] = ..., detail: _Optional[str] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., issued_values: _Optional[str] = ...) -> None: ...
