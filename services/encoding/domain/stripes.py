"""Blank and stripe: the right one, written bit by bit as it was meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cardwright.iso import stripe
from cardwright.iso.stripe import BitStream
from cardwright.secret import SecretText
from services.encoding.domain.faults import SpoiledError

__all__ = ["Coercivity", "StripePlan", "check_blank", "check_stripe", "stripe_bits"]

Coercivity = Literal["hico", "loco"]
"""ISO/IEC 7811-6 and -2."""


@dataclass(frozen=True, slots=True)
class StripePlan:
    """What is written to a stripe: no tracks, and it is left alone."""

    tracks: Mapping[int, BitStream] = field(default_factory=dict, repr=False)
    coercivity: Coercivity = "hico"


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


def check_stripe(
    written: Mapping[int, BitStream], read: Mapping[int, BitStream], *, silence: bool = True
) -> None:
    """Compare the stripe bit by bit.

    Args:
        written: the tracks that were written.
        read: all that were read.
        silence: the reading has the zeros before and behind; else what lies between is compared.

    Raises:
        SpoiledError: STRIPE_READBACK, naming the track.
    """
    for track, bits in written.items():
        found = read.get(track)
        same = (
            found == bits
            if silence
            else found is not None and (found.recorded() == bits.recorded())
        )
        if not same:
            raise SpoiledError("STRIPE_READBACK", f"track {track} reads otherwise than written")
