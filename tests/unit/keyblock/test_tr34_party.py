import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cardwright.emv.rsa import RsaPublic
from cardwright.keyblock.tr34 import der
from cardwright.keyblock.tr34.errors import Tr34Error
from cardwright.keyblock.tr34.party import Party, party_of
from tests.unit.keyblock.tr34_kit import clear_rsa, someone

HOST = someone("host")


def test_a_party_is_read_from_its_certificate() -> None:
    numbers = HOST.library_key.public_key().public_numbers()
    assert HOST.party.key == RsaPublic(numbers.n.to_bytes(256, "big"), numbers.e)
    assert b"CA of host" in HOST.party.identifier
    assert HOST.party.identifier.endswith(bytes.fromhex("02053400000001"))


def test_other_certificates_are_refused() -> None:
    for octets in (b"", HOST.certificate[:-1], b"\x30\x00", der.sequence(der.sequence())):
        with pytest.raises(Tr34Error) as caught:
            party_of(octets)
        assert caught.value.code == "TR34_FORMAT"
    short = clear_rsa(rsa.generate_private_key(65537, 1024))
    with pytest.raises(Tr34Error) as caught:
        Party(HOST.party.identifier, RsaPublic(short.modulus, 65537))
    assert caught.value.code == "TR34_CERTIFICATE"
    point = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    name, times = der.sequence(), der.sequence()
    fields = der.sequence(der.integer(1), name, name, times, name, point)
    signature = der.context(der.BIT_STRING, b"\0")
    with pytest.raises(Tr34Error) as caught:
        party_of(der.sequence(fields, name, signature))
    assert caught.value.code == "TR34_CERTIFICATE"


@pytest.mark.parametrize("unused", [0, 1])
def test_a_certificates_key_has_whole_octets(unused: int) -> None:
    pair = der.sequence(der.integer(int.from_bytes(HOST.key.modulus)), der.integer(65537))
    bits = der.context(der.BIT_STRING, bytes((unused,)), pair)
    info = der.sequence(der.sequence(der.RSA_ENCRYPTION, der.NULL), bits)
    nothing = der.sequence()
    fields = der.sequence(der.integer(5), nothing, nothing, nothing, nothing, info)
    certificate = der.sequence(fields, nothing, der.context(der.BIT_STRING, b"\0"))
    if unused:
        with pytest.raises(Tr34Error) as caught:
            party_of(certificate)
        assert caught.value.code == "TR34_CERTIFICATE"
    else:
        expected = Party(der.sequence(nothing, der.integer(5)), HOST.party.key)
        assert party_of(certificate) == expected
