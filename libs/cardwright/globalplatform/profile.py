"""What a host must know of a kind of card before it meets one."""

from __future__ import annotations

from dataclasses import dataclass

from cardwright.globalplatform.authentication import InitializeUpdateResponse, Scp, Scp02Option
from cardwright.globalplatform.channel import SecureChannel
from cardwright.globalplatform.errors import CommandError
from cardwright.globalplatform.keys import Diversification, StaticKeys
from cardwright.globalplatform.messaging import MAX_SHORT
from cardwright.globalplatform.scp02 import Scp02Channel
from cardwright.globalplatform.scp03 import Scp03Channel
from cardwright.globalplatform.store_data import P1Coding, Packing

__all__ = ["CardProfile", "open_channel"]

_LONGEST, _SHORTEST = 0xFFFF, 64


@dataclass(frozen=True, slots=True)
class CardProfile:
    """A kind of card; the defaults suit a card of GP 2.3.1 with SCP03.

    Attributes:
        diversification: how its static keys derive from the transport master key.
        card_manager: the card manager's AID, to check pseudo-random challenges by; None: they
            are taken as they come.
        scp02_option: SCP02's parameter i, which a card of SCP02 does not tell in its session.
        challenge_length: octets of the host challenge that it takes: 16 for SCP03 in S16 mode.
        max_data: octets of command data that it takes; above 255 it takes extended length. Used
            in SCP03 alone, as SCP02 has short commands only.
        p1: how it wants P1 of STORE DATA coded.
        packing: which data groupings may share a STORE DATA command.

    Raises:
        CommandError: a length is none that a card can have.
    """

    diversification: Diversification = Diversification.KDF3
    card_manager: bytes | None = None
    scp02_option: Scp02Option = Scp02Option.I15
    challenge_length: int = 8
    max_data: int = MAX_SHORT
    p1: P1Coding = P1Coding.GLOBALPLATFORM
    packing: Packing = Packing.SHARED

    def __post_init__(self) -> None:
        if not _SHORTEST <= self.max_data <= _LONGEST:
            raise CommandError(f"A card takes {_SHORTEST} to {_LONGEST} octets of command data.")
        if self.challenge_length not in {8, 16}:
            raise CommandError("A card takes host challenges of 8 octets, or 16.")


def open_channel(
    keys: StaticKeys,
    host_challenge: bytes,
    response: InitializeUpdateResponse,
    level: int,
    profile: CardProfile,
) -> SecureChannel:
    """Verify the card and open a channel of the protocol that it answered with.

    The same arguments give the same channel, so that responses can be checked later.

    Raises:
        GlobalPlatformError: as ``Scp02Channel.open`` and ``Scp03Channel.open`` say.
    """
    aid = profile.card_manager
    if response.scp is Scp.SCP02:
        option = profile.scp02_option
        return Scp02Channel.open(keys, host_challenge, response, level, option, card_manager=aid)
    return Scp03Channel.open(
        keys, host_challenge, response, level, max_data=profile.max_data, card_manager=aid
    )
