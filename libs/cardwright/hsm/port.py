"""What a caller can ask of the security module, in terms of the domain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from cardwright.hsm.authorization import Authorization, AuthorizationItem
from cardwright.hsm.chips import (
    BadgeProof,
    ChipAnswers,
    ChipApplication,
    ChipChannel,
    ChipStage,
    ChipToPersonalize,
    ChipVerdict,
    ExportedCards,
)
from cardwright.hsm.inventory import JournalEntry, Pool
from cardwright.hsm.pins import PinItem, PinTranslation, PreparedPin
from cardwright.secret import SecretBytes, SecretText

__all__ = [
    "Agreement",
    "Authorization",
    "AuthorizationItem",
    "BadgeProof",
    "CardValues",
    "CardValuesItem",
    "ChipAnswers",
    "ChipApplication",
    "ChipChannel",
    "ChipStage",
    "ChipToPersonalize",
    "ChipVerdict",
    "Cvc3Tracks",
    "DerivedCardKeys",
    "ExportedCards",
    "HsmError",
    "JournalEntry",
    "KeyCheck",
    "PinItem",
    "PinTranslation",
    "Pool",
    "PreparedPin",
    "PublicKey",
    "SealedItem",
    "SecurityModule",
    "Signatures",
    "WrappedDataKey",
]


_PASSING: Final = frozenset({"HSM_UNAVAILABLE", "BACKEND_UNAVAILABLE", "POOL_EMPTY"})


class HsmError(Exception):
    """The security module refused, or can't be reached.

    Attributes:
        code: what is wrong, UPPER_SNAKE, stable across releases: HSM_TOKEN, HSM_DENIED,
            HSM_UNAVAILABLE, KEY_UNKNOWN, KEY_USAGE, a code of a card standard, and others.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def passes(self) -> bool:
        """Whether waiting may mend it: the module or its hardware is away, or its pool is empty."""
        return self.code in _PASSING


@dataclass(frozen=True, slots=True)
class Signatures:
    """Ed25519 signatures, 64 octets each, and the id of the key that made them."""

    key_id: str
    signatures: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """One ECDH: the id of the bureau's key, and the other side's point (SEC 1, uncompressed)."""

    key_id: str
    public_key: bytes


@dataclass(frozen=True, slots=True)
class WrappedDataKey:
    """The key part of a section's SealedBlob."""

    card_id: str
    key_id: str
    ephemeral: bytes
    wrapped_key: bytes


@dataclass(frozen=True, slots=True)
class Cvc3Tracks:
    """What CVC3, the dynamic code of contactless magnetic-stripe mode, starts from.

    Attributes:
        imk_cvc3: the issuer's master key for it, by label.
        sequence_number: PAN sequence number, two digits.
        track1: its characters, zeros where the dynamic digits will be; empty for none.
        track2: likewise, with ``=`` as separator.
    """

    imk_cvc3: str
    sequence_number: str
    track1: SecretText
    track2: SecretText


@dataclass(frozen=True, slots=True)
class CardValuesItem:
    """A card to compute verification values for.

    Attributes:
        cvk: the card verification key, by label.
        pan: its digits.
        expiry: YYMM.
        service_code: the stripe's, three digits.
        environment: what the card is for, "test" or "live": a key of the other kind is refused.
        cvc3: what its CVC3 starts from; None for a card without.
    """

    cvk: str
    pan: SecretText
    expiry: str
    service_code: str
    environment: str = ""
    cvc3: Cvc3Tracks | None = None


@dataclass(frozen=True, slots=True)
class CardValues:
    """A card's verification values, three digits each: for stripe, print and chip.

    ``cvk`` is the key that made them, label and version.
    The vectors are CVC3's, of each track, 2 octets; empty where they were not asked for.
    """

    cvv: SecretText
    cvv2: SecretText
    icvv: SecretText
    cvk: str = ""
    track1_vector: bytes = field(default=b"", repr=False)
    track2_vector: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class SealedItem:
    """A card's sealed section: a serialized SealedBlob."""

    card_id: str
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """A derived key's usage, the master key (label and version) and the 3-octet check value."""

    usage: str
    master: str
    kcv: bytes


