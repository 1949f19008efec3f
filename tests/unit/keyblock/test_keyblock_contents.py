import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.cipher import ClearAes, ClearTdes
from cardwright.keyblock.block import unwrap, wrap
from cardwright.keyblock.certificates import (
    Certificate,
    CertificateFormat,
    encode_certificates,
    parse_certificates,
)
from cardwright.keyblock.contents import (
    BaseDerivationKeyId,
    Derivation,
    HmacHash,
    KeyLife,
    Pedigree,
    encode_derivations,
    parse_content,
    parse_derivations,
)
from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.fields import Algorithm, Exportability, Mode, Usage, Version
from cardwright.keyblock.header import Header, parse_header
from cardwright.keyblock.kcv import CheckMethod, CheckValue, check_value
from cardwright.keyblock.moments import encode_moment, parse_moment
from cardwright.keyblock.optional import OptionalBlock
from cardwright.secret import SecretBytes
from tests.unit.keyblock.keyblock_kit import (
    base_key_ids,
    certificates,
    check_values,
    derivations,
    moments,
)

AES = ClearAes(SecretBytes(bytes(range(32))))
KEY = SecretBytes(bytes(16))
HEADER = Header(
    version=Version.DERIVATION_AES,
    usage=Usage.KEY_DERIVATION,
    algorithm=Algorithm.AES,
    mode=Mode.DERIVE,
    exportability=Exportability.NONE,
)


@given(base_key_ids)
def test_base_key_identifiers_round_trip(value: BaseDerivationKeyId) -> None:
    assert parse_content(OptionalBlock("BI", value.encode())) == value


@given(st.lists(derivations, min_size=1, max_size=5).map(tuple))
def test_derivations_round_trip(value: tuple[Derivation, ...]) -> None:
    assert parse_content(OptionalBlock("DA", encode_derivations(value))) == value


@given(st.lists(certificates, min_size=1, max_size=4).map(tuple))
def test_certificates_round_trip(value: tuple[Certificate, ...]) -> None:
    assert parse_content(OptionalBlock("CT", encode_certificates(value))) == value


@given(check_values, st.sampled_from(["KC", "KP", "PK"]))
def test_check_values_round_trip(value: CheckValue, identifier: str) -> None:
    assert parse_content(OptionalBlock(identifier, value.encode())) == value


@given(moments, st.sampled_from(["TC", "TS"]))
def test_times_round_trip(value: dt.datetime, identifier: str) -> None:
    assert parse_content(OptionalBlock(identifier, encode_moment(value))) == value


@pytest.mark.parametrize("value", [*KeyLife, *HmacHash, *Pedigree])
def test_tables_round_trip(value: KeyLife | HmacHash | Pedigree) -> None:
    identifier = {KeyLife: "AL", HmacHash: "HM", Pedigree: "WP"}[type(value)]
    assert parse_content(OptionalBlock(identifier, value.encode())) is value


def test_the_examples_of_x9_143_6_3_6() -> None:
    # As the public test suite of the Rust crate keyblock has them.
    assert parse_derivations("01P0TENM0TGN") == (
        Derivation(Usage.PIN_ENCRYPTION, Algorithm.TDES, Mode.ENCRYPT, Exportability.NONE),
        Derivation(Usage.MAC_ISO_16609, Algorithm.TDES, Mode.GENERATE, Exportability.NONE),
    )
    assert parse_content(OptionalBlock("HM", "21")) is HmacHash.SHA_256
    assert parse_content(OptionalBlock("WP", "001")) is Pedigree.WEAKER
    assert parse_content(OptionalBlock("BI", "001234567812")) == BaseDerivationKeyId(
        Algorithm.TDES, bytes.fromhex("1234567812")
    )
    assert parse_content(OptionalBlock("IK", "1234567812345678")) == bytes.fromhex(
        "1234567812345678"
    )


def test_the_four_forms_of_a_time() -> None:
    second = dt.datetime(2020, 8, 18, 22, 12, 18, tzinfo=dt.UTC)
    hundredths = second.replace(microsecond=390_000)
    assert parse_moment("20200818221218Z") == parse_moment("2020-08-18T22:12:18Z") == second
    assert parse_moment("2020081822121839Z") == hundredths
    assert parse_moment("2020-08-18T22:12:18.39Z") == hundredths
    assert encode_moment(hundredths) == "20200818221218Z"
    elsewhere = second.astimezone(dt.timezone(dt.timedelta(hours=2)))
    assert encode_moment(elsewhere) == "20200818221218Z"
    with pytest.raises(KeyBlockError):
        encode_moment(dt.datetime(2020, 8, 18))  # noqa: DTZ001  # it is refused for that


def test_what_x9_143_does_not_define_is_left_as_it_is() -> None:
    assert parse_content(OptionalBlock("10", "IBMC01")) == "IBMC01"
    assert parse_content(OptionalBlock("FL", "anything")) == "anything"


