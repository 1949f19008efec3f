import datetime

from cardwright.proto.common.v1 import common_pb2 as _common_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Disposition(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DISPOSITION_UNSPECIFIED: _ClassVar[Disposition]
    DISPOSITION_SPOILED: _ClassVar[Disposition]
    DISPOSITION_UNCERTAIN: _ClassVar[Disposition]
    DISPOSITION_REFUSED: _ClassVar[Disposition]

class Verb(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERB_UNSPECIFIED: _ClassVar[Verb]
    VERB_HOLD: _ClassVar[Verb]
    VERB_RELEASE: _ClassVar[Verb]
    VERB_REVOKE: _ClassVar[Verb]
    VERB_WAIVE: _ClassVar[Verb]
    VERB_REFUSE: _ClassVar[Verb]
    VERB_REMAKE: _ClassVar[Verb]
    VERB_ERASE: _ClassVar[Verb]
DISPOSITION_UNSPECIFIED: Disposition
DISPOSITION_SPOILED: Disposition
DISPOSITION_UNCERTAIN: Disposition
DISPOSITION_REFUSED: Disposition
VERB_UNSPECIFIED: Verb
VERB_HOLD: Verb
VERB_RELEASE: Verb
VERB_REVOKE: Verb
VERB_WAIVE: Verb
VERB_REFUSE: Verb
VERB_REMAKE: Verb
VERB_ERASE: Verb

class FactMessage(_message.Message):
    __slots__ = ("signed_fact", "attachment")
    SIGNED_FACT_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENT_FIELD_NUMBER: _ClassVar[int]
    signed_fact: bytes
    attachment: bytes
    def __init__(self, signed_fact: _Optional[bytes] = ..., attachment: _Optional[bytes] = ...) -> None: ...

class SignedFact(_message.Message):
    __slots__ = ("fact", "signer", "leaf_index", "tree_size", "path", "signature")
    FACT_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    LEAF_INDEX_FIELD_NUMBER: _ClassVar[int]
    TREE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    fact: bytes
    signer: str
    leaf_index: int
    tree_size: int
    path: _containers.RepeatedScalarFieldContainer[bytes]
    signature: bytes
    def __init__(self, fact: _Optional[bytes] = ..., signer: _Optional[str] = ..., leaf_index: _Optional[int] = ..., tree_size: _Optional[int] = ..., path: _Optional[_Iterable[bytes]] = ..., signature: _Optional[bytes] = ...) -> None: ...

class Fact(_message.Message):
    __slots__ = ("fact_id", "stream_id", "order_id", "actor", "site", "claimed_at", "attachment_digest", "request_accepted", "request_refused", "prepared", "preparation_refused", "exception_opened", "keys_derived", "printed", "encoded", "inspected", "packed", "dispatched", "destroyed", "operation_failed", "operation_cancelled", "pin_mailed", "erased", "lot_received", "lot_issued", "key_changed", "command", "dispatch_permitted", "parked")
    FACT_ID_FIELD_NUMBER: _ClassVar[int]
    STREAM_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    CLAIMED_AT_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REQUEST_REFUSED_FIELD_NUMBER: _ClassVar[int]
    PREPARED_FIELD_NUMBER: _ClassVar[int]
    PREPARATION_REFUSED_FIELD_NUMBER: _ClassVar[int]
    EXCEPTION_OPENED_FIELD_NUMBER: _ClassVar[int]
    KEYS_DERIVED_FIELD_NUMBER: _ClassVar[int]
    PRINTED_FIELD_NUMBER: _ClassVar[int]
    ENCODED_FIELD_NUMBER: _ClassVar[int]
    INSPECTED_FIELD_NUMBER: _ClassVar[int]
    PACKED_FIELD_NUMBER: _ClassVar[int]
    DISPATCHED_FIELD_NUMBER: _ClassVar[int]
    DESTROYED_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FAILED_FIELD_NUMBER: _ClassVar[int]
    OPERATION_CANCELLED_FIELD_NUMBER: _ClassVar[int]
    PIN_MAILED_FIELD_NUMBER: _ClassVar[int]
    ERASED_FIELD_NUMBER: _ClassVar[int]
    LOT_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    LOT_ISSUED_FIELD_NUMBER: _ClassVar[int]
    KEY_CHANGED_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    DISPATCH_PERMITTED_FIELD_NUMBER: _ClassVar[int]
    PARKED_FIELD_NUMBER: _ClassVar[int]
    fact_id: str
    stream_id: str
    order_id: str
    actor: str
    site: str
    claimed_at: _timestamp_pb2.Timestamp
    attachment_digest: bytes
    request_accepted: RequestAccepted
    request_refused: RequestRefused
    prepared: Prepared
    preparation_refused: PreparationRefused
    exception_opened: ExceptionOpened
    keys_derived: KeysDerived
    printed: Printed
    encoded: Encoded
    inspected: Inspected
    packed: Packed
    dispatched: Dispatched
    destroyed: Destroyed
    operation_failed: OperationFailed
    operation_cancelled: OperationCancelled
    pin_mailed: PinMailed
    erased: Erased
    lot_received: LotReceived
    lot_issued: LotIssued
    key_changed: KeyChanged
    command: Command
    dispatch_permitted: DispatchPermitted
    parked: Parked
    def __init__(self, fact_id: _Optional[str] = ..., stream_id: _Optional[str] = ..., order_id: _Optional[str] = ..., actor: _Optional[str] = ..., site: _Optional[str] = ..., claimed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., attachment_digest: _Optional[bytes] = ..., request_accepted: _Optional[_Union[RequestAccepted, _Mapping]] = ..., request_refused: _Optional[_Union[RequestRefused, _Mapping]] = ..., prepared: _Optional[_Union[Prepared, _Mapping]] = ..., preparation_refused: _Optional[_Union[PreparationRefused, _Mapping]] = ..., exception_opened: _Optional[_Union[ExceptionOpened, _Mapping]] = ..., keys_derived: _Optional[_Union[KeysDerived, _Mapping]] = ..., printed: _Optional[_Union[Printed, _Mapping]] = ..., encoded: _Optional[_Union[Encoded, _Mapping]] = ..., inspected: _Optional[_Union[Inspected, _Mapping]] = ..., packed: _Optional[_Union[Packed, _Mapping]] = ..., dispatched: _Optional[_Union[Dispatched, _Mapping]] = ..., destroyed: _Optional[_Union[Destroyed, _Mapping]] = ..., operation_failed: _Optional[_Union[OperationFailed, _Mapping]] = ..., operation_cancelled: _Optional[_Union[OperationCancelled, _Mapping]] = ..., pin_mailed: _Optional[_Union[PinMailed, _Mapping]] = ..., erased: _Optional[_Union[Erased, _Mapping]] = ..., lot_received: _Optional[_Union[LotReceived, _Mapping]] = ..., lot_issued: _Optional[_Union[LotIssued, _Mapping]] = ..., key_changed: _Optional[_Union[KeyChanged, _Mapping]] = ..., command: _Optional[_Union[Command, _Mapping]] = ..., dispatch_permitted: _Optional[_Union[DispatchPermitted, _Mapping]] = ..., parked: _Optional[_Union[Parked, _Mapping]] = ...) -> None: ...

class RequestAccepted(_message.Message):
    __slots__ = ("issuer", "request_id", "product", "lane", "rules", "test_card")
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    TEST_CARD_FIELD_NUMBER: _ClassVar[int]
    issuer: str
    request_id: str
    product: str
    lane: _common_pb2.Lane
    rules: _containers.RepeatedScalarFieldContainer[str]
    test_card: bool
    def __init__(self, issuer: _Optional[str] = ..., request_id: _Optional[str] = ..., product: _Optional[str] = ..., lane: _Optional[_Union[_common_pb2.Lane, str]] = ..., rules: _Optional[_Iterable[str]] = ..., test_card: _Optional[bool] = ...) -> None: ...

class RequestRefused(_message.Message):
    __slots__ = ("issuer", "request_id", "product", "code", "detail")
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    issuer: str
    request_id: str
    product: str
    code: str
    detail: str
    def __init__(self, issuer: _Optional[str] = ..., request_id: _Optional[str] = ..., product: _Optional[str] = ..., code: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class Prepared(_message.Message):
    __slots__ = ("product_version", "route", "max_attempts", "truncated_pan", "sections", "material", "keys")
    PRODUCT_VERSION_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_PAN_FIELD_NUMBER: _ClassVar[int]
    SECTIONS_FIELD_NUMBER: _ClassVar[int]
    MATERIAL_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    product_version: int
    route: _containers.RepeatedScalarFieldContainer[_common_pb2.Operation]
    max_attempts: int
    truncated_pan: str
    sections: _containers.RepeatedScalarFieldContainer[str]
    material: str
    keys: _containers.RepeatedCompositeFieldContainer[KeyCheck]
    def __init__(self, product_version: _Optional[int] = ..., route: _Optional[_Iterable[_Union[_common_pb2.Operation, str]]] = ..., max_attempts: _Optional[int] = ..., truncated_pan: _Optional[str] = ..., sections: _Optional[_Iterable[str]] = ..., material: _Optional[str] = ..., keys: _Optional[_Iterable[_Union[KeyCheck, _Mapping]]] = ...) -> None: ...

class PreparationRefused(_message.Message):
    __slots__ = ("code", "detail")
    CODE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    code: str
    detail: str
    def __init__(self, code: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class ExceptionOpened(_message.Message):
    __slots__ = ("code", "detail")
    CODE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    code: str
    detail: str
    def __init__(self, code: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class KeysDerived(_message.Message):
    __slots__ = ("keys",)
    KEYS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[KeyCheck]
    def __init__(self, keys: _Optional[_Iterable[_Union[KeyCheck, _Mapping]]] = ...) -> None: ...

class KeyCheck(_message.Message):
    __slots__ = ("usage", "master", "kcv")
    USAGE_FIELD_NUMBER: _ClassVar[int]
    MASTER_FIELD_NUMBER: _ClassVar[int]
    KCV_FIELD_NUMBER: _ClassVar[int]
    usage: str
    master: str
    kcv: bytes
    def __init__(self, usage: _Optional[str] = ..., master: _Optional[str] = ..., kcv: _Optional[bytes] = ...) -> None: ...

class Printed(_message.Message):
    __slots__ = ("blank_serial", "device", "design_digest")
    BLANK_SERIAL_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    DESIGN_DIGEST_FIELD_NUMBER: _ClassVar[int]
    blank_serial: str
    device: str
    design_digest: bytes
    def __init__(self, blank_serial: _Optional[str] = ..., device: _Optional[str] = ..., design_digest: _Optional[bytes] = ...) -> None: ...

class Encoded(_message.Message):
    __slots__ = ("blank_serial", "device", "tracks", "chip_serial", "cplc", "atc", "key_version")
    BLANK_SERIAL_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    TRACKS_FIELD_NUMBER: _ClassVar[int]
    CHIP_SERIAL_FIELD_NUMBER: _ClassVar[int]
    CPLC_FIELD_NUMBER: _ClassVar[int]
    ATC_FIELD_NUMBER: _ClassVar[int]
    KEY_VERSION_FIELD_NUMBER: _ClassVar[int]
    blank_serial: str
    device: str
    tracks: _containers.RepeatedScalarFieldContainer[int]
    chip_serial: str
    cplc: bytes
    atc: int
    key_version: int
    def __init__(self, blank_serial: _Optional[str] = ..., device: _Optional[str] = ..., tracks: _Optional[_Iterable[int]] = ..., chip_serial: _Optional[str] = ..., cplc: _Optional[bytes] = ..., atc: _Optional[int] = ..., key_version: _Optional[int] = ...) -> None: ...

class Inspected(_message.Message):
    __slots__ = ("blank_serial", "passed", "defects", "device", "atc", "transaction")
    BLANK_SERIAL_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    DEFECTS_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    ATC_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_FIELD_NUMBER: _ClassVar[int]
    blank_serial: str
    passed: bool
    defects: _containers.RepeatedScalarFieldContainer[str]
    device: str
    atc: int
    transaction: str
    def __init__(self, blank_serial: _Optional[str] = ..., passed: _Optional[bool] = ..., defects: _Optional[_Iterable[str]] = ..., device: _Optional[str] = ..., atc: _Optional[int] = ..., transaction: _Optional[str] = ...) -> None: ...

class Packed(_message.Message):
    __slots__ = ("sscc", "slot")
    SSCC_FIELD_NUMBER: _ClassVar[int]
    SLOT_FIELD_NUMBER: _ClassVar[int]
    sscc: str
    slot: int
    def __init__(self, sscc: _Optional[str] = ..., slot: _Optional[int] = ...) -> None: ...

class Dispatched(_message.Message):
    __slots__ = ("sscc", "permit")
    SSCC_FIELD_NUMBER: _ClassVar[int]
    PERMIT_FIELD_NUMBER: _ClassVar[int]
    sscc: str
    permit: bytes
    def __init__(self, sscc: _Optional[str] = ..., permit: _Optional[bytes] = ...) -> None: ...

class Destroyed(_message.Message):
    __slots__ = ("blank_serial", "device")
    BLANK_SERIAL_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    blank_serial: str
    device: str
    def __init__(self, blank_serial: _Optional[str] = ..., device: _Optional[str] = ...) -> None: ...

class OperationFailed(_message.Message):
    __slots__ = ("code", "detail", "disposition", "blank_serial", "device", "form_serial")
    CODE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    DISPOSITION_FIELD_NUMBER: _ClassVar[int]
    BLANK_SERIAL_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    FORM_SERIAL_FIELD_NUMBER: _ClassVar[int]
    code: str
    detail: str
    disposition: Disposition
    blank_serial: str
    device: str
    form_serial: str
    def __init__(self, code: _Optional[str] = ..., detail: _Optional[str] = ..., disposition: _Optional[_Union[Disposition, str]] = ..., blank_serial: _Optional[str] = ..., device: _Optional[str] = ..., form_serial: _Optional[str] = ...) -> None: ...

class OperationCancelled(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PinMailed(_message.Message):
    __slots__ = ("form_serial", "device")
    FORM_SERIAL_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    form_serial: str
    device: str
    def __init__(self, form_serial: _Optional[str] = ..., device: _Optional[str] = ...) -> None: ...

class Erased(_message.Message):
    __slots__ = ("sections", "cause", "report_digest")
    SECTIONS_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    REPORT_DIGEST_FIELD_NUMBER: _ClassVar[int]
    sections: _containers.RepeatedScalarFieldContainer[str]
    cause: str
    report_digest: bytes
    def __init__(self, sections: _Optional[_Iterable[str]] = ..., cause: _Optional[str] = ..., report_digest: _Optional[bytes] = ...) -> None: ...

class KeyChanged(_message.Message):
    __slots__ = ("key_id", "change", "state", "usage", "algorithm", "kcv", "environment", "owner", "custodians", "minutes", "entry", "entry_hash")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    KCV_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    CUSTODIANS_FIELD_NUMBER: _ClassVar[int]
    MINUTES_FIELD_NUMBER: _ClassVar[int]
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    ENTRY_HASH_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    change: str
    state: str
    usage: str
    algorithm: str
    kcv: bytes
    environment: str
    owner: str
    custodians: _containers.RepeatedScalarFieldContainer[str]
    minutes: bytes
    entry: int
    entry_hash: bytes
    def __init__(self, key_id: _Optional[str] = ..., change: _Optional[str] = ..., state: _Optional[str] = ..., usage: _Optional[str] = ..., algorithm: _Optional[str] = ..., kcv: _Optional[bytes] = ..., environment: _Optional[str] = ..., owner: _Optional[str] = ..., custodians: _Optional[_Iterable[str]] = ..., minutes: _Optional[bytes] = ..., entry: _Optional[int] = ..., entry_hash: _Optional[bytes] = ...) -> None: ...

class LotReceived(_message.Message):
    __slots__ = ("lot", "material", "quantity")
    LOT_FIELD_NUMBER: _ClassVar[int]
    MATERIAL_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    lot: str
    material: str
    quantity: int
    def __init__(self, lot: _Optional[str] = ..., material: _Optional[str] = ..., quantity: _Optional[int] = ...) -> None: ...

class LotIssued(_message.Message):
    __slots__ = ("lot", "device", "quantity")
    LOT_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    lot: str
    device: str
    quantity: int
    def __init__(self, lot: _Optional[str] = ..., device: _Optional[str] = ..., quantity: _Optional[int] = ...) -> None: ...

class Command(_message.Message):
    __slots__ = ("verb", "reason")
    VERB_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    verb: Verb
    reason: str
    def __init__(self, verb: _Optional[_Union[Verb, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class DispatchPermitted(_message.Message):
    __slots__ = ("sscc",)
    SSCC_FIELD_NUMBER: _ClassVar[int]
    sscc: str
    def __init__(self, sscc: _Optional[str] = ...) -> None: ...

class Parked(_message.Message):
    __slots__ = ("fact_id", "code")
    FACT_ID_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    fact_id: str
    code: str
    def __init__(self, fact_id: _Optional[str] = ..., code: _Optional[str] = ...) -> None: ...
