import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.cipher import ClearAes
from cardwright.keyblock.tr34 import der, envelope, pkcs1
from cardwright.keyblock.tr34.envelope import Encipherment, open_envelope, seal_envelope
from cardwright.keyblock.tr34.errors import Tr34Error
from cardwright.keyblock.tr34.party import Party
from cardwright.secret import SecretBytes
from tests.unit.keyblock.tr34_kit import someone

HOST, DEVICE, OTHER = someone("host"), someone("device"), someone("other")
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def sealed(content: bytes, to: Party = DEVICE.party) -> bytes:
    return seal_envelope(to, content, Encipherment.AES_128, lambda n: bytes(range(n)))


@given(st.binary(max_size=190), st.binary(min_size=32, max_size=32))
@settings(max_examples=30, deadline=None)
def test_oaep_and_signatures_agree_with_the_library(message: bytes, seed: bytes) -> None:
    ours = pkcs1.oaep_encrypt(DEVICE.party.key, message, seed)
    assert DEVICE.library_key.decrypt(ours, OAEP) == message
    theirs = DEVICE.library_key.public_key().encrypt(message, OAEP)
    assert pkcs1.oaep_decrypt(DEVICE.key, theirs) == message
    signature = HOST.library_key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    assert pkcs1.sign(HOST.key, message) == signature
    assert pkcs1.verifies(HOST.party.key, message, signature)
    assert not pkcs1.verifies(OTHER.party.key, message, signature)
    assert not pkcs1.verifies(HOST.party.key, message + b"\0", signature)
    assert not pkcs1.verifies(HOST.party.key, message, b"\xff" * 256)
    assert not pkcs1.verifies(HOST.party.key, message, signature[1:])


@pytest.mark.parametrize("index", [0, 1, 32, 33, 64, 65, 238])
def test_a_changed_oaep_block_does_not_open(index: int) -> None:
    block = bytearray(DEVICE.key.apply(pkcs1.oaep_encrypt(DEVICE.party.key, bytes(16), bytes(32))))
    block[index] ^= 1
    changed = DEVICE.party.key.apply(bytes(block))
    with pytest.raises(Tr34Error) as caught:
        pkcs1.oaep_decrypt(DEVICE.key, changed)
    assert caught.value.code == "TR34_ENVELOPE"


def test_oaeps_parameters_are_read_as_rfc_8017_has_them() -> None:
    octets = sealed(b"content")
    for digest in (der.sequence(der.SHA256), der.sequence(der.SHA256, der.NULL)):
        parameters = der.sequence(
            der.context(der.CONTEXT_0, digest),
            der.context(der.CONTEXT_1, der.sequence(der.MGF1, digest)),
        )
        assert open_envelope(DEVICE.party, DEVICE.key, with_oaep(octets, parameters)) == b"content"
    for parameters in (
        der.sequence(),  # RFC 8017's defaults are SHA-1
        der.sequence(der.context(der.CONTEXT_0, der.sequence(der.SHA256))),
    ):
        with pytest.raises(Tr34Error) as caught:
            open_envelope(DEVICE.party, DEVICE.key, with_oaep(octets, parameters))
        assert caught.value.code == "TR34_ENVELOPE"


def test_oaep_with_a_label_is_refused() -> None:
    labelled = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), b"a label")
    block = DEVICE.library_key.public_key().encrypt(bytes(16), labelled)
    with pytest.raises(Tr34Error) as caught:
        pkcs1.oaep_decrypt(DEVICE.key, block)
    assert caught.value.code == "TR34_ENVELOPE"


def handmade(key: bytes, oid: bytes, iv: bytes, enciphered: bytes) -> bytes:
    recipient = der.objects(der.objects(der.values(sealed(b""), der.SEQUENCE)[0])[1].value)[0]
    version, identifier, algorithm, _ = der.objects(recipient.value)
    wrapped = der.octet_string(pkcs1.oaep_encrypt(DEVICE.party.key, key, bytes(32)))
    return der.sequence(
        der.integer(0),
        der.set_of(
            der.sequence(version.encode(), identifier.encode(), algorithm.encode(), wrapped)
        ),
        der.sequence(
            der.DATA,
            der.sequence(oid, der.octet_string(iv)),
            der.context(der.PRIMITIVE_0, enciphered),
        ),
    )


@pytest.mark.parametrize(
    ("key", "oid", "iv", "enciphered"),
    [
        (24, der.AES128_CBC, 16, 16),
        (16, der.DES_EDE3_CBC, 8, 16),
        (32, der.AES128_CBC, 16, 16),
        (16, der.SHA256, 16, 16),
        (16, der.AES128_CBC, 8, 16),
        (16, der.AES128_CBC, 16, 0),
        (16, der.AES128_CBC, 16, 24),
    ],
)
def test_an_envelope_of_other_measures_is_refused(
    key: int, oid: bytes, iv: int, enciphered: int
) -> None:
    octets = handmade(bytes(key), oid, bytes(iv), bytes(enciphered))
    with pytest.raises(Tr34Error) as caught:
        open_envelope(DEVICE.party, DEVICE.key, octets)
    assert caught.value.code == "TR34_ENVELOPE"


def test_an_envelope_names_its_device() -> None:
    namesake = Party(OTHER.party.identifier, DEVICE.party.key)
    with pytest.raises(Tr34Error) as caught:
        open_envelope(namesake, DEVICE.key, sealed(b"content"))
    assert caught.value.code == "TR34_ENVELOPE"


def with_oaep(octets: bytes, parameters: bytes) -> bytes:
    (whole,) = der.values(octets, der.SEQUENCE)
    _, recipients, _ = der.objects(whole)
    version, identifier, _, wrapped = der.objects(der.values(recipients.value, der.SEQUENCE)[0])
    algorithm = der.sequence(der.RSAES_OAEP, parameters)
    recipient = der.sequence(version.encode(), identifier.encode(), algorithm, wrapped.encode())
    return der.sequence(der.integer(0), der.set_of(recipient), der.objects(whole)[2].encode())


@pytest.mark.parametrize("fill", [0, 17, 3])
def test_padding_is_that_of_rfc_5652(fill: int) -> None:
    with pytest.raises(Tr34Error) as caught:
        envelope._unfilled(bytes(15) + bytes((fill,)), 16)
    assert caught.value.code == "TR34_ENVELOPE"


def test_the_ephemeral_key_is_as_long_as_its_cipher_says() -> None:
    longer = ClearAes(SecretBytes(bytes(24)))
    enciphered = longer.encrypt_cbc(b"content" + b"\x09" * 9, bytes(16))
    with pytest.raises(Tr34Error) as caught:
        open_envelope(
            DEVICE.party, DEVICE.key, handmade(bytes(24), der.AES128_CBC, bytes(16), enciphered)
        )
    assert caught.value.code == "TR34_ENVELOPE"
    fits = ClearAes(SecretBytes(bytes(16))).encrypt_cbc(b"content" + b"\x09" * 9, bytes(16))
    octets = handmade(bytes(16), der.AES128_CBC, bytes(16), fits)
    assert open_envelope(DEVICE.party, DEVICE.key, octets) == b"content"
