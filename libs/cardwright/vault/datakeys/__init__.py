"""Data keys of the vault, in a database apart from the data that they open."""

from cardwright.vault.datakeys.store import DataKeys

__all__ = ["DataKeys"]
