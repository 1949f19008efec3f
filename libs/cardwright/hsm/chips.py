"""Chips as the security module speaks to them: what they get, how, and what they answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

__all__ = [
    "BadgeProof",
    "ChipAnswers",
    "ChipApplication",
    "ChipChannel",
    "ChipStage",
    "ChipToPersonalize",
    "ChipVerdict",
    "ExportedCard",
    "ExportedCards",
    "SealedGroupings",
]


class ChipStage(IntEnum):
    """What a script is for; the values are those of security_module.proto."""

    PERSONALIZE = 1
    PROVE_KEYS = 2
    SECURE_CARD = 3


@dataclass(frozen=True, slots=True)
class ChipApplication:
    """An application to install, with its groupings that hold no key (id, length and value)."""

    module_aid: bytes
    instance_aid: bytes
    dgis: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChipChannel:
    """How a chip is opened, and what is left of that when it leaves; as vault/v1 has it.

    Attributes:
        diversification: how the chip's maker diversified its initial keys: "emv-cps", "visa2" or
            "kdf3".
        security_level: P1 of EXTERNAL AUTHENTICATE.
        issuer_kmc: the issuer's chip master key by label, whose card keys replace the initial ones;
            empty to leave those.
        issuer_key_version: the version that the issuer's key set gets.
        issuer_diversification: how the issuer diversifies its own.
        store_data: how P1 of STORE DATA is coded: "globalplatform" or "emv-cps".
        longest_command: octets of the longest command data.
    """

    diversification: str = "kdf3"
    security_level: int = 0x03
    issuer_kmc: str = ""
    issuer_key_version: int = 0
    issuer_diversification: str = "kdf3"
    store_data: str = "globalplatform"
    longest_command: int = 255


@dataclass(frozen=True, slots=True)
class ChipToPersonalize:
    """What a chip answered and what it is to hold.

    Attributes:
        card_id: the card.
        kmc: the chip's initial master key, by label.
        host_challenge: what INITIALIZE UPDATE challenged it with, 8 octets.
        initialize_update: the data field of its answer.
        sealed_keys: SealedBlob of the ChipKeysSection; empty for a chip without keys.
        applications: what to install, in order.
        channel: how to speak to the chip.
        stage: what the script is for.
        installed: instances that a broken-off attempt left on the chip: they are deleted first.
    """

    card_id: str
    kmc: str
    host_challenge: bytes
    initialize_update: bytes
    sealed_keys: bytes = field(repr=False)
    applications: tuple[ChipApplication, ...] = ()
    channel: ChipChannel = ChipChannel()
    stage: ChipStage = ChipStage.PERSONALIZE
    installed: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class ChipAnswers:
    """What a chip answered to the script of this very item: data and status word each."""

    chip: ChipToPersonalize
    responses: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class BadgeProof:
    """What a badge answered to INTERNAL AUTHENTICATE with its first key.

    Attributes:
        card_id: the card.
        sealed_keys: SealedBlob of its ChipKeysSection.
        instance_aid: of the badge.
        challenge: what it was asked, 8 to 32 octets.
        answer: AES-CMAC of the challenge, if the badge has its key.
    """

    card_id: str
    sealed_keys: bytes = field(repr=False)
    instance_aid: bytes
    challenge: bytes
    answer: bytes


@dataclass(frozen=True, slots=True)
class ChipVerdict:
    """Whether a chip did all of its script.

    Attributes:
        reason: why the first bad answer is none (``globalplatform.personalization.Reason``); empty
            if the chip did everything.
        index: which command that was, from 0, EXTERNAL AUTHENTICATE's.
        status: its status word; 0 if there was no answer.
        key_version: version of the key set that the chip surely has now.
        keys_uncertain: the answers leave open which key set that is.
    """

    reason: str
    index: int
    status: int
    key_version: int
    keys_uncertain: bool


@dataclass(frozen=True, slots=True)
class SealedGroupings:
    """One application's groupings from keys: enciphered ones, and those that are no secret."""

    instance_aid: bytes
    sensitive: tuple[bytes, ...] = field(repr=False)
    plain: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ExportedCard:
    """A card's groupings under the transport key of its batch."""

    applications: tuple[SealedGroupings, ...]


@dataclass(frozen=True, slots=True)
class ExportedCards:
    """A batch for another bureau.

    Attributes:
        key_block: the transport key under the recipient's, an ANSI X9.143 key block of version D.
        cards: in order; an error's code where a card can't be exported.
    """

    key_block: str
    cards: tuple[ExportedCard | str, ...]
