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
    __slots__ = ("track1", "track2", "track3", "coercivity")
    TRACK1_FIELD_NUMBER: _ClassVar[int]
    TRACK2_FIELD_NUMBER: _ClassVar[int]
    TRACK3_FIELD_NUMBER: _ClassVar[int]
    COERCIVITY_FIELD_NUMBER: _ClassVar[int]
    track1: str
    track2: str
    track3: str
    coercivity: str
    def __init__(self, track1: _Optional[str] = ..., track2: _Optional[str] = ..., track3: _Optional[str] = ..., coercivity: _Optional[str] = ...) -> None: ...

class ChipSection(_message.Message):
    __slots__ = ("module_aid", "instance_aid", "dgis", "kmc", "applications", "channel")
    MODULE_AID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_AID_FIELD_NUMBER: _ClassVar[int]
    DGIS_FIELD_NUMBER: _ClassVar[int]
    KMC_FIELD_NUMBER: _ClassVar[int]
    APPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    module_aid: bytes
    instance_aid: bytes
    dgis: _containers.RepeatedScalarFieldContainer[bytes]
    kmc: str
    applications: _containers.RepeatedCompositeFieldContainer[ChipApplication]
    channel: ChipChannel
    def __init__(self, module_aid: _Optional[bytes] = ..., instance_aid: _Optional[bytes] = ..., dgis: _Optional[_Iterable[bytes]] = ..., kmc: _Optional[str] = ..., applications: _Optional[_Iterable[_Union[ChipApplication, _Mapping]]] = ..., channel: _Optional[_Union[ChipChannel, _Mapping]] = ...) -> None: ...

class ChipApplication(_message.Message):
    __slots__ = ("module_aid", "instance_aid", "dgis")
    MODULE_AID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_AID_FIELD_NUMBER: _ClassVar[int]
    DGIS_FIELD_NUMBER: _ClassVar[int]
    module_aid: bytes
    instance_aid: bytes
    dgis: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, module_aid: _Optional[bytes] = ..., instance_aid: _Optional[bytes] = ..., dgis: _Optional[_Iterable[bytes]] = ...) -> None: ...

class ChipChannel(_message.Message):
    __slots__ = ("diversification", "security_level", "issuer_kmc", "issuer_key_version", "issuer_diversification", "store_data", "longest_command")
    DIVERSIFICATION_FIELD_NUMBER: _ClassVar[int]
    SECURITY_LEVEL_FIELD_NUMBER: _ClassVar[int]
    ISSUER_KMC_FIELD_NUMBER: _ClassVar[int]
    ISSUER_KEY_VERSION_FIELD_NUMBER: _ClassVar[int]
    ISSUER_DIVERSIFICATION_FIELD_NUMBER: _ClassVar[int]
    STORE_DATA_FIELD_NUMBER: _ClassVar[int]
    LONGEST_COMMAND_FIELD_NUMBER: _ClassVar[int]
    diversification: str
    security_level: int
    issuer_kmc: str
    issuer_key_version: int
    issuer_diversification: str
    store_data: str
    longest_command: int
    def __init__(self, diversification: _Optional[str] = ..., security_level: _Optional[int] = ..., issuer_kmc: _Optional[str] = ..., issuer_key_version: _Optional[int] = ..., issuer_diversification: _Optional[str] = ..., store_data: _Optional[str] = ..., longest_command: _Optional[int] = ...) -> None: ...

class KeysSection(_message.Message):
    __slots__ = ("diversifier", "sequence_number", "masters", "applications", "environment", "expiry", "sealed_pin")
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
    APPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    EXPIRY_FIELD_NUMBER: _ClassVar[int]
    SEALED_PIN_FIELD_NUMBER: _ClassVar[int]
    diversifier: str
    sequence_number: str
    masters: _containers.ScalarMap[str, str]
    applications: _containers.RepeatedCompositeFieldContainer[ApplicationRecipe]
    environment: str
    expiry: str
    sealed_pin: bytes
    def __init__(self, diversifier: _Optional[str] = ..., sequence_number: _Optional[str] = ..., masters: _Optional[_Mapping[str, str]] = ..., applications: _Optional[_Iterable[_Union[ApplicationRecipe, _Mapping]]] = ..., environment: _Optional[str] = ..., expiry: _Optional[str] = ..., sealed_pin: _Optional[bytes] = ...) -> None: ...

