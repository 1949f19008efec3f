"""PUT KEY (GlobalPlatform 2.3.1, 11.8; Amendment D, 7.2): a card's next static keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cardwright.globalplatform.channel import SecureChannel
from cardwright.globalplatform.errors import CommandError
from cardwright.globalplatform.keys import KeyAlgorithm, StaticKeys, key_check_value
from cardwright.secret import SecretBytes

__all__ = ["NewKeySet", "put_key"]

_VERSIONS: Final = range(0x01, 0x80)
_MULTIPLE: Final = 0x80


@dataclass(frozen=True, slots=True)
class NewKeySet:
    """Key-ENC, Key-MAC and Key-DEK to load in one command, which a card takes as a whole or not.

    Attributes:
        keys: the new keys.
        version: their key version, 01 to 7F.
        replaces: version of the set that they take the place of; 0 adds them to what is there. A
            card replaces keys only by such of the same algorithm and length.
        identifier: that of Key-ENC; the other two follow it.

    Raises:
        CommandError: a number is out of range.
    """

    keys: StaticKeys
    version: int
    replaces: int = 0
    identifier: int = 1

    def __post_init__(self) -> None:
        if self.version not in _VERSIONS or self.replaces not in {0, *_VERSIONS}:
            raise CommandError("A key version is 01 to 7F; 00 in place of an old one adds keys.")
        if not 1 <= self.identifier <= 0x7D:
            raise CommandError("Three keys have identifiers between 01 and 7F.")

    @property
    def answer(self) -> bytes:
        """The response data of a card that took them: version and check values (11.8.3.1)."""
        return bytes((self.version,)) + b"".join(
            key_check_value(self.keys.algorithm, key) for key in _in_order(self.keys)
        )


def put_key(new: NewKeySet, channel: SecureChannel) -> bytes:
    """Build PUT KEY for three keys, encrypted under the channel's DEK, with their check values.

    GP 2.3.1 recommends that the DEK be no weaker than the keys, and leaves it to the issuer.
    """
    fields = (_key_data_field(new.keys.algorithm, key, channel) for key in _in_order(new.keys))
    data = bytes((new.version,)) + b"".join(fields)
    header = bytes((0x80, 0xD8, new.replaces, _MULTIPLE | new.identifier, len(data)))
    return header + data + b"\0"


def _in_order(keys: StaticKeys) -> tuple[SecretBytes, SecretBytes, SecretBytes]:
    return keys.enc, keys.mac, keys.dek


def _key_data_field(algorithm: KeyAlgorithm, key: SecretBytes, channel: SecureChannel) -> bytes:
    """The basic format (11.8.2.3.1): type, length, component block, check value.

    A triple DES key under a triple DES DEK stands in its block alone, as cards have it from the
    first (table 11-71). In all other cases the key's length goes before it (table 11-70; Amendment
    D, 7.2.1), so that the padding of a 24-octet key can be told.
    """
    block = channel.encrypt_sensitive(key.reveal())
    if KeyAlgorithm.AES in {algorithm, channel.algorithm}:
        block = bytes((len(key),)) + block
    check = key_check_value(algorithm, key)
    return bytes((algorithm, len(block))) + block + bytes((len(check),)) + check
