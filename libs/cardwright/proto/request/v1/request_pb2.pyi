import datetime

from cardwright.proto.buf.validate import validate_pb2 as _validate_pb2
from cardwright.proto.common.v1 import common_pb2 as _common_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class IssuanceRequest(_message.Message):
    __slots__ = ("request_id", "issuer", "product", "lane", "requested_at", "consent", "sealed", "test_card")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_AT_FIELD_NUMBER: _ClassVar[int]
    CONSENT_FIELD_NUMBER: _ClassVar[int]
    SEALED_FIELD_NUMBER: _ClassVar[int]
    TEST_CARD_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    issuer: str
    product: str
    lane: _common_pb2.Lane
    requested_at: _timestamp_pb2.Timestamp
    consent: Consent
    sealed: str
    test_card: bool
    def __init__(self, request_id: _Optional[str] = ..., issuer: _Optional[str] = ..., product: _Optional[str] = ..., lane: _Optional[_Union[_common_pb2.Lane, str]] = ..., requested_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., consent: _Optional[_Union[Consent, _Mapping]] = ..., sealed: _Optional[str] = ..., test_card: _Optional[bool] = ...) -> None: ...

class Consent(_message.Message):
    __slots__ = ("reference", "given_at", "expires_at")
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    GIVEN_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    reference: str
    given_at: _timestamp_pb2.Timestamp
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, reference: _Optional[str] = ..., given_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SensitiveData(_message.Message):
    __slots__ = ("issuer", "request_id", "cardholder", "account", "employee", "photo", "address", "test_card")
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CARDHOLDER_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    EMPLOYEE_FIELD_NUMBER: _ClassVar[int]
    PHOTO_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    TEST_CARD_FIELD_NUMBER: _ClassVar[int]
    issuer: str
    request_id: str
    cardholder: Cardholder
    account: Account
    employee: Employee
    photo: bytes
    address: PostalAddress
    test_card: bool
    def __init__(self, issuer: _Optional[str] = ..., request_id: _Optional[str] = ..., cardholder: _Optional[_Union[Cardholder, _Mapping]] = ..., account: _Optional[_Union[Account, _Mapping]] = ..., employee: _Optional[_Union[Employee, _Mapping]] = ..., photo: _Optional[bytes] = ..., address: _Optional[_Union[PostalAddress, _Mapping]] = ..., test_card: _Optional[bool] = ...) -> None: ...

class Cardholder(_message.Message):
    __slots__ = ("surname", "given_names")
    SURNAME_FIELD_NUMBER: _ClassVar[int]
    GIVEN_NAMES_FIELD_NUMBER: _ClassVar[int]
    surname: str
    given_names: str
    def __init__(self, surname: _Optional[str] = ..., given_names: _Optional[str] = ...) -> None: ...

class PostalAddress(_message.Message):
    __slots__ = ("lines", "country")
    LINES_FIELD_NUMBER: _ClassVar[int]
    COUNTRY_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedScalarFieldContainer[str]
    country: str
    def __init__(self, lines: _Optional[_Iterable[str]] = ..., country: _Optional[str] = ...) -> None: ...

class Account(_message.Message):
    __slots__ = ("pan", "sequence_number", "expiry", "pin_block")
    PAN_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    EXPIRY_FIELD_NUMBER: _ClassVar[int]
    PIN_BLOCK_FIELD_NUMBER: _ClassVar[int]
    pan: str
    sequence_number: int
    expiry: str
    pin_block: bytes
    def __init__(self, pan: _Optional[str] = ..., sequence_number: _Optional[int] = ..., expiry: _Optional[str] = ..., pin_block: _Optional[bytes] = ...) -> None: ...

class Employee(_message.Message):
    __slots__ = ("number", "department")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    DEPARTMENT_FIELD_NUMBER: _ClassVar[int]
    number: str
    department: str
    def __init__(self, number: _Optional[str] = ..., department: _Optional[str] = ...) -> None: ...
