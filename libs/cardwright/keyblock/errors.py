"""The errors of the key block library."""

from __future__ import annotations

__all__ = ["KeyBlockError"]


class KeyBlockError(ValueError):
    """A key block, a header, a key or a protection key that X9.143 refuses.

    Attributes:
        code: KEYBLOCK_FORMAT (characters that no key block has), KEYBLOCK_LENGTH, KEYBLOCK_VERSION,
            KEYBLOCK_HEADER (a field's value), KEYBLOCK_OPTIONAL (an optional block),
            KEYBLOCK_COMBINATION (usage, algorithm and mode of use don't go together),
            KEYBLOCK_KBPK (the protection key can't protect this block), KEYBLOCK_MAC (not what was
            wrapped under this key), KEYBLOCK_KEY (no key of its algorithm) or KEYBLOCK_KCV (a check
            value is another key's).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
