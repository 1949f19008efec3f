"""The card's RSA keys and its signatures."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from cardwright.chip.apdu import Refusal
from cardwright.chip.emv.rsa import RsaKey
from cardwright.chip.emv.signature import combined_dynamic_data, dynamic_number, sign_dynamic_data
from tests.unit.chip.emv.card import EXPONENT, MODULUS, SIZE, P, Q, crt
from tests.unit.chip.emv.issuer import padded
from tests.unit.chip.emv.terminal import dynamic_data, recovered

PARTS = list(crt(P, Q, EXPONENT).values())
KEY = RsaKey.load(PARTS)


def parts(bits: int, exponent: int) -> tuple[list[bytes], int]:
    numbers = rsa.generate_private_key(exponent, bits).private_numbers()
    return list(crt(numbers.p, numbers.q, exponent).values()), numbers.p * numbers.q


def test_the_published_signature_is_made_again() -> None:
    """CDA, EMV 4.4 Book 2, 6.6.1: the Signed Dynamic Application Data of a test card.

    From openemv's emv-utils, tests/emv_rsa_cda_test.c: modulus, unpredictable number, ICC dynamic
    number, cryptogram and transaction data hash code; the primes are the modulus's own.
    """
    modulus = int(
        "900000000000000000000000001200000000000000000000000000000000480000000000000000000000000000"
        "000010800000000000000000000000019800000000000000000000000000000006600000000000000000000000"
        "000000000055",
        16,
    )
    assert modulus == MODULUS
    number = bytes.fromhex("537EB5E03CC433C8")
    data = (
        dynamic_number(number)
        + b"\0"
        + bytes.fromhex("55B6408DBC985131A04620C52455EA8F2370647AF36748A2CA4AA9F6")
    )
    assert sign_dynamic_data(KEY, data, bytes.fromhex("8B55633B")) == bytes.fromhex(
        "7B9F22B297CCEAD536B87C449EEE744C6971AA0EBDD6B611C88E30FFF0A671CC"
        "6D6AC45A5555311E30C466863817EA0AA3D13B54BEA6849976592DFC73DED0BB"
        "958D506DF7180FAA7A1FD0540859C0E539035BAB64CE8891353DDD3008A0B446"
    )


def test_the_tests_terminal_verifies_a_published_signature() -> None:
    """DDA, EMV 4.4 Book 2, 6.5.2, from openemv's emv-utils, tests/emv_rsa_test.c."""
    modulus = int(
        "AB02DC02F1CB7D30113FE87A17D38D67A47CA6EC7A7AE10E6FE5B7D5800547B1"
        "B21A2413DD18136126D8B00F021DC7E19CF513DD87149673B3764FF701454347"
        "CCA9C8E310F9DB651DFDC9364F121002E5A795E3ECFB50678177CF4C15A11067"
        "C1006E13AE77122934A38C11F429137A9AA9AF98610BC8B4979B3FC6BC85C34C"
        "AFA2E1B818F54DD8A50B21B9CBF62BFAD4BB3F4CF6B5239F3FD23F8B93E96C84"
        "C9CE67DFD70359153855A8F735CAFBE5",
        16,
    )
    signature = bytes.fromhex(
        "7207EF0CB50E15CCA221CB77E81B7BCE11730216436CC828F0A9D72A16BCF1A0"
        "B736768308CDD816872457CE835AF450BD6378F17A45C0861DB8D61208F1C394"
        "FD08F1719492F281970A424546A564FD825C83CEE6F8F4987EFC431A641248C6"
        "466296CBAE8ED35CE0286A5810792B0E99E575BBDBEA8F6979165097A3C6851A"
        "12022E5B7A6F0A8AC41E794E6AF0CACF700BD7E045E103A62294F074E7E55A82"
        "FC9EE7E8B8711A5D524667361941C1C9"
    )
    assert dynamic_data(modulus, 3, signature, bytes.fromhex("7FBC4049")) == b"\x02\x00\xae"
    with pytest.raises(AssertionError):
        dynamic_data(modulus, 3, signature, bytes.fromhex("7FBC404A"))


@pytest.mark.parametrize(("bits", "exponent"), [(1024, 65537), (1152, 3), (1984, 65537)])
def test_signatures_of_other_keys_verify(bits: int, exponent: int) -> None:
    components, modulus = parts(bits, exponent)
    key = RsaKey.load(components)
    data = combined_dynamic_data(bytes(8), 0x80, b"cryptogr", b"what was sent")
    assert dynamic_data(modulus, exponent, sign_dynamic_data(key, data, b"1234"), b"1234") == data
    assert key.belongs_to(exponent)
    assert not key.belongs_to(3 if exponent != 3 else 65537)
    assert not key.belongs_to(1)


@given(st.integers(0, MODULUS - 1))
def test_the_private_key_undoes_the_public_one(value: int) -> None:
    block = value.to_bytes(SIZE, "big")
    assert recovered(MODULUS, EXPONENT, KEY.apply(block)) == block


@pytest.mark.parametrize("block", [8, 16])
@pytest.mark.parametrize("always", [False, True], ids=["when-needed", "always"])
def test_parts_may_be_padded_for_their_encipherment(block: int, always: bool) -> None:
    components, _ = parts(1152, 3)  # 72 octets a part: whole blocks of 8, not of 16
    stored = [padded(each, block) if always or len(each) % block else each for each in components]
    assert RsaKey.load(stored).size == 144


@pytest.mark.parametrize("first", range(5))
@pytest.mark.parametrize("second", range(5))
def test_parts_in_other_places_are_refused(first: int, second: int) -> None:
    swapped = list(PARTS)
    swapped[first], swapped[second] = swapped[second], swapped[first]
    if first == second:
        assert RsaKey.load(swapped).modulus == MODULUS
    elif {first, second} == {1, 2}:  # the two exponents: only a signature tells
        assert not RsaKey.load(swapped).belongs_to(EXPONENT)
    else:
        with pytest.raises(Refusal, match="6A80"):
            RsaKey.load(swapped)


@given(st.lists(st.binary(max_size=70), min_size=5, max_size=5))
def test_octets_that_are_no_key_are_refused(components: list[bytes]) -> None:
    with pytest.raises(Refusal, match="6A80"):
        RsaKey.load(components)


@pytest.mark.parametrize("at", range(5))
def test_a_changed_part_is_found(at: int) -> None:
    value = int.from_bytes(PARTS[at], "big") ^ 1 << 9
    changed = [*PARTS[:at], value.to_bytes(48, "big"), *PARTS[at + 1 :]]
    try:
        key = RsaKey.load(changed)
    except Refusal as refusal:
        assert refusal.status == 0x6A80  # noqa: PT017 - either way it is found
        return
    assert not key.belongs_to(EXPONENT)