class ApplicationRecipe(_message.Message):
    __slots__ = ("instance_aid", "masters", "derivation", "offline_pin", "pin_tries", "authentication", "badge_diversifier", "contactless_authentication")
    class MastersEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    INSTANCE_AID_FIELD_NUMBER: _ClassVar[int]
    MASTERS_FIELD_NUMBER: _ClassVar[int]
    DERIVATION_FIELD_NUMBER: _ClassVar[int]
    OFFLINE_PIN_FIELD_NUMBER: _ClassVar[int]
    PIN_TRIES_FIELD_NUMBER: _ClassVar[int]
    AUTHENTICATION_FIELD_NUMBER: _ClassVar[int]
    BADGE_DIVERSIFIER_FIELD_NUMBER: _ClassVar[int]
    CONTACTLESS_AUTHENTICATION_FIELD_NUMBER: _ClassVar[int]
    instance_aid: bytes
    masters: _containers.ScalarMap[str, str]
    derivation: str
    offline_pin: bool
    pin_tries: int
    authentication: OfflineAuthentication
    badge_diversifier: bytes
    contactless_authentication: OfflineAuthentication
    def __init__(self, instance_aid: _Optional[bytes] = ..., masters: _Optional[_Mapping[str, str]] = ..., derivation: _Optional[str] = ..., offline_pin: _Optional[bool] = ..., pin_tries: _Optional[int] = ..., authentication: _Optional[_Union[OfflineAuthentication, _Mapping]] = ..., badge_diversifier: _Optional[bytes] = ..., contactless_authentication: _Optional[_Union[OfflineAuthentication, _Mapping]] = ...) -> None: ...

class OfflineAuthentication(_message.Message):
    __slots__ = ("method", "issuer_key", "icc_bits", "static_data", "records", "pin_bits", "icc_exponent")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    ISSUER_KEY_FIELD_NUMBER: _ClassVar[int]
    ICC_BITS_FIELD_NUMBER: _ClassVar[int]
    STATIC_DATA_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    PIN_BITS_FIELD_NUMBER: _ClassVar[int]
    ICC_EXPONENT_FIELD_NUMBER: _ClassVar[int]
    method: str
    issuer_key: str
    icc_bits: int
    static_data: bytes
    records: _containers.RepeatedCompositeFieldContainer[RecordTemplate]
    pin_bits: int
    icc_exponent: int
    def __init__(self, method: _Optional[str] = ..., issuer_key: _Optional[str] = ..., icc_bits: _Optional[int] = ..., static_data: _Optional[bytes] = ..., records: _Optional[_Iterable[_Union[RecordTemplate, _Mapping]]] = ..., pin_bits: _Optional[int] = ..., icc_exponent: _Optional[int] = ...) -> None: ...

class RecordTemplate(_message.Message):
    __slots__ = ("sfi", "number", "objects")
    SFI_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    sfi: int
    number: int
    objects: _containers.RepeatedCompositeFieldContainer[TemplateObject]
    def __init__(self, sfi: _Optional[int] = ..., number: _Optional[int] = ..., objects: _Optional[_Iterable[_Union[TemplateObject, _Mapping]]] = ...) -> None: ...

class TemplateObject(_message.Message):
    __slots__ = ("tag", "value")
    TAG_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    tag: int
    value: bytes
    def __init__(self, tag: _Optional[int] = ..., value: _Optional[bytes] = ...) -> None: ...

class ChipKeysSection(_message.Message):
    __slots__ = ("keys", "applications", "environment")
    class KeysEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: bytes
        def __init__(self, key: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...
    KEYS_FIELD_NUMBER: _ClassVar[int]
    APPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.ScalarMap[str, bytes]
    applications: _containers.RepeatedCompositeFieldContainer[ApplicationKeys]
    environment: str
    def __init__(self, keys: _Optional[_Mapping[str, bytes]] = ..., applications: _Optional[_Iterable[_Union[ApplicationKeys, _Mapping]]] = ..., environment: _Optional[str] = ...) -> None: ...

class ApplicationKeys(_message.Message):
    __slots__ = ("instance_aid", "sensitive", "plain")
    INSTANCE_AID_FIELD_NUMBER: _ClassVar[int]
    SENSITIVE_FIELD_NUMBER: _ClassVar[int]
    PLAIN_FIELD_NUMBER: _ClassVar[int]
    instance_aid: bytes
    sensitive: _containers.RepeatedScalarFieldContainer[bytes]
    plain: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, instance_aid: _Optional[bytes] = ..., sensitive: _Optional[_Iterable[bytes]] = ..., plain: _Optional[_Iterable[bytes]] = ...) -> None: ...

