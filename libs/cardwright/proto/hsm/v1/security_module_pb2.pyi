from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SignRequest(_message.Message):
    __slots__ = ("payloads",)
    PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    payloads: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, payloads: _Optional[_Iterable[bytes]] = ...) -> None: ...

class SignResponse(_message.Message):
    __slots__ = ("key_id", "signatures")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    signatures: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, key_id: _Optional[str] = ..., signatures: _Optional[_Iterable[bytes]] = ...) -> None: ...

class AgreeRequest(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Agreement]
    def __init__(self, items: _Optional[_Iterable[_Union[Agreement, _Mapping]]] = ...) -> None: ...

class Agreement(_message.Message):
    __slots__ = ("key_id", "public_key")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    public_key: bytes
    def __init__(self, key_id: _Optional[str] = ..., public_key: _Optional[bytes] = ...) -> None: ...

class AgreeResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[AgreeResult]
    def __init__(self, results: _Optional[_Iterable[_Union[AgreeResult, _Mapping]]] = ...) -> None: ...

class AgreeResult(_message.Message):
    __slots__ = ("shared_secret", "error")
    SHARED_SECRET_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    shared_secret: bytes
    error: str
    def __init__(self, shared_secret: _Optional[bytes] = ..., error: _Optional[str] = ...) -> None: ...

class UnwrapDataKeysRequest(_message.Message):
    __slots__ = ("section", "items")
    SECTION_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    section: str
    items: _containers.RepeatedCompositeFieldContainer[WrappedDataKey]
    def __init__(self, section: _Optional[str] = ..., items: _Optional[_Iterable[_Union[WrappedDataKey, _Mapping]]] = ...) -> None: ...

class WrappedDataKey(_message.Message):
    __slots__ = ("card_id", "key_id", "ephemeral", "wrapped_key")
    CARD_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    EPHEMERAL_FIELD_NUMBER: _ClassVar[int]
    WRAPPED_KEY_FIELD_NUMBER: _ClassVar[int]
    card_id: str
    key_id: str
    ephemeral: bytes
    wrapped_key: bytes
    def __init__(self, card_id: _Optional[str] = ..., key_id: _Optional[str] = ..., ephemeral: _Optional[bytes] = ..., wrapped_key: _Optional[bytes] = ...) -> None: ...

class UnwrapDataKeysResponse(_message.Message):
    __slots__ = ("data_keys",)
    DATA_KEYS_FIELD_NUMBER: _ClassVar[int]
    data_keys: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, data_keys: _Optional[_Iterable[bytes]] = ...) -> None: ...

class DigestRequest(_message.Message):
    __slots__ = ("key_label", "values")
    KEY_LABEL_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    key_label: str
    values: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, key_label: _Optional[str] = ..., values: _Optional[_Iterable[bytes]] = ...) -> None: ...

class DigestResponse(_message.Message):
    __slots__ = ("digests",)
    DIGESTS_FIELD_NUMBER: _ClassVar[int]
    digests: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, digests: _Optional[_Iterable[bytes]] = ...) -> None: ...

