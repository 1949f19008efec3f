"""Opens channels to model cards of every protocol, mode and level that there is."""

from __future__ import annotations

from dataclasses import dataclass

from cardwright.globalplatform.authentication import (
    InitializeUpdateResponse,
    Scp02Option,
    SecurityLevel,
    initialize_update,
)
from cardwright.globalplatform.channel import SecureChannel
from cardwright.globalplatform.keys import KeyAlgorithm, StaticKeys
from cardwright.globalplatform.profile import CardProfile, open_channel
from cardwright.secret import SecretBytes
from tests.unit.globalplatform.card_model import Scp02Card, Scp03Card

CARD_MANAGER = bytes.fromhex("A000000151000000")


@dataclass(frozen=True)
class Kind:
    """A kind of card: which protocol, its parameter i, its key length, the level asked for."""

    algorithm: KeyAlgorithm
    i: int
    length: int
    level: SecurityLevel

    def __str__(self) -> str:
        return f"{self.algorithm.name}{self.length * 8}-i{self.i:02X}-{self.level:02X}"

    def key_set(self, first: int = 0) -> StaticKeys:
        rows = (
            bytes((first + at + step) & 0xFF for step in range(self.length)) for at in (0, 64, 128)
        )
        return StaticKeys(*(SecretBytes(row) for row in rows), algorithm=self.algorithm)

    def card(self, keys: StaticKeys | None = None) -> Scp02Card | Scp03Card:
        own = keys or self.key_set()
        clear = (own.enc.reveal(), own.mac.reveal(), own.dek.reveal())
        if self.algorithm is KeyAlgorithm.TDES:
            return Scp02Card(clear, self.i)
        return Scp03Card(clear, self.i)

    def profile(self, max_data: int = 255) -> CardProfile:
        option = Scp02Option(self.i) if self.algorithm is KeyAlgorithm.TDES else Scp02Option.I15
        return CardProfile(card_manager=CARD_MANAGER, scp02_option=option, max_data=max_data)


def _kinds() -> list[Kind]:
    tdes = [
        Kind(KeyAlgorithm.TDES, option, 16, level)
        for option in Scp02Option
        for level in SecurityLevel
        if level < 0x30 and (not level & 0x10 or option & 0x20)
    ]
    aes = [
        Kind(KeyAlgorithm.AES, i, length, level)
        for i in (0x60, 0x61, 0x70, 0x71)
        for length in (16, 24, 32)
        for level in SecurityLevel
    ]
    return tdes + aes


KINDS = _kinds()


def challenge_of(kind: Kind) -> bytes:
    return bytes(range(0x10, 0x20 if kind.algorithm is KeyAlgorithm.AES and kind.i & 1 else 0x18))


def begin(kind: Kind, card: Scp02Card | Scp03Card) -> InitializeUpdateResponse:
    answer = card.initialize_update(initialize_update(challenge_of(kind)))
    return InitializeUpdateResponse.parse(answer)


def opened(
    kind: Kind,
    answer: InitializeUpdateResponse,
    *,
    keys: StaticKeys | None = None,
    max_data: int = 255,
) -> SecureChannel:
    return open_channel(
        keys or kind.key_set(), challenge_of(kind), answer, kind.level, kind.profile(max_data)
    )


def session(kind: Kind, card: Scp02Card | Scp03Card, *, max_data: int = 255) -> SecureChannel:
    """A channel that the card has accepted."""
    channel = opened(kind, begin(kind, card), max_data=max_data)
    assert card.process(channel.external_authenticate()) == b"\x90\x00"
    return channel
