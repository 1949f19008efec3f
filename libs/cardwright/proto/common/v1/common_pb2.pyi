from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class Lane(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LANE_UNSPECIFIED: _ClassVar[Lane]
    LANE_BATCH: _ClassVar[Lane]
    LANE_EXPRESS: _ClassVar[Lane]

class Operation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OPERATION_UNSPECIFIED: _ClassVar[Operation]
    OPERATION_PREPARE: _ClassVar[Operation]
    OPERATION_DERIVE_KEYS: _ClassVar[Operation]
    OPERATION_PRINT: _ClassVar[Operation]
    OPERATION_ENCODE: _ClassVar[Operation]
    OPERATION_INSPECT: _ClassVar[Operation]
    OPERATION_PACK: _ClassVar[Operation]
    OPERATION_DISPATCH: _ClassVar[Operation]
    OPERATION_DESTROY: _ClassVar[Operation]
    OPERATION_MAIL_PIN: _ClassVar[Operation]
LANE_UNSPECIFIED: Lane
LANE_BATCH: Lane
LANE_EXPRESS: Lane
OPERATION_UNSPECIFIED: Operation
OPERATION_PREPARE: Operation
OPERATION_DERIVE_KEYS: Operation
OPERATION_PRINT: Operation
OPERATION_ENCODE: Operation
OPERATION_INSPECT: Operation
OPERATION_PACK: Operation
OPERATION_DISPATCH: Operation
OPERATION_DESTROY: Operation
OPERATION_MAIL_PIN: Operation
