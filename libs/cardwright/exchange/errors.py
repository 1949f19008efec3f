"""What can be wrong with a personalization file."""

from __future__ import annotations

__all__ = ["PersonalizationFileError"]


class PersonalizationFileError(Exception):
    """A personalization file is none, was changed, or does not open.

    Attributes:
        code: EXCHANGE_FORMAT, EXCHANGE_SIGNATURE, EXCHANGE_COUNT, EXCHANGE_GROUPING, or
            EXCHANGE_EXISTS where a file would be written over another.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
