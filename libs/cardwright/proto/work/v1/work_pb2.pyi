from cardwright.proto.common.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StationMessage(_message.Message):
    __slots__ = ("order", "cancel", "logged")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    LOGGED_FIELD_NUMBER: _ClassVar[int]
    order: WorkOrder
    cancel: CancelOrder
    logged: FactsLogged
    def __init__(self, order: _Optional[_Union[WorkOrder, _Mapping]] = ..., cancel: _Optional[_Union[CancelOrder, _Mapping]] = ..., logged: _Optional[_Union[FactsLogged, _Mapping]] = ...) -> None: ...

class WorkOrder(_message.Message):
    __slots__ = ("order_id", "card_id", "operation", "attempt", "issuer", "request_id", "product", "product_version", "lane", "blank_serial", "sscc", "permit", "waived", "test_card", "cplc", "atc")
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    CARD_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_VERSION_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    BLANK_SERIAL_FIELD_NUMBER: _ClassVar[int]
    SSCC_FIELD_NUMBER: _ClassVar[int]
    PERMIT_FIELD_NUMBER: _ClassVar[int]
    WAIVED_FIELD_NUMBER: _ClassVar[int]
    TEST_CARD_FIELD_NUMBER: _ClassVar[int]
    CPLC_FIELD_NUMBER: _ClassVar[int]
    ATC_FIELD_NUMBER: _ClassVar[int]
    order_id: str
    card_id: str
    operation: _common_pb2.Operation
    attempt: int
    issuer: str
    request_id: str
    product: str
    product_version: int
    lane: _common_pb2.Lane
    blank_serial: str
    sscc: str
    permit: bytes
    waived: _containers.RepeatedScalarFieldContainer[str]
    test_card: bool
    cplc: bytes
    atc: int
    def __init__(self, order_id: _Optional[str] = ..., card_id: _Optional[str] = ..., operation: _Optional[_Union[_common_pb2.Operation, str]] = ..., attempt: _Optional[int] = ..., issuer: _Optional[str] = ..., request_id: _Optional[str] = ..., product: _Optional[str] = ..., product_version: _Optional[int] = ..., lane: _Optional[_Union[_common_pb2.Lane, str]] = ..., blank_serial: _Optional[str] = ..., sscc: _Optional[str] = ..., permit: _Optional[bytes] = ..., waived: _Optional[_Iterable[str]] = ..., test_card: _Optional[bool] = ..., cplc: _Optional[bytes] = ..., atc: _Optional[int] = ...) -> None: ...

class CancelOrder(_message.Message):
    __slots__ = ("order",)
    ORDER_FIELD_NUMBER: _ClassVar[int]
    order: WorkOrder
    def __init__(self, order: _Optional[_Union[WorkOrder, _Mapping]] = ...) -> None: ...

class FactsLogged(_message.Message):
    __slots__ = ("order_ids",)
    ORDER_IDS_FIELD_NUMBER: _ClassVar[int]
    order_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, order_ids: _Optional[_Iterable[str]] = ...) -> None: ...
