"""Cards handed to another bureau: the personalization file (docs/personalization-file.md)."""

from cardwright.exchange.errors import PersonalizationFileError
from cardwright.exchange.file import (
    FileApplication,
    FileCard,
    FileHeader,
    PersonalizationFile,
    read,
    sealed,
    signed_octets,
    write,
)
from cardwright.exchange.opening import open_card

__all__ = [
    "FileApplication",
    "FileCard",
    "FileHeader",
    "PersonalizationFile",
    "PersonalizationFileError",
    "open_card",
    "read",
    "sealed",
    "signed_octets",
    "write",
]
