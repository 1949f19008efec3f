"""How a chip becomes a card, over whatever link reaches it."""

from __future__ import annotations

import secrets

from cardwright.hsm.port import ChipToPersonalize, HsmError
from cardwright.station.faults import is_passing
from cardwright.station.ports import DeviceUnavailableError
from services.encoding.adapters.scripts import Script, Scripts
from services.encoding.domain import (
    ChipPlan,
    SpoiledError,
    check_reading,
    check_refused,
    check_script,
    check_session,
    session_commands,
)
from services.encoding.ports import ChipLink

__all__ = ["personalise", "read_back"]

_FOREIGN_CHIP = "SCP03_CARD_CRYPTOGRAM"


async def personalise(link: ChipLink, card_id: str, chip: ChipPlan, scripts: Scripts) -> None:
    """Have the chip's script made, run it, reset the chip and compare what it tells.

    Raises:
        SpoiledError: The card is lost.
        DeviceUnavailableError: No script can be had now, or nothing is known of the card.
        ChipLostError: The chip does not answer any more.
    """
    challenge = secrets.token_bytes(8)
    presented = check_session(await link.transmit(session_commands(challenge), reset=True))
    script = await _script(scripts, card_id, chip, challenge, presented)
    check_script(chip, len(script), await link.transmit(script))
    await read_back(link, chip)


async def read_back(link: ChipLink, chip: ChipPlan) -> None:
    """Reset the chip and compare what it tells with what it was given.

    Raises:
        SpoiledError: It tells something else.
        DeviceUnavailableError, ChipLostError: As ``personalise``.
    """
    check_reading(chip.reading, await link.transmit(chip.reading.commands, reset=True))
    if chip.reading.refused:
        check_refused(await link.transmit(chip.reading.refused, persist=True))


async def _script(
    scripts: Scripts, card_id: str, chip: ChipPlan, challenge: bytes, presented: bytes
) -> Script:
    wanted = ChipToPersonalize(
        card_id=card_id,
        kmc=chip.kmc,
        host_challenge=challenge,
        initialize_update=presented,
        prologue=chip.prologue,
        dgis=chip.dgis,
        sealed_keys=chip.sealed_keys,
    )
    try:
        script = await scripts.of(wanted)
    except HsmError as error:
        if not is_passing(error):
            raise
        raise DeviceUnavailableError(error.code, "no script for the chip in the head") from error
    if isinstance(script, HsmError):
        code = "CHIP_CRYPTOGRAM" if script.code == _FOREIGN_CHIP else script.code
        raise SpoiledError(code, "the security module makes no script for this chip")
    return script
