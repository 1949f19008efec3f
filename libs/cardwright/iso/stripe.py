"""ISO/IEC 7811-2 and -6: a track's characters as the bits between two swipes' silence.

Track 1 has 6 data bits a character, tracks 2 and 3 have 4; each is recorded least significant bit
first and followed by an odd parity bit. The redundancy check after the end sentinel is the
exclusive or of the data bits, with a parity bit of its own.

Codes of ``StripeError``: STRIPE_TRACK, STRIPE_CHARACTER, STRIPE_LENGTH, STRIPE_SENTINEL (encoding
or reading), STRIPE_PARITY, STRIPE_LRC, STRIPE_TRAILING (reading).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from operator import xor

from cardwright.iso.errors import StripeError
from cardwright.secret import SecretText

__all__ = ["BitStream", "decode", "encode"]


@dataclass(frozen=True, slots=True)
class BitStream:
    """Bits in the order of a forward swipe, packed from the most significant bit of each octet.

    Attributes:
        bits: the octets; unused low bits of the last one are zero. Never printed.
        length: how many bits count.
    """

    bits: bytes = field(repr=False)
    length: int

    def __post_init__(self) -> None:
        if self.length < 0 or len(self.bits) != (self.length + 7) // 8:
            raise StripeError("STRIPE_LENGTH", "The octets and the bit count do not agree")

    def reversed(self) -> BitStream:
        """The same stripe swiped the other way."""
        return _packed(_unpacked(self)[::-1])

    def recorded(self) -> BitStream:
        """The bits from the first one to the last one: the stripe without its quiet zones."""
        return _packed(_unpacked(self).strip("0"))


@dataclass(frozen=True, slots=True)
class _Format:
    """How one track writes: its alphabet as bit strings, sentinels, capacity and quiet zone."""

    data_bits: int
    start: str
    capacity: int  # characters with sentinels and redundancy check
    quiet: int  # zero bits each side: 7.44 mm to the start sentinel at the track's density
    to_bits: dict[str, str]
    to_character: dict[str, str]


def _format(data_bits: int, start: str, capacity: int, quiet: int) -> _Format:
    base = 0x20 if data_bits == 6 else 0x30
    to_bits = {chr(base + n): _with_parity(n, data_bits) for n in range(1 << data_bits)}
    return _Format(
        data_bits, start, capacity, quiet, to_bits, {bits: c for c, bits in to_bits.items()}
    )


def _with_parity(value: int, data_bits: int) -> str:
    return f"{value:0{data_bits}b}"[::-1] + "10"[value.bit_count() % 2]


_FORMATS = {
    1: _format(6, "%", capacity=79, quiet=62),
    2: _format(4, ";", capacity=40, quiet=22),
    3: _format(4, ";", capacity=107, quiet=62),
}
_END = "?"


def encode(track: int, text: SecretText) -> BitStream:
    """Return the bits of ``text``, sentinels included, with check and quiet zones added.

    Raises:
        StripeError: STRIPE_TRACK, STRIPE_SENTINEL, STRIPE_LENGTH or STRIPE_CHARACTER.
    """
    form = _format_of(track)
    clear = text.reveal()
    if not clear.startswith(form.start) or clear.find(_END) != len(clear) - 1:
        raise StripeError(
            "STRIPE_SENTINEL", "A track starts with its start sentinel and has one '?', at its end"
        )
    if len(clear) >= form.capacity:
        raise StripeError("STRIPE_LENGTH", f"Track {track} holds {form.capacity} characters")
    try:
        bits = "".join(map(form.to_bits.__getitem__, clear))
    except KeyError:
        raise StripeError(
            "STRIPE_CHARACTER", f"Track {track} has no code for one of the characters"
        ) from None
    silence = "0" * form.quiet
    return _packed(f"{silence}{bits}{_check(form, clear)}{silence}")


def decode(track: int, stream: BitStream) -> SecretText:
    """Return the characters from start to end sentinel, whichever way the card was swiped.

    Raises:
        StripeError: STRIPE_TRACK, or what the forward reading stumbled over (the backward one's
            finding, if only that began with a start sentinel): STRIPE_SENTINEL, STRIPE_PARITY,
            STRIPE_LRC, STRIPE_TRAILING.
    """
    form = _format_of(track)
    bits = _unpacked(stream)
    try:
        return _read(form, bits)
    except StripeError as forward:
        try:
            return _read(form, bits[::-1])
        except StripeError as backward:
            raise (backward if forward.code == "STRIPE_SENTINEL" else forward) from None


def _read(form: _Format, bits: str) -> SecretText:
    # Both start sentinels begin with a one, so the first one is where the characters begin.
    start, step = bits.find("1"), form.data_bits + 1
    if start < 0 or form.to_character.get(bits[start : start + step]) != form.start:
        raise StripeError("STRIPE_SENTINEL", "No start sentinel; swipe or encode the card again")
    characters: list[str] = []
    for at in range(start, len(bits) - step + 1, step):
        character = form.to_character.get(bits[at : at + step])
        if character is None:
            raise StripeError("STRIPE_PARITY", "A character fails its parity; encode it again")
        characters.append(character)
        if character == _END:
            _check_tail(form, "".join(characters), bits[at + step :])
            return SecretText("".join(characters))
    raise StripeError("STRIPE_SENTINEL", "No end sentinel; swipe or encode the card again")


def _check_tail(form: _Format, text: str, tail: str) -> None:
    step = form.data_bits + 1
    if tail[:step] not in form.to_character:
        raise StripeError("STRIPE_PARITY", "The redundancy check fails its parity; encode it again")
    if tail[:step] != _check(form, text):
        raise StripeError("STRIPE_LRC", "The redundancy check does not match; encode it again")
    if "1" in tail[step:]:
        raise StripeError(
            "STRIPE_TRAILING", "Bits follow the redundancy check; erase and re-encode"
        )


def _check(form: _Format, text: str) -> str:
    # Codes differ from ASCII by a constant: masking the exclusive or equals the or of the codes
    # on track 2, and on track 1 flipping the 0x20 bit once per character makes up for its offset.
    value = reduce(xor, text.encode()) & ((1 << form.data_bits) - 1)
    if form.data_bits == 6 and len(text) % 2:
        value ^= 0x20
    return _with_parity(value, form.data_bits)


def _format_of(track: int) -> _Format:
    try:
        return _FORMATS[track]
    except KeyError:
        raise StripeError("STRIPE_TRACK", "A stripe has tracks 1, 2 and 3") from None


def _packed(bits: str) -> BitStream:
    padded = bits + "0" * (-len(bits) % 8)
    return BitStream(int(padded or "0", 2).to_bytes(len(padded) // 8, "big"), len(bits))


def _unpacked(stream: BitStream) -> str:
    whole = f"{int.from_bytes(stream.bits, 'big'):0{len(stream.bits) * 8}b}"
    return whole[: stream.length]
