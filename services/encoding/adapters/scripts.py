"""Scripts, verdicts and proofs of the security module: chips that wait together share a call."""

from __future__ import annotations

from cardwright.hsm.port import (
    BadgeProof,
    ChipAnswers,
    ChipToPersonalize,
    ChipVerdict,
    HsmError,
    SecurityModule,
)
from services.encoding.adapters.gathering import Gathering

__all__ = ["Script", "Scripts"]

Script = tuple[bytes, ...]


class Scripts:
    """Asks the module, a group of chips at a time."""

    def __init__(self, module: SecurityModule) -> None:
        self._scripts = Gathering[ChipToPersonalize, Script | HsmError](module.personalize)
        self._verdicts = Gathering[ChipAnswers, ChipVerdict | HsmError](
            module.check_personalization
        )

        self._proofs = Gathering[BadgeProof, bool | HsmError](module.check_badges)

    async def of(self, chip: ChipToPersonalize) -> Script | HsmError:
        """Return the chip's script, or why the module refuses this chip.

        Raises:
            HsmError: The whole call failed: the module is away, or denies the verb.
        """
        return await self._scripts.of(chip)

    async def verdict(self, answers: ChipAnswers) -> ChipVerdict | HsmError:
        """Return what the chip's answers prove, or why the module can't tell.

        Raises:
            HsmError: The whole call failed.
        """
        return await self._verdicts.of(answers)

    async def genuine(self, proof: BadgeProof) -> bool | HsmError:
        """Tell whether the badge has its key, or why the module can't tell.

        Raises:
            HsmError: The whole call failed.
        """
        return await self._proofs.of(proof)
