"""The house's own EMV library as the issuer: it shares no code with the chip and agrees with it."""

from __future__ import annotations

import pytest

from cardwright.cipher import BlockCipher, ClearAes, ClearTdes
from cardwright.emv import cryptogram, messaging, script
from cardwright.secret import SecretBytes, SecretText
from tests.unit.chip.emv.card import (
    ARQC,
    CORE,
    SHORT,
    TC,
    TDES,
    TERMINAL,
    Card,
    aes_issuer,
    card,
    groupings,
)
from tests.unit.chip.emv.issuer import Issuer
from tests.unit.chip.emv.terminal import objects

VERSION_10 = bytes.fromhex("06010A03000000")
ATC, AIP = b"\0\1", b"\x3d\0"
CDOL1_LENGTHS = {
    0x9F02: 6, 0x9F03: 6, 0x9F1A: 2, 0x95: 5, 0x5F2A: 2, 0x9A: 3, 0x9C: 1, 0x9F37: 4,
}  # fmt: skip
NEW_PIN = bytes.fromhex("249999FFFFFFFFFF")

kinds = pytest.mark.parametrize(
    ("issuer", "data"),
    [
        (TDES, SHORT),
        (TDES, VERSION_10),
        (TDES, CORE),
        (aes_issuer(16), None),
        (aes_issuer(24), None),
        (aes_issuer(32), None),
    ],
    ids=["18", "10", "ccd-5", "ccd-6-16", "ccd-6-24", "ccd-6-32"],
)


def cipher(issuer: Issuer, key: bytes) -> BlockCipher:
    return ClearAes(SecretBytes(key)) if issuer.is_aes else ClearTdes(SecretBytes(key))


def gone_online(issuer: Issuer, data: bytes | None) -> tuple[Card, dict[int, bytes]]:
    """A card after its first GENERATE AC, and what an issuer reads of it in field 55."""
    subject = card(issuer, groupings(issuer, data=data))
    subject.begin()
    values = objects(subject.generate(ARQC)[0]) | {0x82: AIP}
    at = 0
    for tag, size in CDOL1_LENGTHS.items():
        values[tag] = TERMINAL[at : at + size]
        at += size
    return subject, values


@kinds
def test_the_host_verifies_the_card_and_the_card_the_host(
    issuer: Issuer, data: bytes | None
) -> None:
    subject, values = gone_online(issuer, data)
    master = cipher(issuer, issuer.ac)
    version = cryptogram.version_of(values[0x9F10])
    assert cryptogram.verify_arqc(version, master, values, values[0x9F26])
    key = cryptogram.transaction_key(version, master, values)
    update = bytes.fromhex("00800000")
    answer = cryptogram.arpc_method_2(key, values[0x9F26], update) + update
    assert objects(subject.second(TC, answer)[0])[0x9F27] == bytes((TC,))


@kinds
def test_the_host_s_first_method_is_taken_too(issuer: Issuer, data: bytes | None) -> None:
    subject, values = gone_online(issuer, data)
    version = cryptogram.version_of(values[0x9F10])
    key = cryptogram.transaction_key(version, cipher(issuer, issuer.ac), values)
    answer = cryptogram.arpc_method_1(key, values[0x9F26], b"00") + b"00"
    assert subject.status(bytes.fromhex("008200000A") + answer) == 0x9000


@kinds
def test_the_host_s_scripts_are_obeyed(issuer: Issuer, data: bytes | None) -> None:
    subject, values = gone_online(issuer, data)
    integrity, confidentiality = cipher(issuer, issuer.smi), cipher(issuer, issuer.smc)
    keys = messaging.script_keys(integrity, confidentiality, values[0x9F26])
    link = messaging.first_link(integrity, values[0x9F26])
    for command, enciphered, size in (
        (script.pin_unblock(), False, 4),
        (script.pin_change(NEW_PIN), True, 8),
        (script.put_data(0x9F14, b"\5"), False, 4),
        (script.application_block(), False, 4),
        (script.application_unblock(), False, 4),
    ):
        secured, link = messaging.secure_format_1(
            command, keys, link, enciphered=enciphered, mac_length=size
        )
        assert subject.status(secured.encode()) == 0x9000
    subject.select()
    assert subject.verify(NEW_PIN) == 0x9000


@pytest.mark.parametrize("data", [SHORT, VERSION_10], ids=["18", "10"])
def test_the_host_s_visa_scripts_are_obeyed(data: bytes) -> None:
    subject, values = gone_online(TDES, data)
    keys = messaging.script_keys(cipher(TDES, TDES.smi), cipher(TDES, TDES.smc), values[0x9F26])
    block = script.visa_pin_block(SecretBytes(TDES.ac), SecretText("9999"), SecretText("1234"))
    secret = messaging.encipher(keys.confidentiality, block, messaging.Encipherment.VISA)
    command = script.pin_change(secret, with_current=True)
    secured = messaging.secure_format_2(command, keys.integrity, 1, values[0x9F26])
    assert subject.status(secured.encode()) == 0x9000
    subject.select()
    assert subject.verify(NEW_PIN) == 0x9000
