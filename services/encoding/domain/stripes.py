"""Blank and stripe: the right one, written bit by bit as it was meant."""

from __future__ import annotations

from collections.abc import Mapping

from cardwright.iso import stripe
from cardwright.iso.stripe import BitStream
from cardwright.secret import SecretText
from services.encoding.domain.faults import SpoiledError

__all__ = ["check_blank", "check_stripe", "stripe_bits"]


def stripe_bits(texts: Mapping[int, SecretText]) -> dict[int, BitStream]:
    """Return the bits of each track that has a text.

    Raises:
        StripeError: A text is none that its track can hold.
    """
    return {track: stripe.encode(track, text) for track, text in texts.items() if len(text)}


def check_blank(expected: str, found: str) -> None:
    """Make sure that the machine holds the blank that was printed.

    Raises:
        SpoiledError: BLANK_SWAPPED.
    """
    if expected and expected != found:
        raise SpoiledError("BLANK_SWAPPED", f"the machine holds blank {found}, not {expected}")


def check_stripe(written: Mapping[int, BitStream], read: Mapping[int, BitStream]) -> None:
    """Compare the stripe bit by bit.

    Raises:
        SpoiledError: STRIPE_READBACK, naming the track.
    """
    for track, bits in written.items():
        if read.get(track) != bits:
            raise SpoiledError("STRIPE_READBACK", f"track {track} reads otherwise than written")