class CardValuesRequest(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[CardValuesItem]
    def __init__(self, items: _Optional[_Iterable[_Union[CardValuesItem, _Mapping]]] = ...) -> None: ...

class CardValuesItem(_message.Message):
    __slots__ = ("cvk", "pan", "expiry", "service_code")
    CVK_FIELD_NUMBER: _ClassVar[int]
    PAN_FIELD_NUMBER: _ClassVar[int]
    EXPIRY_FIELD_NUMBER: _ClassVar[int]
    SERVICE_CODE_FIELD_NUMBER: _ClassVar[int]
    cvk: str
    pan: str
    expiry: str
    service_code: str
    def __init__(self, cvk: _Optional[str] = ..., pan: _Optional[str] = ..., expiry: _Optional[str] = ..., service_code: _Optional[str] = ...) -> None: ...

class CardValuesResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[CardValuesResult]
    def __init__(self, results: _Optional[_Iterable[_Union[CardValuesResult, _Mapping]]] = ...) -> None: ...

class CardValuesResult(_message.Message):
    __slots__ = ("cvv", "cvv2", "icvv", "error")
    CVV_FIELD_NUMBER: _ClassVar[int]
    CVV2_FIELD_NUMBER: _ClassVar[int]
    ICVV_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    cvv: str
    cvv2: str
    icvv: str
    error: str
    def __init__(self, cvv: _Optional[str] = ..., cvv2: _Optional[str] = ..., icvv: _Optional[str] = ..., error: _Optional[str] = ...) -> None: ...

class DeriveCardKeysRequest(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[SealedItem]
    def __init__(self, items: _Optional[_Iterable[_Union[SealedItem, _Mapping]]] = ...) -> None: ...

class SealedItem(_message.Message):
    __slots__ = ("card_id", "sealed")
    CARD_ID_FIELD_NUMBER: _ClassVar[int]
    SEALED_FIELD_NUMBER: _ClassVar[int]
    card_id: str
    sealed: bytes
    def __init__(self, card_id: _Optional[str] = ..., sealed: _Optional[bytes] = ...) -> None: ...

class DeriveCardKeysResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[DerivedCardKeys]
    def __init__(self, results: _Optional[_Iterable[_Union[DerivedCardKeys, _Mapping]]] = ...) -> None: ...

class DerivedCardKeys(_message.Message):
    __slots__ = ("sealed", "checks", "error")
    SEALED_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    sealed: bytes
    checks: _containers.RepeatedCompositeFieldContainer[DerivedKeyCheck]
    error: str
    def __init__(self, sealed: _Optional[bytes] = ..., checks: _Optional[_Iterable[_Union[DerivedKeyCheck, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class DerivedKeyCheck(_message.Message):
    __slots__ = ("usage", "master", "kcv")
    USAGE_FIELD_NUMBER: _ClassVar[int]
    MASTER_FIELD_NUMBER: _ClassVar[int]
    KCV_FIELD_NUMBER: _ClassVar[int]
    usage: str
    master: str
    kcv: bytes
    def __init__(self, usage: _Optional[str] = ..., master: _Optional[str] = ..., kcv: _Optional[bytes] = ...) -> None: ...

class PersonalizeRequest(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[PersonalizeItem]
    def __init__(self, items: _Optional[_Iterable[_Union[PersonalizeItem, _Mapping]]] = ...) -> None: ...

class PersonalizeItem(_message.Message):
    __slots__ = ("card_id", "kmc", "host_challenge", "initialize_update", "prologue", "dgis", "sealed_keys")
    CARD_ID_FIELD_NUMBER: _ClassVar[int]
    KMC_FIELD_NUMBER: _ClassVar[int]
    HOST_CHALLENGE_FIELD_NUMBER: _ClassVar[int]
    INITIALIZE_UPDATE_FIELD_NUMBER: _ClassVar[int]
    PROLOGUE_FIELD_NUMBER: _ClassVar[int]
    DGIS_FIELD_NUMBER: _ClassVar[int]
    SEALED_KEYS_FIELD_NUMBER: _ClassVar[int]
    card_id: str
    kmc: str
    host_challenge: bytes
    initialize_update: bytes
    prologue: _containers.RepeatedScalarFieldContainer[bytes]
    dgis: _containers.RepeatedScalarFieldContainer[bytes]
    sealed_keys: bytes
    def __init__(self, card_id: _Optional[str] = ..., kmc: _Optional[str] = ..., host_challenge: _Optional[bytes] = ..., initialize_update: _Optional[bytes] = ..., prologue: _Optional[_Iterable[bytes]] = ..., dgis: _Optional[_Iterable[bytes]] = ..., sealed_keys: _Optional[bytes] = ...) -> None: ...

class PersonalizeResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[PersonalizeResult]
    def __init__(self, results: _Optional[_Iterable[_Union[PersonalizeResult, _Mapping]]] = ...) -> None: ...

class PersonalizeResult(_message.Message):
    __slots__ = ("script", "error")
    SCRIPT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    script: _containers.RepeatedScalarFieldContainer[bytes]
    error: str
    def __init__(self, script: _Optional[_Iterable[bytes]] = ..., error: _Optional[str] = ...) -> None: ...

class PublicKeysRequest(_message.Message):
    __slots__ = ("prefix",)
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    prefix: str
    def __init__(self, prefix: _Optional[str] = ...) -> None: ...

class PublicKeysResponse(_message.Message):
    __slots__ = ("keys",)
    KEYS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[PublicKey]
    def __init__(self, keys: _Optional[_Iterable[_Union[PublicKey, _Mapping]]] = ...) -> None: ...

class PublicKey(_message.Message):
    __slots__ = ("key_id", "algorithm", "value")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    algorithm: str
    value: bytes
    def __init__(self, key_id: _Optional[str] = ..., algorithm: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...
