"""A chip's personalization script: opened, wrapped and MACed here, sent by whoever has the chip."""

from __future__ import annotations

from collections.abc import Callable

from cardwright.globalplatform.keys import StaticKeys
from cardwright.globalplatform.scp03 import (
    MAX_PLAIN_DATA,
    InitializeUpdateResponse,
    Scp03Channel,
    SecurityLevel,
    wrap_script,
)
from cardwright.globalplatform.store_data import DataGrouping, encode_dgi, store_data
from cardwright.hsm.port import ChipToPersonalize, HsmError
from services.keymanagement.module.cardkeys import BADGE, EMV_USAGES, CardKeys, check_value

__all__ = ["build"]

# Without response MACs the commands depend on the chip's first answer alone.
_LEVEL = SecurityLevel.C_MAC_C_ENC
_EMV_KEYS, _EMV_CHECK_VALUES = 0x8000, 0x9000  # EMV CPS 2.0, annex A
_BADGE_KEY, _BADGE_CHECK_VALUE = 0x8001, 0x9001


def build(
    chip: ChipToPersonalize, static_keys: Callable[[bytes], StaticKeys], keys: CardKeys
) -> tuple[bytes, ...]:
    """Build the whole script: EXTERNAL AUTHENTICATE, the prologue, STORE DATA with keys last.

    Args:
        chip: what the chip answered and is to hold.
        static_keys: derives the chip's static keys from its diversification data.
        keys: the card's own keys; none for a chip without.

    Raises:
        GlobalPlatformError: the chip is another than we hold keys for, or its data don't fit.
        HsmError: CARD_KEYS_INCOMPLETE, some of an EMV card's keys are missing.
    """
    response = InitializeUpdateResponse.parse(chip.initialize_update)
    static = static_keys(response.diversification_data)
    channel = Scp03Channel.open(static, chip.host_challenge, response, _LEVEL)
    groupings = [DataGrouping(dgi) for dgi in chip.dgis]
    groupings += _key_groupings(channel, keys)
    commands = [*chip.prologue, *store_data(groupings, max_data=MAX_PLAIN_DATA[_LEVEL])]
    return (channel.external_authenticate(), *wrap_script(channel, commands))


def _key_groupings(channel: Scp03Channel, card: CardKeys) -> list[DataGrouping]:
    groupings: list[DataGrouping] = []
    if any(usage in card.keys for usage in EMV_USAGES):
        if not all(usage in card.keys for usage in EMV_USAGES):
            raise HsmError(
                "CARD_KEYS_INCOMPLETE", f"An EMV card needs all of {', '.join(EMV_USAGES)}."
            )
        groupings += _pair(channel, card, tuple(EMV_USAGES), _EMV_KEYS, _EMV_CHECK_VALUES)
    if BADGE in card.keys:
        groupings += _pair(channel, card, (BADGE,), _BADGE_KEY, _BADGE_CHECK_VALUE)
    return groupings


def _pair(
    channel: Scp03Channel, card: CardKeys, usages: tuple[str, ...], keys: int, checks: int
) -> tuple[DataGrouping, DataGrouping]:
    """Group keys, encrypted under the chip's DEK, and their check values."""
    clear = b"".join(card.keys[usage].reveal() for usage in usages)
    values = b"".join(check_value(usage, card.keys[usage]) for usage in usages)
    return (
        DataGrouping(encode_dgi(keys, channel.encrypt_sensitive(clear)), encrypted=True),
        DataGrouping(encode_dgi(checks, values)),
    )
