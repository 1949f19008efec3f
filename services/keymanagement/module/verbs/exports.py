"""Verbs that hand cards to another bureau: their keys under a transport key, that in a key block.

A batch has a fresh transport key, AES-256, which goes in an X9.143 key block of version D under the
key that was agreed on with the recipient: usage D0, to decrypt only, not to be passed on. A
sensitive grouping keeps its identifier; its value becomes a nonce of 12 octets and the AES-256-GCM
ciphertext of the clear value with its tag of 16. Associated data are "cardwright-export-v1", the
card's id and the instance's AID in hexadecimal capitals, each followed by a zero octet, and the
grouping's identifier: so no grouping can be taken for another's, nor another card's.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cardwright.cipher import BlockCipher
from cardwright.emv.dgi import Dgi, parse_all
from cardwright.hsm.chips import ExportedCard, ExportedCards, SealedGroupings
from cardwright.hsm.port import HsmError, SealedItem
from cardwright.keyblock import fields
from cardwright.keyblock.fields import Context, Exportability, Mode, Version
from cardwright.keyblock.header import Header
from cardwright.keyblock.optional import OptionalBlock
from cardwright.secret import SecretBytes
from services.keymanagement.module.cards import chip_keys
from services.keymanagement.module.cards.chip_keys import ApplicationKeys
from services.keymanagement.module.keyblocks import to_block
from services.keymanagement.module.keys import Usage
from services.keymanagement.module.policy import Caller
from services.keymanagement.module.verbs.base import VerbsBase
from services.keymanagement.module.verbs.batches import each

__all__ = ["ExportVerbs"]

_VERB: Final = "export_personalization"
_CHIP_KEYS: Final = "chip_keys"
_DOMAIN: Final = b"cardwright-export-v1\0"
_KEY_LENGTH: Final = 32
_NONCE_LENGTH: Final = 12


class ExportVerbs(VerbsBase):
    """Keys that were agreed on with other bureaus."""

    def export_personalization(
        self, caller: Caller, recipient: str, items: Sequence[SealedItem]
    ) -> ExportedCards:
        """Re-encrypt what ``derive_card_keys`` sealed.

        Raises:
            HsmError: HSM_DENIED, KEY_UNKNOWN, KEY_USAGE, or KEYBLOCK_KBPK: the recipient's key is
                weaker than AES-256.
        """
        caller.require_verb(_VERB)
        caller.require_key(_VERB, recipient)
        kbpk = self._backend.cipher(self._directory.find(recipient, Usage.KEY_ENCRYPTION))
        transport = SecretBytes(os.urandom(_KEY_LENGTH))
        block = to_block(kbpk, _header(kbpk), transport)
        cipher = AESGCM(transport.reveal())

        def export(item: SealedItem) -> ExportedCard:
            section = self._sections.open(_CHIP_KEYS, item.card_id, item.sealed)
            keys = chip_keys.parse(section)
            # A key of the other environment would carry live cards' keys to a test bureau.
            self._directory.find(
                recipient, Usage.KEY_ENCRYPTION, environment=keys.environment, uses=0
            )
            return ExportedCard(
                tuple(
                    _sealed(cipher, item.card_id, application)
                    for application in keys.applications.values()
                )
            )

        return ExportedCards(
            block,
            tuple(
                card.code if isinstance(card, HsmError) else card for card in each(items, export)
            ),
        )


def _header(kbpk: BlockCipher) -> Header:
    return Header(
        version=Version.DERIVATION_AES if kbpk.block == 16 else Version.DERIVATION_TDES,
        usage=fields.Usage.DATA,
        algorithm=fields.Algorithm.AES,
        mode=Mode.DECRYPT,
        exportability=Exportability.NONE,
        context=Context.EXCHANGE,
        blocks=(OptionalBlock("KC", ""), OptionalBlock("KP", "")),
    )


def _sealed(cipher: AESGCM, card_id: str, application: ApplicationKeys) -> SealedGroupings:
    bound = _DOMAIN + card_id.encode() + b"\0"
    bound += application.instance_aid.hex().upper().encode() + b"\0"
    sensitive = tuple(
        Dgi(dgi.id, _encrypted(cipher, bound, dgi)).encode()
        for encoded in application.sensitive
        for dgi in parse_all(encoded.reveal())
    )
    return SealedGroupings(application.instance_aid, sensitive, application.plain)


def _encrypted(cipher: AESGCM, bound: bytes, dgi: Dgi) -> bytes:
    nonce = os.urandom(_NONCE_LENGTH)
    return nonce + cipher.encrypt(nonce, dgi.value, bound + dgi.id.to_bytes(2, "big"))
