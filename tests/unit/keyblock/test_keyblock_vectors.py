import pytest

from cardwright.keyblock.block import unwrap, wrap
from cardwright.keyblock.certificates import CertificateFormat, parse_certificates
from cardwright.keyblock.contents import parse_content
from cardwright.keyblock.fields import Algorithm, Mode, Usage, Version
from cardwright.keyblock.header import parse_header
from cardwright.keyblock.moments import parse_moment
from cardwright.secret import SecretBytes
from tests.unit.keyblock.keyblock_vectors import VECTORS, Vector, kbpk_of

all_vectors = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.source)
with_padding = pytest.mark.parametrize(
    "vector", [v for v in VECTORS if v.padding], ids=lambda vector: vector.source
)


def named(source: str) -> Vector:
    return next(vector for vector in VECTORS if vector.source == source)


@all_vectors
def test_a_published_block_gives_its_key(vector: Vector) -> None:
    header, key = unwrap(kbpk_of(vector), vector.block)
    assert key.reveal().hex().upper() == vector.key
    assert header == parse_header(vector.block)


@with_padding
def test_the_published_padding_gives_the_published_block(vector: Vector) -> None:
    assert vector.padding is not None
    padding, key = bytes.fromhex(vector.padding), SecretBytes(bytes.fromhex(vector.key))
    asked: list[int] = []

    def published(length: int) -> bytes:
        asked.append(length)
        return padding

    header = parse_header(vector.block)
    # TR-31:2018's examples don't hide the key's length, and X9.143's do.
    masked_length = len(key) if vector.source.startswith("TR-31") else None
    block = wrap(kbpk_of(vector), header, key, masked_length=masked_length, random=published)
    assert block == vector.block
    assert asked == [len(padding)]


def test_a_headers_fields_are_read() -> None:
    header = parse_header(named("X9.143-2021, 8.4.2").block)
    assert (header.version, header.usage) == (Version.DERIVATION_TDES, Usage.BASE_DERIVATION)
    assert (header.algorithm, header.mode) == (Algorithm.TDES, Mode.DERIVE)
    assert header.key_version.text == "12"
    serial_number = header.block("KS")
    assert serial_number is not None
    assert parse_content(serial_number) == bytes.fromhex("00604B120F9292800000")
    assert header.block("KC") is None


def test_the_chain_of_certificates_of_8_6() -> None:
    header = parse_header(named("X9.143-2021, 8.6").block)
    assert [block.id for block in header.blocks] == ["CT", "KP", "TS"]
    chain = parse_certificates(header.blocks[0].data)
    assert [certificate.format for certificate in chain] == [CertificateFormat.X509] * 2
    assert [len(certificate.octets) for certificate in chain] == [562, 530]
    assert all(certificate.octets[:2] == b"\x30\x82" for certificate in chain)
    assert parse_moment(header.blocks[2].data).isoformat() == "2020-08-18T00:41:00+00:00"


def test_check_values_of_another_implementation() -> None:
    # openemv/tr31's expected header for this key under the protection key of TR-31:2018 A.7.4.
    vector = named("TR-31:2018, A.7.4")
    asked_for = parse_header("D0080P0TE00E0300KC04KP04PB08" + "0000" + "0" * 48)
    key = SecretBytes(bytes.fromhex("3F419E1CB7079442AA37474C2EFBF8B8"))
    block = wrap(kbpk_of(vector), asked_for, key, masked_length=16)
    assert block.startswith("D0144P0TE00E0300KC0C0057C409KP10012331550BC9PB04")
