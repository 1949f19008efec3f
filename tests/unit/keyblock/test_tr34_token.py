import dataclasses
import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.fields import Algorithm, Context, Exportability, Mode, Usage, Version
from cardwright.keyblock.header import Header, parse_fixed
from cardwright.keyblock.optional import OptionalBlock
from cardwright.keyblock.tr34 import der, pkcs1, signed
from cardwright.keyblock.tr34.envelope import Encipherment, seal_envelope
from cardwright.keyblock.tr34.errors import Tr34Error
from cardwright.keyblock.tr34.party import Party
from cardwright.keyblock.tr34.token import (
    KeyToken,
    make_key_token,
    nonce_of,
    open_key_token,
    random_token,
)
from cardwright.secret import SecretBytes
from tests.unit.keyblock.tr34_kit import someone
from tests.unit.keyblock.tr34_samples import KEY_TOKEN

HOST, DEVICE, OTHER = someone("host"), someone("device"), someone("other")
NONCE = bytes(range(16))
KEY = SecretBytes(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"))
HEADER = Header(
    version=Version.DERIVATION_AES,
    usage=Usage.KEY_BLOCK_PROTECTION,
    algorithm=Algorithm.AES,
    mode=Mode.DECRYPT,
    exportability=Exportability.NONE,
)


def made(header: Header = HEADER, key: SecretBytes = KEY) -> bytes:
    return make_key_token(HOST.party, HOST.key, DEVICE.party, random_token(NONCE), header, key)


def opened(octets: bytes, nonce: bytes = NONCE) -> KeyToken:
    return open_key_token(DEVICE.party, DEVICE.key, HOST.party, nonce, octets)


def code(error: ValueError) -> str:
    assert isinstance(error, Tr34Error | KeyBlockError)
    return error.code


def refusal(octets: bytes, nonce: bytes = NONCE) -> str:
    with pytest.raises((Tr34Error, KeyBlockError)) as caught:
        opened(octets, nonce)
    return code(caught.value)


def signed_by_host(inner: bytes, header: str, *, named: bytes = HOST.party.identifier) -> bytes:
    """What a host sends that signs whatever it likes."""
    attributes = der.set_of(
        der.sequence(der.CONTENT_TYPE, der.set_of(der.ENVELOPED_DATA)),
        der.sequence(der.RANDOM_NONCE, der.set_of(der.octet_string(NONCE))),
        der.sequence(der.DATA, der.set_of(der.octet_string(header.encode()))),
        der.sequence(
            der.MESSAGE_DIGEST, der.set_of(der.octet_string(hashlib.sha256(inner).digest()))
        ),
    )
    sha256 = der.sequence(der.SHA256)
    signer = der.sequence(
        der.integer(1),
        named,
        sha256,
        der.context(der.CONTEXT_0, der.values(attributes, der.SET)[0]),
        der.sequence(der.SHA256_WITH_RSA, der.NULL),
        der.octet_string(pkcs1.sign(HOST.key, attributes)),
    )
    content = der.sequence(der.ENVELOPED_DATA, der.context(der.CONTEXT_0, der.octet_string(inner)))
    data = der.sequence(der.integer(3), der.set_of(sha256), content, der.set_of(signer))
    return der.sequence(der.SIGNED_DATA, der.context(der.CONTEXT_0, data))


def key_block(
    header: str,
    *,
    version: int = 1,
    host: bytes = HOST.party.identifier,
    key: SecretBytes = KEY,
) -> bytes:
    return der.sequence(
        der.integer(version),
        host,
        der.octet_string(key.reveal()),
        der.sequence(der.DATA, der.set_of(der.octet_string(header.encode()))),
    )


def sealed(content: bytes, to: Party = DEVICE.party) -> bytes:
    return seal_envelope(to, content, Encipherment.AES_128, lambda n: bytes(range(n)))


@pytest.mark.parametrize("encipherment", Encipherment)
@pytest.mark.parametrize(("algorithm", "length"), [("T", 16), ("T", 24), ("A", 16)])
def test_the_device_gets_what_the_host_sends(
    encipherment: Encipherment, algorithm: str, length: int
) -> None:
    header = dataclasses.replace(HEADER, algorithm=Algorithm(algorithm), context=Context.STORAGE)
    key = SecretBytes(bytes(range(length)))
    octets = make_key_token(
        HOST.party,
        HOST.key,
        DEVICE.party,
        random_token(NONCE),
        header,
        key,
        encipherment=encipherment,
    )
    assert opened(octets) == KeyToken(header, key, ())


@given(st.binary(min_size=8, max_size=16), st.lists(st.binary(max_size=300), max_size=3))
@settings(max_examples=20, deadline=None)
def test_numbers_and_revocation_lists_go_with_it(nonce: bytes, contents: list[bytes]) -> None:
    assert nonce_of(random_token(nonce)) == nonce
    lists = tuple(der.sequence(der.octet_string(content)) for content in contents)
    octets = make_key_token(
        HOST.party, HOST.key, DEVICE.party, random_token(nonce), HEADER, KEY, revocation_lists=lists
    )
    assert opened(octets, nonce) == KeyToken(HEADER, KEY, lists)


def test_a_header_goes_without_length() -> None:
    assert b"D0000K1AD00N0000" in made()


def test_the_signature_is_one_that_the_library_verifies() -> None:
    octets = made()
    _, _, attributes = signed.verify_envelope(HOST.party, {}, octets)
    covered = der.set_of(
        *(der.sequence(name, der.context(der.SET, value)) for name, value in attributes.items())
    )
    key = HOST.library_key.public_key()
    key.verify(octets[-256:], covered, padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        key.verify(octets[-256:], covered + b"\0", padding.PKCS1v15(), hashes.SHA256())


def test_a_bit_flipped_anywhere_is_refused_but_in_the_version() -> None:
    octets = made()
    version = octets.index(b"\x02\x01\x01") + 2  # of SignedData: 1 or 3, signed by nobody
    for index in range(len(octets)):
        for bit in range(8):
            flipped = bytearray(octets)
            flipped[index] ^= 1 << bit
            if (index, bit) == (version, 1):
                assert opened(bytes(flipped)) == opened(octets)
            else:
                assert refusal(bytes(flipped)) in {"TR34_FORMAT", "TR34_FORGED"}


def test_a_token_cut_anywhere_is_refused() -> None:
    octets = made()
    for length in range(0, len(octets), 7):
        assert refusal(octets[:length]) == "TR34_FORMAT"


@given(st.binary(max_size=200))
def test_any_octets_are_refused_by_code(octets: bytes) -> None:
    assert refusal(octets) == "TR34_FORMAT"


def test_a_token_serves_one_number_one_host_one_device() -> None:
    octets = made()
    assert refusal(octets, bytes(16)) == "TR34_FORGED"
    assert refusal(KEY_TOKEN) == "TR34_FORGED"
    for krd, key, kdh, expected in (
        (DEVICE, DEVICE, OTHER, "TR34_FORGED"),
        (OTHER, OTHER, HOST, "TR34_ENVELOPE"),
    ):
        with pytest.raises(Tr34Error) as caught:
            open_key_token(krd.party, key.key, kdh.party, NONCE, octets)
        assert caught.value.code == expected
    with pytest.raises(Tr34Error) as caught:
        open_key_token(DEVICE.party, OTHER.key, HOST.party, NONCE, octets)
    assert caught.value.code == "TR34_ENVELOPE"


def test_a_host_that_signs_something_else_is_refused() -> None:
    text = "D0000K1AD00N0000"
    good = signed_by_host(sealed(key_block(text)), text)
    assert opened(good) == KeyToken(HEADER, KEY, ())
    for inner, header, expected in (
        (key_block(text), "D0000K1AB00N0000", "TR34_FORGED"),
        (key_block(text, version=2), text, "TR34_FORGED"),
        (key_block(text, host=OTHER.party.identifier), text, "TR34_FORGED"),
        (key_block("D0000K1AC00N0000"), "D0000K1AC00N0000", "KEYBLOCK_COMBINATION"),
        (key_block("D0000K1AD00N01"), "D0000K1AD00N01", "KEYBLOCK_LENGTH"),
        (key_block("D0000K1AD00N0100"), "D0000K1AD00N0100", "KEYBLOCK_HEADER"),
        (key_block("D0000S0RS00N0000"), "D0000S0RS00N0000", "TR34_KEY"),
        (key_block(text, key=SecretBytes(bytes(15))), text, "KEYBLOCK_KEY"),
        (b"", text, "TR34_FORMAT"),
        (b"\x30\x00", text, "TR34_FORMAT"),
    ):
        assert refusal(signed_by_host(sealed(inner), header)) == expected
    named = signed_by_host(sealed(key_block(text)), text, named=OTHER.party.identifier)
    assert refusal(named) == "TR34_FORGED"
    other = signed_by_host(sealed(key_block(text), OTHER.party), text)
    assert refusal(other) == "TR34_ENVELOPE"


def test_an_attribute_that_comes_twice_is_refused() -> None:
    attribute = der.sequence(der.DATA, der.set_of(der.octet_string(b"x")))
    with pytest.raises(Tr34Error) as caught:
        signed._attributes(attribute * 2)
    assert caught.value.code == "TR34_FORMAT"


def refusal_to_make(header: Header, key: SecretBytes = KEY) -> str:
    with pytest.raises((Tr34Error, KeyBlockError)) as caught:
        made(header, key)
    return code(caught.value)


def test_a_host_sends_what_tr34_transports() -> None:
    assert refusal_to_make(HEADER, SecretBytes(bytes(32))) == "TR34_KEY"
    tdes = dataclasses.replace(HEADER, algorithm=Algorithm.TDES)
    assert refusal_to_make(tdes, SecretBytes(bytes(8))) == "TR34_KEY"
    pair = dataclasses.replace(
        HEADER, usage=Usage.SIGNATURE, algorithm=Algorithm.RSA, mode=Mode.SIGN
    )
    assert refusal_to_make(pair) == "TR34_KEY"
    labelled = dataclasses.replace(HEADER, blocks=(OptionalBlock("LB", "x"),))
    assert refusal_to_make(labelled) == "TR34_KEY"
    assert refusal_to_make(dataclasses.replace(HEADER, mode=Mode.VERIFY)) == "KEYBLOCK_COMBINATION"


def test_random_number_tokens_of_another_form_are_refused() -> None:
    for length in (7, 17):
        with pytest.raises(Tr34Error):
            random_token(bytes(length))
    attribute = der.sequence(der.RANDOM_NONCE, der.set_of(der.octet_string(bytes(7))))
    other = der.sequence(der.DATA, der.set_of(der.octet_string(bytes(8))))
    for octets in (attribute, other, b"", random_token(bytes(8)) + b"\x05\x00"):
        with pytest.raises(Tr34Error) as caught:
            nonce_of(octets)
        assert caught.value.code == "TR34_FORMAT"


def test_nothing_tells_the_key() -> None:
    answer = opened(made())
    assert KEY.reveal().hex() not in repr(answer).lower()
    assert KEY.reveal() not in made()
    assert parse_fixed("D0000K1AD00N0000") == answer.header
