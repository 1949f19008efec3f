"""What the recipient does with a card of the file: the transport key, then each grouping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cardwright.cipher import BlockCipher
from cardwright.emv.dgi import parse_all
from cardwright.exchange.errors import PersonalizationFileError
from cardwright.exchange.file import FileApplication, FileCard, FileHeader
from cardwright.keyblock.block import unwrap
from cardwright.secret import SecretBytes

__all__ = ["open_card"]

_DOMAIN: Final = b"cardwright-export-v1\0"
_NONCE: Final = 12


def open_card(
    header: FileHeader, card: FileCard, kek: BlockCipher
) -> Mapping[bytes, Mapping[int, SecretBytes]]:
    """Return the clear values of a card's sensitive groupings, by instance and identifier.

    Args:
        header: of the file, with the transport key.
        card: one of its cards.
        kek: the key-encryption key that was agreed on.

    Raises:
        KeyBlockError: the transport key is not under this key, or was changed.
        PersonalizationFileError: EXCHANGE_GROUPING: a value is not as it was enciphered for this
            card, application and grouping.
    """
    _, transport = unwrap(kek, header.key_block)
    cipher = AESGCM(transport.reveal())
    return {each.instance: dict(_opened(cipher, card, each)) for each in card.applications}


def _opened(
    cipher: AESGCM, card: FileCard, application: FileApplication
) -> Iterator[tuple[int, SecretBytes]]:
    bound = _DOMAIN + card.card_id.encode() + b"\0"
    bound += application.instance.hex().upper().encode() + b"\0"
    for dgi in (dgi for each in application.sensitive for dgi in parse_all(each)):
        nonce, enciphered = dgi.value[:_NONCE], dgi.value[_NONCE:]
        try:
            clear = cipher.decrypt(nonce, enciphered, bound + dgi.id.to_bytes(2, "big"))
        except (InvalidTag, ValueError):  # ValueError: too short for a nonce
            raise PersonalizationFileError(
                "EXCHANGE_GROUPING", f"Grouping {dgi.id:04X} is not this card's: it was changed"
            ) from None
        yield dgi.id, SecretBytes(clear)
