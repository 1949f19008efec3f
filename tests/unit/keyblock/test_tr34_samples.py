import hashlib

import pytest

from cardwright.emv.rsa import RsaPublic
from cardwright.keyblock.fields import Algorithm, Exportability, Mode, Usage, Version
from cardwright.keyblock.header import parse_fixed
from cardwright.keyblock.tr34 import der
from cardwright.keyblock.tr34.envelope import Encipherment, seal_envelope
from cardwright.keyblock.tr34.errors import Tr34Error
from cardwright.keyblock.tr34.party import Party
from cardwright.keyblock.tr34.signed import verify_envelope
from cardwright.keyblock.tr34.token import nonce_of, random_token
from tests.unit.keyblock import tr34_samples as samples

HOST = Party(samples.KDH, RsaPublic(samples.KDH_MODULUS, 65537))
# The device's name with a key that does: its OAEP block can't be made again.
DEVICE = Party(samples.KRD, HOST.key)
NONCE = bytes.fromhex("167EB0E72781E4940112233445566778")
SIGNED = {der.RANDOM_NONCE: der.octet_string(NONCE)}


def test_the_random_number_token() -> None:
    assert random_token(NONCE) == samples.RANDOM_TOKEN
    assert nonce_of(samples.RANDOM_TOKEN) == NONCE


def test_the_hosts_signature_is_over_envelope_number_and_header() -> None:
    envelope, lists, attributes = verify_envelope(HOST, SIGNED, samples.KEY_TOKEN)
    assert attributes[der.DATA] == der.octet_string(b"A0256K0TB00E0000")
    assert attributes[der.RANDOM_NONCE] == der.octet_string(NONCE)
    digest = hashlib.sha256(envelope).digest()
    assert attributes[der.MESSAGE_DIGEST] == der.octet_string(digest)
    assert [len(crl) for crl in lists] == [472]
    assert envelope in samples.KEY_TOKEN


def test_another_number_or_host_has_not_signed_the_token() -> None:
    other = Party(samples.KRD, HOST.key)
    for host, nonce in ((HOST, NONCE[:-1] + b"\x79"), (HOST, NONCE[:8]), (other, NONCE)):
        signed = {der.RANDOM_NONCE: der.octet_string(nonce)}
        with pytest.raises(Tr34Error) as caught:
            verify_envelope(host, signed, samples.KEY_TOKEN)
        assert caught.value.code == "TR34_FORGED"


def test_the_envelope_is_made_again_but_for_its_oaep_block() -> None:
    published, _, _ = verify_envelope(HOST, SIGNED, samples.KEY_TOKEN)
    drawn = iter([samples.EPHEMERAL_KEY, samples.IV, bytes(32)])
    made = seal_envelope(
        DEVICE, samples.KEY_BLOCK, Encipherment.TDES_168, lambda length: next(drawn)[:length]
    )
    block = slice(169, 169 + 256)
    assert made[: block.start] == published[: block.start]
    assert made[block.stop :] == published[block.stop :]
    assert len(made) == len(published) == 600


def test_the_key_block_names_host_key_and_header() -> None:
    (block,) = der.values(samples.KEY_BLOCK, der.SEQUENCE)
    version, host, key, attribute = der.values(
        block, der.INTEGER, der.SEQUENCE, der.OCTET_STRING, der.SEQUENCE
    )
    assert (version, der.sequence(host)) == (b"\x01", samples.KDH)
    assert key == bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    assert attribute == der.DATA + der.set_of(der.octet_string(b"A0256K0TB00E0000"))
    header = parse_fixed("A0256K0TB00E0000")
    assert (header.version, header.usage) == (Version.VARIANT_2005, Usage.KEY_ENCRYPTION)
    assert (header.algorithm, header.mode) == (Algorithm.TDES, Mode.ENCRYPT_DECRYPT)
    assert header.exportability is Exportability.TRUSTED
