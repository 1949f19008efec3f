from cardwright.proto.vault.v1 import sections_pb2 as _sections_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ChipStage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHIP_STAGE_UNSPECIFIED: _ClassVar[ChipStage]
    CHIP_STAGE_PERSONALIZE: _ClassVar[ChipStage]
    CHIP_STAGE_PROVE_KEYS: _ClassVar[ChipStage]
    CHIP_STAGE_SECURE_CARD: _ClassVar[ChipStage]
CHIP_STAGE_UNSPECIFIED: ChipStage
CHIP_STAGE_PERSONALIZE: ChipStage
CHIP_STAGE_PROVE_KEYS: ChipStage
CHIP_STAGE_SECURE_CARD: ChipStage

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
    __slots__ = ("cvk", "pan", "expiry", "service_code", "environment", "cvc3")
    CVK_FIELD_NUMBER: _ClassVar[int]
    PAN_FIELD_NUMBER: _ClassVar[int]
    EXPIRY_FIELD_NUMBER: _ClassVar[int]
    SERVICE_CODE_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    CVC3_FIELD_NUMBER: _ClassVar[int]
    cvk: str
    pan: str
    expiry: str
    service_code: str
    environment: str
    cvc3: Cvc3Tracks
    def __init__(self, cvk: _Optional[str] = ..., pan: _Optional[str] = ..., expiry: _Optional[str] = ..., service_code: _Optional[str] = ..., environment: _Optional[str] = ..., cvc3: _Optional[_Union[Cvc3Tracks, _Mapping]] = ...) -> None: ...

class Cvc3Tracks(_message.Message):
    __slots__ = ("imk_cvc3", "sequence_number", "track1", "track2")
    IMK_CVC3_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    TRACK1_FIELD_NUMBER: _ClassVar[int]
    TRACK2_FIELD_NUMBER: _ClassVar[int]
    imk_cvc3: str
    sequence_number: str
    track1: str
    track2: str
    def __init__(self, imk_cvc3: _Optional[str] = ..., sequence_number: _Optional[str] = ..., track1: _Optional[str] = ..., track2: _Optional[str] = ...) -> None: ...

class CardValuesResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[CardValuesResult]
    def __init__(self, results: _Optional[_Iterable[_Union[CardValuesResult, _Mapping]]] = ...) -> None: ...

class CardValuesResult(_message.Message):
    __slots__ = ("cvv", "cvv2", "icvv", "error", "cvk", "track1_vector", "track2_vector")
    CVV_FIELD_NUMBER: _ClassVar[int]
    CVV2_FIELD_NUMBER: _ClassVar[int]
    ICVV_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    CVK_FIELD_NUMBER: _ClassVar[int]
    TRACK1_VECTOR_FIELD_NUMBER: _ClassVar[int]
    TRACK2_VECTOR_FIELD_NUMBER: _ClassVar[int]
    cvv: str
    cvv2: str
    icvv: str
    error: str
    cvk: str
    track1_vector: bytes
    track2_vector: bytes
    def __init__(self, cvv: _Optional[str] = ..., cvv2: _Optional[str] = ..., icvv: _Optional[str] = ..., error: _Optional[str] = ..., cvk: _Optional[str] = ..., track1_vector: _Optional[bytes] = ..., track2_vector: _Optional[bytes] = ...) -> None: ...

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
    __slots__ = ("sealed", "checks", "error", "sealed_certificates")
    SEALED_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    SEALED_CERTIFICATES_FIELD_NUMBER: _ClassVar[int]
    sealed: bytes
    checks: _containers.RepeatedCompositeFieldContainer[DerivedKeyCheck]
    error: str
    sealed_certificates: bytes
    def __init__(self, sealed: _Optional[bytes] = ..., checks: _Optional[_Iterable[_Union[DerivedKeyCheck, _Mapping]]] = ..., error: _Optional[str] = ..., sealed_certificates: _Optional[bytes] = ...) -> None: ...

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
    __slots__ = ("card_id", "kmc", "host_challenge", "initialize_update", "prologue", "dgis", "sealed_keys", "applications", "channel", "stage", "installed")
    CARD_ID_FIELD_NUMBER: _ClassVar[int]
    KMC_FIELD_NUMBER: _ClassVar[int]
    HOST_CHALLENGE_FIELD_NUMBER: _ClassVar[int]
    INITIALIZE_UPDATE_FIELD_NUMBER: _ClassVar[int]
    PROLOGUE_FIELD_NUMBER: _ClassVar[int]
    DGIS_FIELD_NUMBER: _ClassVar[int]
    SEALED_KEYS_FIELD_NUMBER: _ClassVar[int]
    APPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    INSTALLED_FIELD_NUMBER: _ClassVar[int]
    card_id: str
    kmc: str
    host_challenge: bytes
    initialize_update: bytes
    prologue: _containers.RepeatedScalarFieldContainer[bytes]
    dgis: _containers.RepeatedScalarFieldContainer[bytes]
    sealed_keys: bytes
    applications: _containers.RepeatedCompositeFieldContainer[_sections_pb2.ChipApplication]
    channel: _sections_pb2.ChipChannel
    stage: ChipStage
    installed: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, card_id: _Optional[str] = ..., kmc: _Optional[str] = ..., host_challenge: _Optional[bytes] = ..., initialize_update: _Optional[bytes] = ..., prologue: _Optional[_Iterable[bytes]] = ..., dgis: _Optional[_Iterable[bytes]] = ..., sealed_keys: _Optional[bytes] = ..., applications: _Optional[_Iterable[_Union[_sections_pb2.ChipApplication, _Mapping]]] = ..., channel: _Optional[_Union[_sections_pb2.ChipChannel, _Mapping]] = ..., stage: _Optional[_Union[ChipStage, str]] = ..., installed: _Optional[_Iterable[bytes]] = ...) -> None: ...

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
    __slots__ = ("key_id", "algorithm", "value", "state")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    algorithm: str
    value: bytes
    state: str
    def __init__(self, key_id: _Optional[str] = ..., algorithm: _Optional[str] = ..., value: _Optional[bytes] = ..., state: _Optional[str] = ...) -> None: ...