MALFORMED = {
    "AL": ["", "0102", "0000", "01"],
    "BI": ["", "021234567812", "0012345678", "0112345678FF", "00123456781g", "01abcdef12"],
    "CT": ["", "00!", "03AAAA", "02", "0200", "0200FFFFAAAA", "020000", "020000040AAAA", "00AAA"],
    "DA": ["", "01", "02P0TEE", "01P0TE", "01P0TEX", "01Z0TEE", "01P0TCE", "01P0TEEP"],
    "HM": ["", "00", "2", "211"],
    "IK": ["", "12345678123456", "1234567812345g78", "1234 67812345678"],
    "KC": ["00", "0212", "0012345678", "01123456789012", "00123", "0 12"],
    "KS": ["", "VM9A", "123456789012345", "123456789012345678", "1234567890123456789a"],
    "KV": ["", "00000", "00-0"],
    "TS": ["", "2018-06-18T20:42:39.22", "20180618204239", "20180631204239Z", "20180618 204239Z"],
    "WP": ["", "004", "00", "010"],
}


@pytest.mark.parametrize(
    ("identifier", "data"), [(i, d) for i, ds in MALFORMED.items() for d in ds]
)
def test_malformed_contents_are_refused_and_not_written(identifier: str, data: str) -> None:
    with pytest.raises(KeyBlockError):
        parse_content(OptionalBlock(identifier, data))
    header = dataclasses.replace(HEADER, blocks=(OptionalBlock(identifier, data),))
    with pytest.raises(KeyBlockError):
        wrap(AES, header, KEY)


def test_malformed_contents_of_others_are_read_as_they_are() -> None:
    # IBM's CCA manual gives "DE#GBIC#OPT1" as a KS block of the German banks.
    text = "D0080B3AX00N0100KS10DE#GBIC#OPT1"
    header = parse_header(text + "0" * (80 - len(text)))
    assert header.blocks == (OptionalBlock("KS", "DE#GBIC#OPT1"),)


def code_of(header: Header, key: SecretBytes = KEY) -> str:
    with pytest.raises(KeyBlockError) as caught:
        wrap(AES, header, key)
    return caught.value.code


def test_contents_fit_their_key() -> None:
    derivation = (OptionalBlock("DA", "01P0TEE"),)
    assert unwrap(AES, wrap(AES, dataclasses.replace(HEADER, blocks=derivation), KEY))[1] == KEY
    other = dataclasses.replace(HEADER, usage=Usage.BASE_DERIVATION, blocks=derivation)
    assert code_of(other) == "KEYBLOCK_OPTIONAL"
    base = dataclasses.replace(HEADER, blocks=(OptionalBlock("BI", "0112345678"),))
    assert unwrap(AES, wrap(AES, base, KEY)) == (base, KEY)
    assert code_of(dataclasses.replace(base, algorithm=Algorithm.TDES)) == "KEYBLOCK_OPTIONAL"
    hashed = dataclasses.replace(HEADER, blocks=(OptionalBlock("HM", "21"),))
    assert code_of(hashed) == "KEYBLOCK_OPTIONAL"
    unhashed = dataclasses.replace(
        HEADER, usage=Usage.HMAC, algorithm=Algorithm.HMAC, mode=Mode.VERIFY
    )
    assert code_of(unhashed) == "KEYBLOCK_OPTIONAL"


def test_constructed_values_are_checked() -> None:
    with pytest.raises(KeyBlockError):
        CheckValue(CheckMethod.LEGACY, bytes(4))
    with pytest.raises(KeyBlockError):
        CheckValue(CheckMethod.CMAC, b"")
    with pytest.raises(KeyBlockError):
        BaseDerivationKeyId(Algorithm.AES, bytes(5))
    with pytest.raises(KeyBlockError):
        encode_certificates([])
    with pytest.raises(KeyBlockError):
        encode_certificates([Certificate(CertificateFormat.EMV, bytes(49_150))] * 2)
    assert parse_certificates("01AAAA") == (Certificate(CertificateFormat.EMV, bytes(3)),)


def test_check_values_by_both_methods_belong_to_their_key() -> None:
    tdes = ClearTdes(SecretBytes(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")))
    # The legacy value of this key is in every security module's manual; the AES one is published
    # with X9.143-2021, 8.6, as KP of its protection key.
    assert check_value(tdes).encode() == "0008D7B4"
    protection = ClearAes(
        SecretBytes(
            bytes.fromhex("88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6")
        )
    )
    assert check_value(protection).encode() == "012331550BC9"
    cmac = CheckValue(CheckMethod.CMAC, tdes.cmac(bytes(8))[:5])
    assert cmac.belongs_to(tdes)
    assert not cmac.belongs_to(protection)
    assert CheckValue(CheckMethod.LEGACY, protection.encrypt(bytes(16))[:3]).belongs_to(protection)
