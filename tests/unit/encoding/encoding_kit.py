"""Cards as data preparation makes them, and stand-ins for the vault and the security module."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from cardwright.card import Operation
from cardwright.globalplatform.errors import GlobalPlatformError
from cardwright.globalplatform.keys import diversify
from cardwright.hsm.port import ChipToPersonalize, HsmError
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry
from cardwright.secret import SecretBytes, SecretText
from cardwright.station.ports import WorkOrder
from cardwright.vault.vault import Opened
from services.dataprep.adapters.sections import encode_sections
from services.dataprep.domain.account import Account
from services.dataprep.domain.compose import compose
from services.dataprep.domain.draft import draft
from services.dataprep.domain.request import CardRequest
from services.keymanagement.module.cardkeys import BADGE as BADGE_USAGE
from services.keymanagement.module.cardkeys import EMV_USAGES, CardKeys
from services.keymanagement.module.old_script import build
from tests.unit.dataprep.fakes import BADGE, BANK, CREDENTIAL, DEBIT, TODAY, WORKS

KMC = SecretBytes(bytes.fromhex("404142434445464748494a4b4c4d4e4f"))  # GlobalPlatform's test key
EMV_KEYS = CardKeys(
    # Even octets have no meaning to triple DES; three different keys.
    {usage: SecretBytes(bytes(range(n, n + 32, 2))) for n, usage in enumerate(EMV_USAGES)},
    (),
)
BADGE_KEYS = CardKeys({BADGE_USAGE: SecretBytes(bytes(range(16)))}, ())
SEALED = {"debit": b"sealed debit keys", "badge": b"sealed badge keys"}
BLANK = "RTX-0001-00000001"


def order(
    card: str = "card",
    operation: Operation = Operation.ENCODE,
    blank: str = BLANK,
    attempt: int = 1,
) -> WorkOrder:
    """An order for a card named so; its id is a UUID all the same."""
    card_id = str(uuid.uuid5(uuid.NAMESPACE_OID, card))
    return WorkOrder(
        order_id=f"{card_id}.{operation}",
        card_id=card_id,
        operation=operation,
        attempt=attempt,
        issuer="aurora-bank",
        request_id="request-1",
        product="emv-debit",
        product_version=1,
        express=False,
        blank_serial=blank,
    )


def debit_sections(card_id: str) -> dict[str, bytes]:
    """What data preparation puts into the vault for a debit card."""
    request = CardRequest("aurora-bank", "request-1", SecretText("Marlowe"), SecretText("Ines"))
    cvv, cvv2, icvv = (SecretText(value) for value in ("123", "456", "789"))
    account = Account(
        Pan("9999990000000006"), "00", Expiry(2029, 11), cvv, cvv2, icvv, issued=False
    )
    ready = draft(card_id, request, DEBIT, BANK, waived=(), today=TODAY)
    return encode_sections(compose(ready, account))


def badge_sections(card_id: str) -> dict[str, bytes]:
    """What data preparation puts into the vault for a badge."""
    request = CardRequest(
        issuer=WORKS.name,
        request_id="request-1",
        surname=SecretText("Marlowe"),
        given_names=SecretText("Ines"),
        employee_number=SecretText("A-004217"),
        photo=b"portrait",
    )
    return encode_sections(
        compose(draft(card_id, request, BADGE, WORKS, waived=(), today=TODAY), None, CREDENTIAL)
    )


class MemoryVault:
    """Sections in clear; a damaged card's don't open."""

    def __init__(self) -> None:
        self.sections: dict[str, dict[str, bytes]] = {}
        self.damaged: set[tuple[str, str]] = set()
        self.calls: list[str] = []

    def file(self, card_id: str, kind: str) -> None:
        """Put a debit card or a badge in."""
        made = {"debit": debit_sections, "badge": badge_sections}[kind](card_id)
        for section, octets in {**made, "chip_keys": SEALED[kind]}.items():
            self.sections.setdefault(section, {})[card_id] = octets

    async def open(self, section: str, card_ids: Sequence[str]) -> Opened:
        self.calls.append(section)
        rows = self._rows(section, card_ids)
        damaged = frozenset(card for card in rows if (section, card) in self.damaged)
        return Opened({card: SecretBytes(rows[card]) for card in rows.keys() - damaged}, damaged)

    async def get_sealed(self, section: str, card_ids: Sequence[str]) -> dict[str, bytes]:
        self.calls.append(section)
        return self._rows(section, card_ids)

    def _rows(self, section: str, card_ids: Sequence[str]) -> dict[str, bytes]:
        held: Mapping[str, bytes] = self.sections.get(section, {})
        return {card: held[card] for card in card_ids if card in held}


class FakeModule:
    """The one verb that encoding needs beside the vault's, in this process."""

    def __init__(self, kmc: SecretBytes = KMC) -> None:
        self.kmc = kmc
        self.batches: list[int] = []
        self.fault: HsmError | None = None

    async def personalize(
        self, items: Sequence[ChipToPersonalize]
    ) -> list[tuple[bytes, ...] | HsmError]:
        self.batches.append(len(items))
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        return [self._script(item) for item in items]

    def _script(self, chip: ChipToPersonalize) -> tuple[bytes, ...] | HsmError:
        keys = {SEALED["debit"]: EMV_KEYS, SEALED["badge"]: BADGE_KEYS}[chip.sealed_keys]
        try:
            return build(chip, lambda serial: diversify(self.kmc, serial), keys)
        except GlobalPlatformError as error:
            return HsmError(error.code, str(error))