class CertificatesSection(_message.Message):
    __slots__ = ("applications",)
    APPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    applications: _containers.RepeatedCompositeFieldContainer[ApplicationRecords]
    def __init__(self, applications: _Optional[_Iterable[_Union[ApplicationRecords, _Mapping]]] = ...) -> None: ...

class ApplicationRecords(_message.Message):
    __slots__ = ("instance_aid", "records")
    INSTANCE_AID_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    instance_aid: bytes
    records: _containers.RepeatedCompositeFieldContainer[ChipRecord]
    def __init__(self, instance_aid: _Optional[bytes] = ..., records: _Optional[_Iterable[_Union[ChipRecord, _Mapping]]] = ...) -> None: ...

class PinSection(_message.Message):
    __slots__ = ("pin",)
    PIN_FIELD_NUMBER: _ClassVar[int]
    pin: str
    def __init__(self, pin: _Optional[str] = ...) -> None: ...

class MailerSection(_message.Message):
    __slots__ = ("name", "lines", "country", "issuer", "last_four")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    COUNTRY_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    LAST_FOUR_FIELD_NUMBER: _ClassVar[int]
    name: str
    lines: _containers.RepeatedScalarFieldContainer[str]
    country: str
    issuer: str
    last_four: str
    def __init__(self, name: _Optional[str] = ..., lines: _Optional[_Iterable[str]] = ..., country: _Optional[str] = ..., issuer: _Optional[str] = ..., last_four: _Optional[str] = ...) -> None: ...

class InspectionSection(_message.Message):
    __slots__ = ("barcode", "track1", "track2", "instance_aid", "records", "track3", "applications", "print", "imk_ac", "derivation", "imk_smi")
    class PrintEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    BARCODE_FIELD_NUMBER: _ClassVar[int]
    TRACK1_FIELD_NUMBER: _ClassVar[int]
    TRACK2_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_AID_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    TRACK3_FIELD_NUMBER: _ClassVar[int]
    APPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    PRINT_FIELD_NUMBER: _ClassVar[int]
    IMK_AC_FIELD_NUMBER: _ClassVar[int]
    DERIVATION_FIELD_NUMBER: _ClassVar[int]
    IMK_SMI_FIELD_NUMBER: _ClassVar[int]
    barcode: str
    track1: str
    track2: str
    instance_aid: bytes
    records: _containers.RepeatedCompositeFieldContainer[ChipRecord]
    track3: str
    applications: _containers.RepeatedCompositeFieldContainer[InspectedApplication]
    print: _containers.ScalarMap[str, str]
    imk_ac: str
    derivation: str
    imk_smi: str
    def __init__(self, barcode: _Optional[str] = ..., track1: _Optional[str] = ..., track2: _Optional[str] = ..., instance_aid: _Optional[bytes] = ..., records: _Optional[_Iterable[_Union[ChipRecord, _Mapping]]] = ..., track3: _Optional[str] = ..., applications: _Optional[_Iterable[_Union[InspectedApplication, _Mapping]]] = ..., print: _Optional[_Mapping[str, str]] = ..., imk_ac: _Optional[str] = ..., derivation: _Optional[str] = ..., imk_smi: _Optional[str] = ...) -> None: ...

class InspectedApplication(_message.Message):
    __slots__ = ("instance_aid", "records", "authentication", "afl", "aip")
    INSTANCE_AID_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    AUTHENTICATION_FIELD_NUMBER: _ClassVar[int]
    AFL_FIELD_NUMBER: _ClassVar[int]
    AIP_FIELD_NUMBER: _ClassVar[int]
    instance_aid: bytes
    records: _containers.RepeatedCompositeFieldContainer[ChipRecord]
    authentication: str
    afl: bytes
    aip: bytes
    def __init__(self, instance_aid: _Optional[bytes] = ..., records: _Optional[_Iterable[_Union[ChipRecord, _Mapping]]] = ..., authentication: _Optional[str] = ..., afl: _Optional[bytes] = ..., aip: _Optional[bytes] = ...) -> None: ...

class ChipRecord(_message.Message):
    __slots__ = ("sfi", "number", "content")
    SFI_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    sfi: int
    number: int
    content: bytes
    def __init__(self, sfi: _Optional[int] = ..., number: _Optional[int] = ..., content: _Optional[bytes] = ...) -> None: ...
