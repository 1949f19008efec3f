"""A software smart card: ISO/IEC 7816-4, a GlobalPlatform card manager, EMV and badge applets.

It shares no code with the host's side, so that each can find the other's mistakes.
"""

from cardwright.chip.chip import Chip, blank_chip, manufacture

__all__ = ["Chip", "blank_chip", "manufacture"]
