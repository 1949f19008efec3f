"""A software smart card: ISO/IEC 7816-4, a GlobalPlatform card manager, EMV and badge applets.

It shares no code with the host's side, so that each can find the other's mistakes.
"""

from cardwright.chip.chip import Chip
from cardwright.chip.diversification import Scheme, TransportKeys
from cardwright.chip.factory import blank_chip, manufacture
from cardwright.chip.keys import KeyType
from cardwright.chip.profile import PROFILES, STANDARD, Profile

__all__ = [
    "PROFILES",
    "STANDARD",
    "Chip",
    "KeyType",
    "Profile",
    "Scheme",
    "TransportKeys",
    "blank_chip",
    "manufacture",
]
