"""What goes into the vault for the other stations; the fields are those of vault/v1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cardwright.emv.application import OfflineAuthentication

__all__ = [
    "ApplicationRecipe",
    "ChipApplication",
    "ChipChannel",
    "ChipSection",
    "InspectedApplication",
    "InspectionSection",
    "KeysSection",
    "MailerSection",
    "PrintSection",
    "Sections",
    "StripeSection",
]


@dataclass(frozen=True, slots=True)
class PrintSection:
    """What the faces show."""

    design: str
    text: Mapping[str, str] = field(repr=False)
    photo: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StripeSection:
    """What the stripe holds: with sentinels, without redundancy check; track 3 may be empty."""

    track1: str = field(repr=False)
    track2: str = field(repr=False)
    track3: str = field(repr=False)
    coercivity: str


@dataclass(frozen=True, slots=True)
class ChipApplication:
    """An application to install, and its groupings that hold no key: id, length and value each."""

    module_aid: bytes
    instance_aid: bytes
    dgis: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChipChannel:
    """How the chip is opened, and which keys it keeps; see vault/v1."""

    diversification: str
    security_level: int
    issuer_kmc: str
    issuer_key_version: int
    issuer_diversification: str
    store_data: str
    longest_command: int


@dataclass(frozen=True, slots=True)
class ChipSection:
    """What the chip holds, but for its keys; ``kmc`` is its initial master key's label."""

    kmc: str
    applications: tuple[ChipApplication, ...]
    channel: ChipChannel


@dataclass(frozen=True, slots=True)
class ApplicationRecipe:
    """What an application's keys and certificates are made of.

    Attributes:
        instance_aid: of the application.
        masters: usage of a card key to its master key's label.
        derivation: EMV Book 2 annex A1.4: A, B or C; empty for a badge.
        offline_pin: the card compares a PIN itself.
        pin_tries: that it allows; 0 without a PIN.
        issuer_key: label of the issuer's RSA key; empty without certificates.
        authentication: certificates and what they sign; none without.
        badge_diversifier: what a badge's keys derive from (AN10922), up to 31 octets; empty for
            others.
        contactless_authentication: the same over the antenna, where other data are signed there.
    """

    instance_aid: bytes
    masters: Mapping[str, str]
    derivation: str
    offline_pin: bool = False
    pin_tries: int = 0
    issuer_key: str = ""
    authentication: OfflineAuthentication | None = None
    badge_diversifier: bytes = b""
    contactless_authentication: OfflineAuthentication | None = None


@dataclass(frozen=True, slots=True)
class KeysSection:
    """What key management derives the card's keys from.

    Attributes:
        diversifier: at most 19 digits.
        sequence_number: two digits.
        applications: those that have keys.
        environment: "test" or "live".
        expiry: the card's last month, YYMM.
        sealed_pin: the PIN, sealed by the security module to itself; empty without.
    """

    diversifier: str = field(repr=False)
    sequence_number: str
    applications: tuple[ApplicationRecipe, ...]
    environment: str
    expiry: str
    sealed_pin: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class InspectedApplication:
    """An application as it should read.

    Attributes:
        instance_aid: its name.
        records: certificates apart, as (file, number, content).
        authentication: what a terminal must be able to do: SDA, DDA, CDA, or empty.
        afl: application file locator over the contacts; empty for directories and badges.
        aip: application interchange profile over the contacts, likewise.
    """

    instance_aid: bytes
    records: tuple[tuple[int, int, bytes], ...] = field(repr=False)
    authentication: str = ""
    afl: bytes = b""
    aip: bytes = b""


@dataclass(frozen=True, slots=True)
class InspectionSection:
    """What inspection expects to read: no key, no PIN.

    Attributes:
        barcode: what the machine-readable codes say.
        track1: empty without a stripe; so are the others.
        track2: as track 1.
        track3: as track 1.
        applications: of the chip.
        print: what the faces show, by the design's field; the printed verification value is not
            among them.
        imk_ac: label of the issuer's master key for cryptograms; empty without.
        derivation: how the card's key derives from it.
        imk_smi: label of the issuer's master key for messages' integrity; empty without.
    """

    barcode: str
    track1: str = field(repr=False)
    track2: str = field(repr=False)
    track3: str = field(repr=False)
    applications: tuple[InspectedApplication, ...]
    print: Mapping[str, str] = field(repr=False)
    imk_ac: str = ""
    derivation: str = ""
    imk_smi: str = ""


@dataclass(frozen=True, slots=True)
class MailerSection:
    """What the PIN mailer says beside the PIN."""

    name: str = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)
    country: str
    issuer: str
    last_four: str


@dataclass(frozen=True, slots=True)
class Sections:
    """All sections of one card.

    Attributes:
        stripe: none for a card without one.
        mailer: none for a card whose PIN is not mailed.
        pin: the PIN as the security module sealed it for the mailer; empty without.
    """

    print: PrintSection
    stripe: StripeSection | None
    chip: ChipSection
    keys: KeysSection
    inspection: InspectionSection
    mailer: MailerSection | None = None
    pin: bytes = field(default=b"", repr=False)
