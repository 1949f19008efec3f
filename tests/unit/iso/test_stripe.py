import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.iso import stripe
from cardwright.iso.errors import StripeError
from cardwright.iso.stripe import BitStream
from cardwright.secret import SecretText

ALPHA = "".join(chr(c) for c in range(0x20, 0x60) if chr(c) != "?")
NUMERIC = "0123456789:;<=>"

# Every financial track 1 starts with format code B, which also tells its two swipes apart.
track1 = st.text(ALPHA, max_size=75).map(lambda body: f"%B{body}?")
track2 = st.text(NUMERIC, max_size=37).map(lambda body: f";{body}?")
track3 = st.text(NUMERIC, max_size=104).map(lambda body: f";{body}?")
tracks = st.one_of(
    st.tuples(st.just(1), track1), st.tuples(st.just(2), track2), st.tuples(st.just(3), track3)
)


def unpack(stream: BitStream) -> list[int]:
    return [stream.bits[i // 8] >> (7 - i % 8) & 1 for i in range(stream.length)]


def pack(bits: list[int]) -> BitStream:
    octets = bytearray((len(bits) + 7) // 8)
    for i, bit in enumerate(bits):
        octets[i // 8] |= bit << (7 - i % 8)
    return BitStream(bytes(octets), len(bits))


def straightforward(track: int, text: str) -> list[int]:
    """ISO/IEC 7811-6 clause by clause, bit by bit: slow, and nothing shared with the module."""
    width, base = (6, 0x20) if track == 1 else (4, 0x30)
    columns = [[(ord(c) - base) >> i & 1 for i in range(width)] for c in text]
    columns.append([sum(column[i] for column in columns) % 2 for i in range(width)])
    return [bit for column in columns for bit in [*column, 1 - sum(column) % 2]]


@given(tracks)
def test_writes_the_bits_of_the_standard_between_quiet_zones(case: tuple[int, str]) -> None:
    track, text = case
    bits = unpack(stripe.encode(track, SecretText(text)))
    expected = straightforward(track, text)
    quiet = (len(bits) - len(expected)) // 2
    assert quiet >= 20
    assert bits == [0] * quiet + expected + [0] * quiet


# The code tables of ISO/IEC 7811-6, bits in recording order, parity last.
@pytest.mark.parametrize(
    ("track", "text", "bits"),
    [
        (2, ";?", "11010 11111 00100"),
        (2, ";1=?", "11010 10000 10110 11111 00010"),
        (1, "%?", "1010001 1111100 0101100"),
        (1, "%A^?", "1010001 1000011 0111110 1111100 1010001"),
    ],
    ids=range(4),
)
def test_code_table(track: int, text: str, bits: str) -> None:
    stream = stripe.encode(track, SecretText(text))
    assert "".join(map(str, unpack(stream))).strip("0") == bits.replace(" ", "").strip("0")


@given(tracks)
def test_reads_what_it_writes_in_either_direction(case: tuple[int, str]) -> None:
    track, text = case
    stream = stripe.encode(track, SecretText(text))
    assert stripe.decode(track, stream).reveal() == text
    assert stripe.decode(track, stream.reversed()).reveal() == text
    assert unpack(stream.reversed()) == unpack(stream)[::-1]


@given(tracks, st.integers(0, 40), st.integers(0, 40))
def test_what_is_recorded_lies_between_the_quiet_zones(
    case: tuple[int, str], before: int, after: int
) -> None:
    track, text = case
    bits = straightforward(track, text)
    found = unpack(pack([0] * before + bits + [0] * after).recorded())
    assert found == unpack(stripe.encode(track, SecretText(text)).recorded())
    assert [found[0], found[-1]] == [1, 1]
    assert "".join(map(str, found)) in "".join(map(str, bits))


def test_nothing_is_recorded_on_an_empty_stripe() -> None:
    assert pack([0] * 9).recorded() == BitStream(b"", 0)


@given(track2, st.integers(0, 40), st.integers(0, 40))
def test_any_quiet_zone_reads(text: str, before: int, after: int) -> None:
    bits = [0] * before + straightforward(2, text) + [0] * after
    assert stripe.decode(2, pack(bits)).reveal() == text
    assert stripe.decode(2, pack(bits[::-1])).reveal() == text


@given(tracks, st.data())
def test_no_single_bit_error_reads(case: tuple[int, str], data: st.DataObject) -> None:
    track, text = case
    bits = unpack(stripe.encode(track, SecretText(text)))
    bits[data.draw(st.integers(0, len(bits) - 1))] ^= 1
    for swiped in (bits, bits[::-1]):
        with pytest.raises(StripeError) as caught:
            stripe.decode(track, pack(swiped))
        assert caught.value.code in {
            "STRIPE_SENTINEL", "STRIPE_PARITY", "STRIPE_LRC", "STRIPE_TRAILING",
        }  # fmt: skip


@given(st.integers(1, 3), st.binary(max_size=120))
def test_noise_reads_or_is_refused_with_a_code(track: int, noise: bytes) -> None:
    stream = BitStream(noise, len(noise) * 8)
    try:
        text = stripe.decode(track, stream)
    except StripeError:
        return
    bits = "".join(map(str, unpack(stream))).strip("0")
    again = "".join(map(str, unpack(stripe.encode(track, text)))).strip("0")
    assert again in {bits, bits[::-1]}


def flipped(text: str, *positions: int) -> BitStream:
    bits = straightforward(2, text)
    for position in positions:
        bits[position] ^= 1
    return pack(bits)


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (pack([0] * 60), "STRIPE_SENTINEL"),
        (pack([]), "STRIPE_SENTINEL"),
        (pack(straightforward(2, ";123?")[:20]), "STRIPE_SENTINEL"),
        (flipped(";123?", 7), "STRIPE_PARITY"),
        (flipped(";123?", 7, 8), "STRIPE_LRC"),
        (flipped(";123?", 26), "STRIPE_PARITY"),
        (pack([*straightforward(2, ";123?"), 1]), "STRIPE_TRAILING"),
        (pack([*straightforward(2, ";123?"), 0, 1]), "STRIPE_TRAILING"),
    ],
    ids=["silence", "nothing", "cut", "bit", "two-bits", "check-bit", "next", "tail"],
)
def test_says_what_is_wrong_whichever_way_it_was_swiped(stream: BitStream, code: str) -> None:
    for swiped in (stream, stream.reversed()):
        with pytest.raises(StripeError) as caught:
            stripe.decode(2, swiped)
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("track", "text", "code"),
    [
        (4, ";1?", "STRIPE_TRACK"),
        (2, "1?", "STRIPE_SENTINEL"),
        (2, ";1", "STRIPE_SENTINEL"),
        (2, ";1?2?", "STRIPE_SENTINEL"),
        (2, "", "STRIPE_SENTINEL"),
        (2, ";1A?", "STRIPE_CHARACTER"),
        (1, "%Ba?", "STRIPE_CHARACTER"),
        (1, "%BÉ?", "STRIPE_CHARACTER"),
        (2, ";" + "1" * 38 + "?", "STRIPE_LENGTH"),
        (1, "%B" + "1" * 76 + "?", "STRIPE_LENGTH"),
    ],
    ids=range(10),
)
def test_refuses_to_write(track: int, text: str, code: str) -> None:
    with pytest.raises(StripeError) as caught:
        stripe.encode(track, SecretText(text))
    assert caught.value.code == code


def test_a_bit_stream_does_not_print_and_agrees_with_itself() -> None:
    stream = stripe.encode(2, SecretText(";4111111111111111=2912201?"))
    assert repr(stream) == f"BitStream(length={stream.length})"
    with pytest.raises(StripeError):
        BitStream(b"\x00", 9)
