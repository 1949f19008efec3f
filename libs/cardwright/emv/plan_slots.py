"""Which data objects an application has on an interface, before it is known where they lie.

What all cards share is filled in; a card's own values and those of the security module are slots
of known length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from cardwright.emv.card_values import numeric
from cardwright.emv.dictionary import element
from cardwright.emv.oda.certificate import (
    ICC_TAGS,
    ISSUER_TAGS,
    PIN_TAGS,
    CertificateTags,
    planned_lengths,
)
from cardwright.emv.profile import Interface, Profile
from cardwright.emv.profile_bits import AIP
from cardwright.emv.profile_parts import Contact, Method

__all__ = [
    "CERTIFIED",
    "SDA_TAG_LIST",
    "Origin",
    "Slot",
    "authenticates",
    "internal_objects",
    "slots",
]

SDA_TAG_LIST: Final = b"\x82"
"""What 9F4A may hold: the application interchange profile, and nothing else (Book 3, 10.3)."""

CERTIFIED: Final = frozenset({0x93, 0x9F46})
"""What is computed over the static data: another value for other static data."""


class Origin(Enum):
    """Where a value comes from."""

    PROFILE = "profile"
    PRODUCT = "product"
    REQUEST = "request"
    COMPUTED = "computed"
    MODULE = "security module"


@dataclass(frozen=True, slots=True)
class Slot:
    """Room for a data object in a record.

    Attributes:
        tag: of the data object.
        length: octets of its value; at most, where cards differ.
        origin: where the value comes from.
        value: where all cards share it.
    """

    tag: int
    length: int
    origin: Origin
    value: bytes | None = field(default=None, repr=False)


def slots(profile: Profile, interface: Interface) -> tuple[Slot, ...]:
    """Return the data objects that a terminal reads over an interface, in a customary order."""
    settings = profile.settings(interface)
    return (
        *_card_slots(),
        *(_given(tag, value) for tag, value in _shared(profile, settings)),
        *_authentication_slots(profile, settings, interface),
    )


def authenticates(settings: Contact) -> bool:
    """Whether the application tells a terminal that it does offline data authentication."""
    return AIP.has(settings.aip, "sda", "dda", "cda")


def internal_objects(profile: Profile) -> dict[int, bytes]:
    """Return what the application keeps to itself for its own decisions, tag to value.

    With 9F10, as it begins, come the limits of its own risk management: the card counts too.
    """
    if profile.cryptogram is None:
        return {}
    return {0x9F10: profile.cryptogram.issuer_application_data()} | dict(_limits(profile))


def _limits(profile: Profile) -> Iterator[tuple[int, bytes]]:
    if profile.offline_limits is not None:
        yield 0x9F14, bytes((profile.offline_limits.lower,))
        yield 0x9F23, bytes((profile.offline_limits.upper,))


def _given(tag: int, value: bytes) -> Slot:
    return Slot(tag, len(value), Origin.PROFILE, value)


def _card_slots() -> Iterator[Slot]:
    for tag, origin in (
        (0x57, Origin.COMPUTED),
        (0x5F20, Origin.REQUEST),
        (0x5A, Origin.REQUEST),
        (0x5F24, Origin.REQUEST),
        (0x5F25, Origin.COMPUTED),
        (0x5F30, Origin.PRODUCT),
        (0x5F34, Origin.REQUEST),
    ):
        yield Slot(tag, element(tag).maximum, origin)


def _shared(profile: Profile, settings: Contact) -> Iterator[tuple[int, bytes]]:
    yield 0x5F28, numeric(profile.country)
    yield 0x9F07, profile.usage_control
    yield 0x9F08, profile.application_version
    yield 0x9F42, numeric(profile.currency.code)
    yield 0x9F44, bytes((profile.currency.exponent,))
    yield from _limits(profile)
    yield 0x8C, settings.cdol1.encode()
    yield 0x8D, settings.cdol2.encode()
    if settings.cvm is not None:
        yield 0x8E, settings.cvm.encode()
    yield 0x9F0D, settings.action_codes.default
    yield 0x9F0E, settings.action_codes.denial
    yield 0x9F0F, settings.action_codes.online
    authentication = profile.authentication
    if authentication is not None and authentication.sign_aip and authenticates(settings):
        yield 0x9F4A, SDA_TAG_LIST
    yield from profile.extra.items()


def _authentication_slots(
    profile: Profile, settings: Contact, interface: Interface
) -> Iterator[Slot]:
    keys = profile.authentication
    # A PIN goes to the card through contacts alone.
    enciphered = (
        interface is Interface.CONTACT
        and settings.cvm is not None
        and any(method.enciphered for method in settings.cvm.methods())
    )
    if keys is None or not (authenticates(settings) or enciphered):
        return
    dynamic = AIP.has(settings.aip, "dda", "cda")
    yield _given(0x8F, keys.ca_key_index)
    yield from _certificate(ISSUER_TAGS, keys.ca_bits, keys.issuer_bits, keys.issuer_exponent)
    if AIP.has(settings.aip, "sda"):
        yield Slot(0x93, keys.issuer_bits // 8, Origin.MODULE)
    if keys.icc_bits is not None and keys.method is not Method.SDA:
        yield from _certificate(ICC_TAGS, keys.issuer_bits, keys.icc_bits, keys.icc_exponent)
    if keys.pin_bits is not None and enciphered:
        yield from _certificate(PIN_TAGS, keys.issuer_bits, keys.pin_bits, keys.icc_exponent)
    if dynamic and keys.ddol.entries:
        yield _given(0x9F49, keys.ddol.encode())


def _certificate(
    tags: CertificateTags, signer_bits: int, bits: int, exponent: int
) -> Iterator[Slot]:
    lengths = planned_lengths(tags, signer_bits // 8, bits // 8, exponent)
    return (Slot(tag, length, Origin.MODULE) for tag, length in lengths)
