"""From the vault to a personalization file, by the role of who exports."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from cardwright.exchange.file import (
    FileApplication,
    FileCard,
    FileHeader,
    sealed,
    signed_octets,
    write,
)
from cardwright.hsm.chips import ExportedCard
from cardwright.hsm.port import SealedItem, SecurityModule
from cardwright.proto.vault.v1.sections_pb2 import ChipSection
from cardwright.vault.vault import Opened

__all__ = ["Sections", "make_file"]

_MISSING: Final = "CHIP_SECTIONS_MISSING"


class Sections(Protocol):
    """What is read of the vault."""

    async def open(self, section: str, card_ids: Sequence[str]) -> Opened:
        """Read and open what the section holds of these cards."""

    async def get_sealed(self, section: str, card_ids: Sequence[str]) -> dict[str, bytes]:
        """Read blobs as they are."""


async def make_file(
    vault: Sections, module: SecurityModule, recipient: str, cards: Sequence[str], at: datetime
) -> tuple[list[FileCard], bytes]:
    """Return what became of each card, and the whole file, signed.

    Args:
        vault: by the exporting role.
        module: with that role's token.
        recipient: label of the key-encryption key that was agreed on.
        cards: ids; one without data or keys is in the file with the reason.
        at: the file's time, with zone.

    Raises:
        HsmError: the module does not know the recipient's key, or is away.
    """
    chips = (await vault.open("chip", cards)).cards
    keys = await vault.get_sealed("chip_keys", cards)
    ready = [card for card in cards if card in chips and card in keys]
    exported = await module.export_personalization(
        recipient, [SealedItem(card, keys[card]) for card in ready]
    )
    found = dict(zip(ready, exported.cards, strict=True))
    made = [
        _card(card, found[card], chips[card].reveal())
        if card in found
        else FileCard(card, reason=_MISSING)
        for card in cards
    ]
    sender = (await module.sign([b""])).key_id
    header = FileHeader(
        str(uuid.uuid4()), at.isoformat(timespec="seconds"), sender, recipient, exported.key_block
    )
    content = write(header, made)
    signed = await module.sign([signed_octets(content)])
    return made, sealed(content, signed.signatures[0])


def _card(card_id: str, exported: ExportedCard | str, section: bytes) -> FileCard:
    if isinstance(exported, str):
        return FileCard(card_id, reason=exported)
    keys = {each.instance_aid: each for each in exported.applications}
    return FileCard(
        card_id,
        tuple(
            FileApplication(
                each.module_aid,
                each.instance_aid,
                tuple(each.dgis),
                keys[each.instance_aid].sensitive if each.instance_aid in keys else (),
                keys[each.instance_aid].plain if each.instance_aid in keys else (),
            )
            for each in ChipSection.FromString(section).applications
        ),
    )
