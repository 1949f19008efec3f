from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SealedBlob(_message.Message):
    __slots__ = ("key_id", "ephemeral", "wrapped_key", "nonce", "ciphertext")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    EPHEMERAL_FIELD_NUMBER: _ClassVar[int]
    WRAPPED_KEY_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    CIPHERTEXT_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    ephemeral: bytes
    wrapped_key: bytes
    nonce: bytes
    ciphertext: bytes
    def __init__(self, key_id: _Optional[str] = ..., ephemeral: _Optional[bytes] = ..., wrapped_key: _Optional[bytes] = ..., nonce: _Optional[bytes] = ..., ciphertext: _Optional[bytes] = ...) -> None: ...

class PrintSection(_message.Message):
    __slots__ = ("design", "text", "photo")
    class TextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    DESIGN_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    PHOTO_FIELD_NUMBER: _ClassVar[int]
    design: str
    text: _containers.ScalarMap[str, str]
    photo: bytes
    def __init__(self, design: _Optional[str] = ..., text: _Optional[_Mapping[str, str]] = ..., photo: _Optional[bytes] = ...) -> None: ...

class StripeSection(_message.Message):
    __slots__ = ("track1", "track2")
    TRACK1_FIELD_NUMBER: _ClassVar[int]
    TRACK2_FIELD_NUMBER: _ClassVar[int]
    track1: str
    track2: str
    def __init__(self, track1: _Optional[str] = ..., track2: _Optional[str] = ...) -> None: ...

class ChipSection(_message.Message):
    __slots__ = ("module_aid", "instance_aid", "dgis", "kmc")
    MODULE_AID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_AID_FIELD_NUMBER: _ClassVar[int]
    DGIS_FIELD_NUMBER: _ClassVar[int]
    KMC_FIELD_NUMBER: _ClassVar[int]
    module_aid: bytes
    instance_aid: bytes
    dgis: _containers.RepeatedScalarFieldContainer[bytes]
    kmc: str
    def __init__(self, module_aid: _Optional[bytes] = ..., instance_aid: _Optional[bytes] = ..., dgis: _Optional[_Iterable[bytes]] = ..., kmc: _Optional[str] = ...) -> None: ...

class KeysSection(_message.Message):
    __slots__ = ("diversifier", "sequence_number", "masters")
    class MastersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    DIVERSIFIER_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    MASTERS_FIELD_NUMBER: _ClassVar[int]
    diversifier: str
    sequence_number: str
    masters: _containers.ScalarMap[str, str]
    def __init__(self, diversifier: _Optional[str] = ..., sequence_number: _Optional[str] = ..., masters: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ChipKeysSection(_message.Message):
    __slots__ = ("keys",)
    class KeysEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: bytes
        def __init__(self, key: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...
    KEYS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.ScalarMap[str, bytes]
    def __init__(self, keys: _Optional[_Mapping[str, bytes]] = ...) -> None: ...

class InspectionSection(_message.Message):
    __slots__ = ("barcode", "track1", "track2", "instance_aid", "records")
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    TRACK1_FIELD_NUMBER: _ClassVar[int]
    TRACK2_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_AID_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    barcode: str
    track1: str
    track2: str
    instance_aid: bytes
    records: _containers.RepeatedCompositeFieldContainer[ChipRecord]
    def __init__(self, barcode: _Optional[str] = ..., track1: _Optional[str] = ..., track2: _Optional[str] = ..., instance_aid: _Optional[bytes] = ..., records: _Optional[_Iterable[_Union[ChipRecord, _Mapping]]] = ...) -> None: ...

class ChipRecord(_message.Message):
    __slots__ = ("sfi", "number", "content")
    SFI_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    sfi: int
    number: int
    content: bytes
    def __init__(self, sfi: _Optional[int] = ..., number: _Optional[int] = ..., content: _Optional[bytes] = ...) -> None: ...
