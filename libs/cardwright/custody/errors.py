"""What can be wrong with evidence, each with a code that stays the same."""

from __future__ import annotations

__all__ = ["ChainError", "CustodyError", "MerkleError", "SignatureError"]


class CustodyError(ValueError):
    """Evidence that does not hold.

    Attributes:
        code: what is wrong, UPPER_SNAKE, stable across releases.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class MerkleError(CustodyError):
    """MERKLE_EMPTY, MERKLE_INDEX, MERKLE_PATH or MERKLE_HASH."""


class SignatureError(CustodyError):
    """SIGNER_UNKNOWN, SIGNER_KEY or SIGNATURE_BAD."""


class ChainError(CustodyError):
    """CHAIN_STREAM, CHAIN_GAP or CHAIN_PREVIOUS."""
