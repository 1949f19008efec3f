"""Scripts and their messaging against an implementation that is not ours."""

from __future__ import annotations

from typing import Any

import pytest
from pyemv import kd, sm

from cardwright.iso import tlv
from cardwright.iso.apdu import CommandApdu
from cardwright.issuerhost.ciphers import Algorithm, mac_of_blocks, pad
from cardwright.issuerhost.errors import IssuerHostError
from cardwright.issuerhost.keys import IssuerKeys, session_key
from cardwright.issuerhost.messaging import MessagingFormat, ScriptMessaging
from cardwright.issuerhost.scripts import ChangePin, PutData, Script, UnblockPin, encode_scripts
from cardwright.secret import SecretBytes, SecretText

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

SMI, SMC = (bytes.fromhex(f"{n}123456789ABCDEFFEDCBA987654321{n}") for n in (1, 2))
KEYS = IssuerKeys(SecretBytes(bytes(16)), SecretBytes(SMI), SecretBytes(SMC))
ARQC = bytes.fromhex("ABCDEF1234567890")
ATC = b"\0\x1f"


def messaging(
    form: MessagingFormat = MessagingFormat.FORMAT_2, algorithm: Algorithm = Algorithm.TDES
) -> ScriptMessaging:
    return ScriptMessaging(algorithm, KEYS, form, 0x1F, ARQC)


def commands(*wanted: Any, form: MessagingFormat = MessagingFormat.FORMAT_2) -> list[bytes]:
    """The commands of one script."""
    [template] = tlv.parse(encode_scripts([Script(wanted)], messaging(form)))
    return [each.value for each in template.children() if each.tag == 0x86]


def theirs(header: str, data: bytes = b"") -> bytes:
    """A MAC of format 2 by pyemv: header, ATC, cryptogram, data."""
    key = kd.derive_common_sk(SMI, ARQC)
    return sm.generate_command_mac(key, bytes.fromhex(header) + ATC + ARQC + data)


def test_session_key_of_scripts_published_vector() -> None:
    # pyemv's own tests: card key 0239, cryptogram ABCDEF1234567890, KCV F088 of the session key.
    card = kd.derive_icc_mk_a(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"),
                              "1234567890123456", "01")  # fmt: skip
    ours = session_key(Algorithm.TDES, SecretBytes(card), ARQC)
    assert ours.reveal() == kd.derive_common_sk(card, ARQC)
    # Its MAC of PIN UNBLOCK without transaction data, in the same test: CF323F09A0F6AB9E.
    value = mac_of_blocks(Algorithm.TDES, ours, pad(bytes.fromhex("8424000008"), 8))
    assert value.hex().upper() == "CF323F09A0F6AB9E"


def test_unblocking_a_pin() -> None:
    assert commands(UnblockPin()) == [bytes.fromhex("8424000008") + theirs("8424000008")]


def test_putting_data() -> None:
    [command] = commands(PutData(0x9F14, b"\5"))
    assert command == bytes.fromhex("04DA9F140905") + theirs("04DA9F1409", b"\5")


def test_changing_a_pin() -> None:
    [command] = commands(ChangePin(SecretText("12345")))
    key = kd.derive_common_sk(SMC, ARQC)
    block = bytes.fromhex("2512345FFFFFFFFF")
    data = sm.encrypt_command_data(key, block, sm.EncryptionType.VISA)
    assert command == bytes.fromhex("8424000218") + data + theirs("8424000218", data)
    assert b"\x12\x34\x5f" not in command


def format_1_mac(chain: bytes, *parts: bytes) -> bytes:
    key = SecretBytes(kd.derive_common_sk(SMI, ARQC))
    return mac_of_blocks(Algorithm.TDES, key, chain + b"".join(pad(part, 8) for part in parts))


def test_format_1_chains_its_macs() -> None:
    put, unblock = commands(PutData(0x9F14, b"\5"), UnblockPin(), form=MessagingFormat.FORMAT_1)
    plain = b"\x81\x01\x05"
    first = format_1_mac(ARQC, bytes.fromhex("0CDA9F14"), plain)
    assert put == bytes.fromhex("0CDA9F1409") + plain + b"\x8e\x04" + first[:4]
    second = format_1_mac(first, bytes.fromhex("8C240000"))
    assert unblock == bytes.fromhex("8C24000006") + b"\x8e\x04" + second[:4]


def test_format_1_says_that_data_are_enciphered() -> None:
    [command] = commands(ChangePin(SecretText("1234")), form=MessagingFormat.FORMAT_1)
    enciphered, mac = tlv.parse(CommandApdu.parse(command).data)
    key = kd.derive_common_sk(SMC, ARQC)
    block = bytes.fromhex("241234FFFFFFFFFF")
    data = sm.encrypt_command_data(key, block, sm.EncryptionType.EMV)
    assert (enciphered.tag, enciphered.value) == (0x87, b"\1" + data)
    assert (mac.tag, len(mac.value)) == (0x8E, 4)


def test_aes_works_in_blocks_of_16_and_in_format_1_alone() -> None:
    scripts = [Script((ChangePin(SecretText("1234")),))]
    octets = encode_scripts(scripts, messaging(MessagingFormat.FORMAT_1, Algorithm.AES))
    command = tlv.find(octets, 0x72, 0x86)
    assert command is not None
    enciphered, _ = tlv.parse(CommandApdu.parse(command).data)
    assert len(enciphered.value) == 17
    with pytest.raises(IssuerHostError) as caught:
        messaging(MessagingFormat.FORMAT_2, Algorithm.AES)
    assert caught.value.code == "SCRIPT_DATA"


def test_scripts_before_the_final_cryptogram_come_first() -> None:
    after, before = Script((UnblockPin(),)), Script((UnblockPin(),), before_final=True)
    templates = tlv.parse(encode_scripts([after, before], messaging()))
    assert [each.tag for each in templates] == [0x71, 0x72]
    assert [each.children()[0].value.hex() for each in templates] == ["00000001"] * 2


@pytest.mark.parametrize(
    "script",
    [
        Script((UnblockPin(),), identifier=b"\1"),
        Script((ChangePin(SecretText("123")),)),
        Script((ChangePin(SecretText("12345678901234")),)),
        Script((PutData(0x9F14, bytes(120)),)),
    ],
)
def test_scripts_that_can_not_be_are_refused(script: Script) -> None:
    with pytest.raises(IssuerHostError) as caught:
        encode_scripts([script], messaging())
    assert caught.value.code == "SCRIPT_DATA"
