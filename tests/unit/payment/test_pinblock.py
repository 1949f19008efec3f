"""Known answers: ANSI X9.24-1:2009 A.4 (format 0), Thales payShield Host Programmer's Manual v1.2a,
page 234 (format 2), ANSI X9.24-3:2017's supplement, page 31, and the ep2 Security Specification
8.0.0, 8.4 (format 4); for formats 0, 1 and 3 also the tests of psec and of openemv's pinblock.
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from psec import pinblock as psec

from cardwright.cipher import BlockCipher, ClearAes, ClearTdes
from cardwright.payment.errors import PinError
from cardwright.payment.pinblock import (
    Format,
    Leg,
    decipher,
    decipher_format_4,
    decode,
    encipher,
    encipher_format_4,
    encode,
    reference_block,
    translate,
)
from cardwright.secret import SecretBytes, SecretText

EIGHT = [form for form in Format if form is not Format.ISO_4]
BOUND = [Format.ISO_0, Format.ISO_3, Format.ISO_4]
PAN = SecretText("5555555551234567")

pins = st.text("0123456789", min_size=4, max_size=12)
pans = st.text("0123456789", min_size=13, max_size=19)
aes_keys = st.sampled_from([16, 24, 32]).flatmap(lambda n: st.binary(min_size=n, max_size=n))


def aes(key: str) -> ClearAes:
    return ClearAes(SecretBytes(bytes.fromhex(key)))


TDES = ClearTdes(SecretBytes(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")))
OTHER_TDES = ClearTdes(SecretBytes(bytes.fromhex("FEDCBA98765432100123456789ABCDEF")))
AES = aes("00112233445566778899AABBCCDDEEFF")


def leg(form: Format, tdes: BlockCipher = TDES, pan: SecretText = PAN) -> Leg:
    return Leg(form, AES if form is Format.ISO_4 else tdes, pan if form.bound else None)


def text(pin: SecretText) -> str:
    return pin.reveal()


@pytest.mark.parametrize(
    ("pin", "pan", "block"),
    [
        ("1234", "4012345678909", "041274EDCBA9876F"),
        ("1234", "43219876543210987", "0412AC89ABCDEF67"),
        ("1234", "5555555551234567", "041261AAAAEDCBA9"),
        ("1234567890", "5555555551234567", "0A1261032D82CBA9"),
        ("123456789012", "5555555551234567", "0C1261032D8226A9"),
    ],
)
def test_format_0_known_answers(pin: str, pan: str, block: str) -> None:
    encoded = encode(Format.ISO_0, SecretText(pin), SecretText(pan))
    assert encoded.reveal().hex().upper() == block
    assert text(decode(Format.ISO_0, encoded, SecretText(pan))) == pin


def test_format_1_known_answer() -> None:
    nonce = bytes.fromhex("EDCBA98760000000")
    encoded = encode(Format.ISO_1, SecretText("12345"), random=lambda _: nonce)
    assert encoded.reveal().hex().upper() == "1512345EDCBA9876"
    assert text(decode(Format.ISO_1, encoded)) == "12345"


@pytest.mark.parametrize(
    ("pin", "block"),
    [("34567", "2534567FFFFFFFFF"), ("1234", "241234FFFFFFFFFF"),
     ("123456789012", "2C123456789012FF")],
)  # fmt: skip
def test_format_2_known_answers_are_what_a_chip_keeps(pin: str, block: str) -> None:
    encoded = encode(Format.ISO_2, SecretText(pin))
    assert encoded.reveal().hex().upper() == block
    assert reference_block(SecretText(pin)) == encoded
    assert text(decode(Format.ISO_2, encoded)) == pin


@pytest.mark.parametrize(
    ("pin", "block"),
    [("1234", "341261AAAAEDCBA9"), ("123456789", "391261032D8DCBA9"),
     ("123456789012", "3C1261032D8226A9")],
)  # fmt: skip
def test_format_3_known_answers(pin: str, block: str) -> None:
    # The fill of psec's vectors is F throughout, the sixth letter.
    encoded = encode(Format.ISO_3, SecretText(pin), PAN, lambda count: b"\x05" * count)
    assert encoded.reveal().hex().upper() == block
    assert text(decode(Format.ISO_3, encoded, PAN)) == pin


@pytest.mark.parametrize(
    ("key", "block"),
    [
        ("AF8CB133A78F8DC2D1359F18527593FB", "A912150391AB65A67E52883D81CE2D15"),
        ("D30BDC73EC9714B000BEC66BDB7B6D09", "52A00503BD34BA1383F6A7EE9FE2547F"),
        ("7D69F01F3B45449F62C7816ECE723268", "A5A27E82B43A9A866A93D7ABE89CEF93"),
    ],
)
def test_format_4_known_answers(key: str, block: str) -> None:
    pin, pan = SecretText("1234"), SecretText("4111111111111111")
    nonce = bytes.fromhex("2F69ADDE2E9E7ACE")
    field = encode(Format.ISO_4, pin, random=lambda _: nonce)
    assert field.reveal().hex().upper() == "441234AAAAAAAAAA2F69ADDE2E9E7ACE"
    assert encipher_format_4(aes(key), pin, pan, lambda _: nonce).hex().upper() == block
    assert decipher_format_4(aes(key), bytes.fromhex(block), pan) == pin


def test_format_4_with_longer_account_numbers() -> None:
    ep2 = bytes.fromhex("CC17F65586BFD0953010226C4FC5B3CA")
    key = aes("C1D0F8FB4958670DBA40AB1F3752EF0D")
    assert text(decipher_format_4(key, ep2, SecretText("432198765432109870"))) == "1234"
    pan = SecretText("1234567890123456789")
    block = encipher_format_4(AES, SecretText("1234"), pan, lambda count: b"\xff" * count)
    assert block.hex().upper() == "28B41FDDD29B743E93124BD8E32D921E"


@given(pins, pans)
def test_eight_octet_formats_agree_with_an_independent_implementation(pin: str, pan: str) -> None:
    clear, account = SecretText(pin), SecretText(pan)
    assert encode(Format.ISO_0, clear, account).reveal() == psec.encode_pinblock_iso_0(pin, pan)
    assert encode(Format.ISO_2, clear).reveal() == psec.encode_pinblock_iso_2(pin)
    theirs = SecretBytes(psec.encode_pinblock_iso_3(pin, pan))
    assert text(decode(Format.ISO_3, theirs, account)) == pin
    ours = encode(Format.ISO_3, clear, account).reveal()
    assert psec.decode_pinblock_iso_3(ours, pan) == pin


@given(aes_keys, pins, pans)
def test_format_4_agrees_with_an_independent_implementation(key: bytes, pin: str, pan: str) -> None:
    cipher = ClearAes(SecretBytes(key))
    ours = encipher_format_4(cipher, SecretText(pin), SecretText(pan))
    assert psec.decipher_pinblock_iso_4(key, ours, pan) == pin
    theirs = psec.encipher_pinblock_iso_4(key, pin, pan)
    assert text(decipher_format_4(cipher, theirs, SecretText(pan))) == pin


@given(st.sampled_from(list(Format)), pins, st.text("0123456789", min_size=8, max_size=19))
def test_what_is_enciphered_deciphers(form: Format, pin: str, pan: str) -> None:
    way = leg(form, pan=SecretText(pan))
    assert text(decipher(way, encipher(way, SecretText(pin)))) == pin


@pytest.mark.parametrize("form", [Format.ISO_1, Format.ISO_3, Format.ISO_4])
def test_the_same_pin_is_not_seen_to_be_the_same(form: Format) -> None:
    # Format 1 has ten random digits here: three equal blocks are one chance in 2 to the 80th.
    assert len({encipher(leg(form), SecretText("1234")) for _ in range(3)}) > 1


def corrupted(form: Format, at: int, nibble: str) -> SecretBytes:
    """Return a block of 1234 with another digit in one place of its field."""
    pan = SecretText("1000000000000")  # its twelve digits are zeros: the field stands as it is
    fill = "a" if form is Format.ISO_3 else ""
    field = encode(form, SecretText("1234"), pan, bytes).reveal().hex()
    assert field[6:].startswith(fill)
    return SecretBytes(bytes.fromhex(field[:at] + nibble + field[at + 1 :]))


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize(
    ("at", "nibble", "code"),
    [
        (0, "5", "PIN_BLOCK_CONTROL"),
        (1, "3", "PIN_BLOCK_PIN"),
        (1, "d", "PIN_BLOCK_PIN"),
        (1, "f", "PIN_BLOCK_PIN"),
        (2, "a", "PIN_BLOCK_PIN"),
        (5, "f", "PIN_BLOCK_PIN"),
    ],
)
def test_a_field_that_is_none_is_refused(form: Format, at: int, nibble: str, code: str) -> None:
    with pytest.raises(PinError) as error:
        decode(form, corrupted(form, at, nibble), SecretText("1000000000000"))
    assert error.value.code == code
    assert "1234" not in str(error.value)


@pytest.mark.parametrize("at", [6, 15])
@pytest.mark.parametrize(
    ("form", "nibble"),
    [(Format.ISO_0, "e"), (Format.ISO_2, "0"), (Format.ISO_3, "9"), (Format.ISO_4, "b")],
)
def test_a_wrong_filler_is_refused(form: Format, nibble: str, at: int) -> None:
    with pytest.raises(PinError) as error:
        decode(form, corrupted(form, at, nibble), SecretText("1000000000000"))
    assert error.value.code == "PIN_BLOCK_FILLER"


@pytest.mark.parametrize(
    ("key", "block", "pan", "code"),
    [
        ("E60B15B90ABDF14CEE337C97440F0D6E", "7D5AF4C33667A2098626027FB7A9A1B7",
         "4266229809609384667", "PIN_BLOCK_CONTROL"),
        ("C7BBEBA16C5AD97D5866450718C03750", "2F9C910447F17293EC95DEDE1E3CA201",
         "8220499325458689523", "PIN_BLOCK_PIN"),
        ("820F6C7C12355BDFF1AB6CE12E8EED89", "CCF310A8300B46C925A86B1098089301",
         "939589847393485609", "PIN_BLOCK_FILLER"),
        ("4FE3F0311936FBCE44F17159F1659CF09B2BF8913BB514A1", "51334B00A6CBA3EC7B1C6F871F060AFC",
         "2129100799029059903", "PIN_BLOCK_PIN"),
        ("C1D0F8FB4958670DBA40AB1F3752EF0D", "CC17F65586BFD0953010226C4FC5B3CA00",
         "432198765432109870", "PIN_BLOCK_LENGTH"),
    ],
)  # fmt: skip
def test_format_4_blocks_that_psec_refuses(key: str, block: str, pan: str, code: str) -> None:
    with pytest.raises(PinError) as error:
        decipher_format_4(aes(key), bytes.fromhex(block), SecretText(pan))
    assert error.value.code == code


@pytest.mark.parametrize("form", list(Format))
def test_a_block_of_another_length_is_refused(form: Format) -> None:
    for length in {0, 7, 8, 9, 15, 16, 24} - {16 if form is Format.ISO_4 else 8}:
        with pytest.raises(PinError) as error:
            decode(form, SecretBytes(bytes(length)), PAN)
        assert error.value.code == "PIN_BLOCK_LENGTH"
        with pytest.raises(PinError) as error:
            decipher(leg(form), bytes(length))
        assert error.value.code == "PIN_BLOCK_LENGTH"


@given(pins, pans, pans)
def test_a_block_of_another_account_does_not_decode(pin: str, pan: str, other: str) -> None:
    assume(pan[-2] != other[-2])  # the digit before the check digit always meets the filler
    block = encode(Format.ISO_0, SecretText(pin), SecretText(pan))
    with pytest.raises(PinError) as error:
        decode(Format.ISO_0, block, SecretText(other))
    assert error.value.code in {"PIN_BLOCK_FILLER", "PIN_BLOCK_PIN"}


@pytest.mark.parametrize("form", BOUND)
@pytest.mark.parametrize("pan", [None, "", "1234567", "4" * 20, "41111111111111x1", "\u0664" * 16])
def test_bound_formats_need_an_account_number(form: Format, pan: str | None) -> None:
    account = None if pan is None else SecretText(pan)
    with pytest.raises(PinError) as error:
        Leg(form, AES if form is Format.ISO_4 else TDES, account)
    assert error.value.code == "PIN_PAN"
    if form is not Format.ISO_4:
        with pytest.raises(PinError) as error:
            encode(form, SecretText("1234"), account)
        assert error.value.code == "PIN_PAN"


@pytest.mark.parametrize("form", list(Format))
def test_each_format_has_its_cipher(form: Format) -> None:
    with pytest.raises(PinError) as error:
        Leg(form, TDES if form is Format.ISO_4 else AES, PAN)
    assert error.value.code == "PIN_KEY"


@pytest.mark.parametrize("pin", ["123", "1234567890123", "12x4"])
def test_what_is_no_pin_is_not_encoded(pin: str) -> None:
    for form in Format:
        with pytest.raises(PinError) as error:
            encode(form, SecretText(pin), PAN)
        assert error.value.code == "PIN_DIGITS"


ALLOWED = {
    *itertools.product(BOUND, [*BOUND, Format.ISO_2]),
    *itertools.product([Format.ISO_1], Format),
    (Format.ISO_2, Format.ISO_2),
}


@pytest.mark.parametrize(("source", "target"), sorted(ALLOWED))
def test_permitted_translations_keep_the_pin(source: Format, target: Format) -> None:
    before, after = leg(source), leg(target, OTHER_TDES)
    block = translate(encipher(before, SecretText("48205")), before, after)
    assert text(decipher(after, block)) == "48205"


@pytest.mark.parametrize(
    ("source", "target"), sorted(set(itertools.product(list(Format), list(Format))) - ALLOWED)
)
def test_other_translations_are_refused(source: Format, target: Format) -> None:
    before = leg(source)
    with pytest.raises(PinError) as error:
        translate(encipher(before, SecretText("48205")), before, leg(target))
    assert error.value.code == "PIN_TRANSLATION"


@pytest.mark.parametrize(("source", "target"), [*itertools.product(BOUND, BOUND)])
def test_a_translation_never_changes_the_account(source: Format, target: Format) -> None:
    before = leg(source)
    with pytest.raises(PinError) as error:
        translate(
            encipher(before, SecretText("48205")),
            before,
            leg(target, pan=SecretText("5555555551234568")),
        )
    assert error.value.code == "PIN_PAN_CHANGE"
    assert "48205" not in str(error.value)


@pytest.mark.parametrize("form", EIGHT)
def test_nothing_prints(form: Format) -> None:
    assert "555555" not in repr(leg(form))
    assert "1234" not in repr(encode(form, SecretText("1234"), PAN))