class CheckPersonalizationRequest(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[ChipAnswers]
    def __init__(self, items: _Optional[_Iterable[_Union[ChipAnswers, _Mapping]]] = ...) -> None: ...

class ChipAnswers(_message.Message):
    __slots__ = ("chip", "responses")
    CHIP_FIELD_NUMBER: _ClassVar[int]
    RESPONSES_FIELD_NUMBER: _ClassVar[int]
    chip: PersonalizeItem
    responses: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, chip: _Optional[_Union[PersonalizeItem, _Mapping]] = ..., responses: _Optional[_Iterable[bytes]] = ...) -> None: ...

class CheckPersonalizationResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[ChipVerdict]
    def __init__(self, results: _Optional[_Iterable[_Union[ChipVerdict, _Mapping]]] = ...) -> None: ...

class ChipVerdict(_message.Message):
    __slots__ = ("reason", "index", "status", "key_version", "keys_uncertain", "error")
    REASON_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    KEY_VERSION_FIELD_NUMBER: _ClassVar[int]
    KEYS_UNCERTAIN_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    reason: str
    index: int
    status: int
    key_version: int
    keys_uncertain: bool
    error: str
    def __init__(self, reason: _Optional[str] = ..., index: _Optional[int] = ..., status: _Optional[int] = ..., key_version: _Optional[int] = ..., keys_uncertain: _Optional[bool] = ..., error: _Optional[str] = ...) -> None: ...

