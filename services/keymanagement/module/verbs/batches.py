"""Batches: work on each item, in order; one that is refused takes its code, and stops no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from cardwright.access.errors import AccessError
from cardwright.cipher import CipherError
from cardwright.emv.errors import EmvError
from cardwright.globalplatform.errors import GlobalPlatformError
from cardwright.hsm.port import HsmError
from cardwright.iso.errors import IsoError
from cardwright.payment.cvv import CvvError
from cardwright.payment.errors import PinError
from cardwright.vault.sealing import SealingError

__all__ = ["each"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_CODED = (
    AccessError,
    CipherError,
    CvvError,
    EmvError,
    GlobalPlatformError,
    IsoError,
    PinError,
    SealingError,
)


def each(items: Sequence[_Item], work: Callable[[_Item], _Result]) -> list[_Result | HsmError]:
    """Do the work for each item; what the standards or the module refuse becomes its result.

    Raises:
        HsmError: one that passes: it is no answer about an item, so the whole batch is asked again.
    """
    results: list[_Result | HsmError] = []
    for item in items:
        try:
            results.append(work(item))
        except HsmError as error:
            if error.passes:
                raise
            results.append(error)
        except _CODED as error:
            results.append(HsmError(error.code, str(error)))
    return results