@dataclass(frozen=True, slots=True)
class DerivedCardKeys:
    """A card's keys, sealed as a ChipKeysSection, and their check values.

    ``certificates`` is a sealed CertificatesSection; empty for a chip without certificates.
    """

    sealed: bytes = field(repr=False)
    checks: tuple[KeyCheck, ...]
    certificates: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: "P-256" (SEC 1 uncompressed point) or "Ed25519" (32 octets).

    ``state`` is where it is in its life (NIST SP 800-57 part 1, 7): seal to an active key alone.
    """

    key_id: str
    algorithm: str
    value: bytes
    state: str = "active"


class SecurityModule(Protocol):
    """The verbs. Each takes a batch and answers in its order; a refused batch is an HsmError."""

    async def sign(self, payloads: Sequence[bytes]) -> Signatures:
        """Sign each payload with the caller's own Ed25519 key."""

    async def agree(self, items: Sequence[Agreement]) -> list[SecretBytes | HsmError]:
        """Agree on each shared secret: the 32-octet x coordinate, or why there is none."""

    async def unwrap_data_keys(
        self, section: str, items: Sequence[WrappedDataKey]
    ) -> list[SecretBytes | None]:
        """Unwrap each data key of a section that the caller may open; None where one fails."""

    async def digest(self, key_label: str, values: Sequence[SecretBytes]) -> list[bytes]:
        """HMAC-SHA-256 of each value under the key: comparable, but not to be guessed from."""

    async def card_values(self, items: Sequence[CardValuesItem]) -> list[CardValues | HsmError]:
        """Compute CVV, CVV2 and iCVV of each card, or tell why there are none."""

    async def derive_card_keys(
        self, items: Sequence[SealedItem]
    ) -> list[DerivedCardKeys | HsmError]:
        """Derive each card's keys from its sealed KeysSection, or tell why that can't be used."""

    async def personalize(
        self, items: Sequence[ChipToPersonalize]
    ) -> list[tuple[bytes, ...] | HsmError]:
        """Wrap each chip's script: commands to send as they are, EXTERNAL AUTHENTICATE first."""

    async def check_personalization(
        self, items: Sequence[ChipAnswers]
    ) -> list[ChipVerdict | HsmError]:
        """Check what each chip answered to its script, response MACs and new keys included."""

    async def check_badges(self, items: Sequence[BadgeProof]) -> list[bool | HsmError]:
        """Tell of each badge whether it has its key, by what it answered to a challenge."""

    async def export_personalization(
        self, recipient: str, items: Sequence[SealedItem]
    ) -> ExportedCards:
        """Re-encrypt sealed ChipKeysSections for another bureau, whose key is ``recipient``."""

    async def prepare_pins(self, items: Sequence[PinItem]) -> list[PreparedPin | HsmError]:
        """Draw each PIN or take the issuer's, seal it, and compute what verifies it on line."""

    async def translate_pins(self, items: Sequence[PinTranslation]) -> list[bytes | HsmError]:
        """Move each PIN block to another key and format."""

    async def authorize(self, items: Sequence[AuthorizationItem]) -> list[Authorization | HsmError]:
        """Verify each cryptogram as the issuer would (CRYPTOGRAM_WRONG), and answer it."""

    async def journal(self, after: int, limit: int = 500) -> list[JournalEntry]:
        """Return the changes of keys after an entry, in order."""

    async def pools(self) -> list[Pool]:
        """Tell how full the pools of card key pairs are."""

    async def public_keys(self, prefix: str) -> list[PublicKey]:
        """List public keys whose label begins so, with their states: see ``PublicKeysResponse``."""