class CheckBadgesRequest(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[BadgeProof]
    def __init__(self, items: _Optional[_Iterable[_Union[BadgeProof, _Mapping]]] = ...) -> None: ...

class BadgeProof(_message.Message):
    __slots__ = ("card_id", "sealed_keys", "instance_aid", "challenge", "answer")
    CARD_ID_FIELD_NUMBER: _ClassVar[int]
    SEALED_KEYS_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_AID_FIELD_NUMBER: _ClassVar[int]
    CHALLENGE_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    card_id: str
    sealed_keys: bytes
    instance_aid: bytes
    challenge: bytes
    answer: bytes
    def __init__(self, card_id: _Optional[str] = ..., sealed_keys: _Optional[bytes] = ..., instance_aid: _Optional[bytes] = ..., challenge: _Optional[bytes] = ..., answer: _Optional[bytes] = ...) -> None: ...

class CheckBadgesResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[BadgeVerdict]
    def __init__(self, results: _Optional[_Iterable[_Union[BadgeVerdict, _Mapping]]] = ...) -> None: ...

class BadgeVerdict(_message.Message):
    __slots__ = ("genuine", "error")
    GENUINE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    genuine: bool
    error: str
    def __init__(self, genuine: _Optional[bool] = ..., error: _Optional[str] = ...) -> None: ...

class ExportPersonalizationRequest(_message.Message):
    __slots__ = ("recipient", "items")
    RECIPIENT_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    recipient: str
    items: _containers.RepeatedCompositeFieldContainer[SealedItem]
    def __init__(self, recipient: _Optional[str] = ..., items: _Optional[_Iterable[_Union[SealedItem, _Mapping]]] = ...) -> None: ...

class ExportPersonalizationResponse(_message.Message):
    __slots__ = ("key_block", "results")
    KEY_BLOCK_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    key_block: str
    results: _containers.RepeatedCompositeFieldContainer[ExportedCard]
    def __init__(self, key_block: _Optional[str] = ..., results: _Optional[_Iterable[_Union[ExportedCard, _Mapping]]] = ...) -> None: ...

class ExportedCard(_message.Message):
    __slots__ = ("applications", "error")
    APPLICATIONS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    applications: _containers.RepeatedCompositeFieldContainer[_sections_pb2.ApplicationKeys]
    error: str
    def __init__(self, applications: _Optional[_Iterable[_Union[_sections_pb2.ApplicationKeys, _Mapping]]] = ..., error: _Optional[str] = ...) -> None: ...

class PreparePinsRequest(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[PinItem]
    def __init__(self, items: _Optional[_Iterable[_Union[PinItem, _Mapping]]] = ...) -> None: ...

class PinItem(_message.Message):
    __slots__ = ("card_id", "pan", "length", "pin_block", "pin_key", "method", "pvk", "pvk_index", "mailed", "environment")
    CARD_ID_FIELD_NUMBER: _ClassVar[int]
    PAN_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    PIN_BLOCK_FIELD_NUMBER: _ClassVar[int]
    PIN_KEY_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    PVK_FIELD_NUMBER: _ClassVar[int]
    PVK_INDEX_FIELD_NUMBER: _ClassVar[int]
    MAILED_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    card_id: str
    pan: str
    length: int
    pin_block: bytes
    pin_key: str
    method: str
    pvk: str
    pvk_index: int
    mailed: bool
    environment: str
    def __init__(self, card_id: _Optional[str] = ..., pan: _Optional[str] = ..., length: _Optional[int] = ..., pin_block: _Optional[bytes] = ..., pin_key: _Optional[str] = ..., method: _Optional[str] = ..., pvk: _Optional[str] = ..., pvk_index: _Optional[int] = ..., mailed: _Optional[bool] = ..., environment: _Optional[str] = ...) -> None: ...

class PreparePinsResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[PreparedPin]
    def __init__(self, results: _Optional[_Iterable[_Union[PreparedPin, _Mapping]]] = ...) -> None: ...

class PreparedPin(_message.Message):
    __slots__ = ("sealed_for_chip", "sealed_for_mailer", "verification", "error", "pvk")
    SEALED_FOR_CHIP_FIELD_NUMBER: _ClassVar[int]
    SEALED_FOR_MAILER_FIELD_NUMBER: _ClassVar[int]
    VERIFICATION_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    PVK_FIELD_NUMBER: _ClassVar[int]
    sealed_for_chip: bytes
    sealed_for_mailer: bytes
    verification: str
    error: str
    pvk: str
    def __init__(self, sealed_for_chip: _Optional[bytes] = ..., sealed_for_mailer: _Optional[bytes] = ..., verification: _Optional[str] = ..., error: _Optional[str] = ..., pvk: _Optional[str] = ...) -> None: ...

class TranslatePinsRequest(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[PinTranslation]
    def __init__(self, items: _Optional[_Iterable[_Union[PinTranslation, _Mapping]]] = ...) -> None: ...

class PinTranslation(_message.Message):
    __slots__ = ("pin_block", "pan", "from_key", "from_format", "to_key", "to_format")
    PIN_BLOCK_FIELD_NUMBER: _ClassVar[int]
    PAN_FIELD_NUMBER: _ClassVar[int]
    FROM_KEY_FIELD_NUMBER: _ClassVar[int]
    FROM_FORMAT_FIELD_NUMBER: _ClassVar[int]
    TO_KEY_FIELD_NUMBER: _ClassVar[int]
    TO_FORMAT_FIELD_NUMBER: _ClassVar[int]
    pin_block: bytes
    pan: str
    from_key: str
    from_format: int
    to_key: str
    to_format: int
    def __init__(self, pin_block: _Optional[bytes] = ..., pan: _Optional[str] = ..., from_key: _Optional[str] = ..., from_format: _Optional[int] = ..., to_key: _Optional[str] = ..., to_format: _Optional[int] = ...) -> None: ...

class TranslatePinsResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[TranslatedPin]
    def __init__(self, results: _Optional[_Iterable[_Union[TranslatedPin, _Mapping]]] = ...) -> None: ...

class TranslatedPin(_message.Message):
    __slots__ = ("pin_block", "error")
    PIN_BLOCK_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    pin_block: bytes
    error: str
    def __init__(self, pin_block: _Optional[bytes] = ..., error: _Optional[str] = ...) -> None: ...

class AuthorizeRequest(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[AuthorizeItem]
    def __init__(self, items: _Optional[_Iterable[_Union[AuthorizeItem, _Mapping]]] = ...) -> None: ...

class AuthorizeItem(_message.Message):
    __slots__ = ("card_id", "imk_ac", "imk_smi", "derivation", "pan", "sequence_number", "objects", "response_code", "script")
    class ObjectsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: int
        value: bytes
        def __init__(self, key: _Optional[int] = ..., value: _Optional[bytes] = ...) -> None: ...
    CARD_ID_FIELD_NUMBER: _ClassVar[int]
    IMK_AC_FIELD_NUMBER: _ClassVar[int]
    IMK_SMI_FIELD_NUMBER: _ClassVar[int]
    DERIVATION_FIELD_NUMBER: _ClassVar[int]
    PAN_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_CODE_FIELD_NUMBER: _ClassVar[int]
    SCRIPT_FIELD_NUMBER: _ClassVar[int]
    card_id: str
    imk_ac: str
    imk_smi: str
    derivation: str
    pan: str
    sequence_number: str
    objects: _containers.ScalarMap[int, bytes]
    response_code: str
    script: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, card_id: _Optional[str] = ..., imk_ac: _Optional[str] = ..., imk_smi: _Optional[str] = ..., derivation: _Optional[str] = ..., pan: _Optional[str] = ..., sequence_number: _Optional[str] = ..., objects: _Optional[_Mapping[int, bytes]] = ..., response_code: _Optional[str] = ..., script: _Optional[_Iterable[bytes]] = ...) -> None: ...

class AuthorizeResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[Authorization]
    def __init__(self, results: _Optional[_Iterable[_Union[Authorization, _Mapping]]] = ...) -> None: ...

class Authorization(_message.Message):
    __slots__ = ("authentication_data", "scripts", "error")
    AUTHENTICATION_DATA_FIELD_NUMBER: _ClassVar[int]
    SCRIPTS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    authentication_data: bytes
    scripts: bytes
    error: str
    def __init__(self, authentication_data: _Optional[bytes] = ..., scripts: _Optional[bytes] = ..., error: _Optional[str] = ...) -> None: ...

class JournalRequest(_message.Message):
    __slots__ = ("after", "limit")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    after: int
    limit: int
    def __init__(self, after: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class JournalResponse(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[JournalEntry]
    def __init__(self, entries: _Optional[_Iterable[_Union[JournalEntry, _Mapping]]] = ...) -> None: ...

class JournalEntry(_message.Message):
    __slots__ = ("entry", "hash", "key_id", "change", "state", "usage", "algorithm", "kcv", "environment", "owner", "custodians", "minutes")
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    HASH_FIELD_NUMBER: _ClassVar[int]
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
    entry: int
    hash: bytes
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
    def __init__(self, entry: _Optional[int] = ..., hash: _Optional[bytes] = ..., key_id: _Optional[str] = ..., change: _Optional[str] = ..., state: _Optional[str] = ..., usage: _Optional[str] = ..., algorithm: _Optional[str] = ..., kcv: _Optional[bytes] = ..., environment: _Optional[str] = ..., owner: _Optional[str] = ..., custodians: _Optional[_Iterable[str]] = ..., minutes: _Optional[bytes] = ...) -> None: ...

class PoolStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PoolStatusResponse(_message.Message):
    __slots__ = ("pools",)
    POOLS_FIELD_NUMBER: _ClassVar[int]
    pools: _containers.RepeatedCompositeFieldContainer[Pool]
    def __init__(self, pools: _Optional[_Iterable[_Union[Pool, _Mapping]]] = ...) -> None: ...

class Pool(_message.Message):
    __slots__ = ("bits", "exponent", "ready", "low_water", "high_water", "used")
    BITS_FIELD_NUMBER: _ClassVar[int]
    EXPONENT_FIELD_NUMBER: _ClassVar[int]
    READY_FIELD_NUMBER: _ClassVar[int]
    LOW_WATER_FIELD_NUMBER: _ClassVar[int]
    HIGH_WATER_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    bits: int
    exponent: int
    ready: int
    low_water: int
    high_water: int
    used: int
    def __init__(self, bits: _Optional[int] = ..., exponent: _Optional[int] = ..., ready: _Optional[int] = ..., low_water: _Optional[int] = ..., high_water: _Optional[int] = ..., used: _Optional[int] = ...) -> None: ...
