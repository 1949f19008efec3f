"""What a writer must keep to beyond the header's own form: contents that fit the key, strength."""

from __future__ import annotations

from cardwright.cipher import BlockCipher
from cardwright.keyblock.combinations import strength
from cardwright.keyblock.contents import BaseDerivationKeyId, Pedigree, parse_content
from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.fields import Algorithm, Usage
from cardwright.keyblock.header import Header
from cardwright.secret import SecretBytes

__all__ = ["check_contents", "check_strength"]


def check_contents(header: Header) -> None:
    """Refuse optional blocks that X9.143-2021, 6.3.6, defines otherwise, or for other keys.

    Raises:
        KeyBlockError: KEYBLOCK_OPTIONAL; KEYBLOCK_HEADER or KEYBLOCK_COMBINATION within ``DA``.
    """
    contents = {block.id: parse_content(block) for block in header.blocks}
    if ("HM" in contents) is not (header.algorithm is Algorithm.HMAC):
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "An HMAC key names its hash in HM; others don't")
    if "DA" in contents and header.usage is not Usage.KEY_DERIVATION:
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "DA belongs to keys of usage B3")
    base = contents.get("BI")
    if isinstance(base, BaseDerivationKeyId) and base.algorithm is not header.algorithm:
        raise KeyBlockError("KEYBLOCK_OPTIONAL", "BI is of another algorithm than the key")


def check_strength(header: Header, kbpk: BlockCipher, key: SecretBytes) -> None:
    """Refuse a key under a weaker one (X9.24-1), unless its pedigree ``WP`` says that it happened.

    Raises:
        KeyBlockError: KEYBLOCK_KBPK.
    """
    pedigree = header.block("WP")
    if pedigree and Pedigree(pedigree.data).is_weaker:
        return
    protection = Algorithm.AES if kbpk.block == 16 else Algorithm.TDES
    if strength(header.algorithm, len(key)) > strength(protection, kbpk.length):
        raise KeyBlockError("KEYBLOCK_KBPK", "The protection key is weaker than the key")
