"""Access numbers for a batch of badges, from their issuers' ranges."""

from __future__ import annotations

from collections.abc import Iterable

from cardwright.access.wiegand import Credential
from cardwright.station.ports import Transaction
from services.dataprep.accounts import Faults
from services.dataprep.domain.draft import Draft
from services.dataprep.domain.faults import AnomalyError
from services.dataprep.ports import Registry, WantedCredential

__all__ = ["Credentials"]


class Credentials:
    """Gives every badge its number.

    Args:
        registry: Which numbers are taken, and by which card.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def assign(
        self, drafts: Iterable[Draft], tx: Transaction, faults: Faults
    ) -> dict[str, Credential]:
        """Return the credentials by card id; cards that can't have one are put into ``faults``.

        Args:
            drafts: Cards whose own data are in order, each of a product with a credential.
            tx: Transaction in the database of this service.
            faults: Where to put what is wrong.
        """
        ranged = []
        for item in drafts:
            if item.issuer.credential_range is None:
                faults[item.card_id] = _no_range()
            else:
                ranged.append((item, item.issuer.credential_range))
        numbers = await self._registry.credentials(
            tx,
            [
                WantedCredential(
                    item.card_id,
                    item.issuer.name,
                    known.format,
                    known.facility,
                    known.first,
                    known.last,
                )
                for item, known in ranged
            ],
        )
        for item, _ in ranged:
            if item.card_id not in numbers:
                faults[item.card_id] = _exhausted()
        return {
            item.card_id: known.credential(numbers[item.card_id])
            for item, known in ranged
            if item.card_id in numbers
        }


def _no_range() -> AnomalyError:
    return AnomalyError(
        "CREDENTIAL_RANGE_MISSING",
        "The product has an access number and the issuer no range of them; register one, then "
        "waive",
    )


def _exhausted() -> AnomalyError:
    return AnomalyError(
        "CREDENTIAL_RANGE_EXHAUSTED",
        "The issuer's range has no access number left; register a longer one, then waive",
    )
