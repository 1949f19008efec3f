"""What is written to a card, what must be read back, and what it means when it is not.

Nothing here talks to a machine. A check that fails raises ``SpoiledError``: the blank is then
ejected as a reject, and never written a second time.
"""

from services.encoding.domain.answers import ChipSaid, What, what_to_do
from services.encoding.domain.faults import SpoiledError
from services.encoding.domain.memo import Memo
from services.encoding.domain.plan import ChipPlan, IncompleteError, Material, chip_plan
from services.encoding.domain.reading import ReadApplication, check_reading, reading_of
from services.encoding.domain.stripes import StripePlan, check_blank, check_stripe, stripe_bits

__all__ = [
    "ChipPlan",
    "ChipSaid",
    "IncompleteError",
    "Material",
    "Memo",
    "ReadApplication",
    "SpoiledError",
    "StripePlan",
    "What",
    "check_blank",
    "check_reading",
    "check_stripe",
    "chip_plan",
    "reading_of",
    "stripe_bits",
    "what_to_do",
]
