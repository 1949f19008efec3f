"""The payment systems' public keys, from the file that the security module's setup exports."""

from __future__ import annotations

from pathlib import Path

from cardwright.terminal import CaPublicKey, load_ca_keys

__all__ = ["read_ca_keys"]


def read_ca_keys(path: Path) -> tuple[CaPublicKey, ...]:
    """Read the list; without a file there are no keys, and cards that need them wait for a person.

    Raises:
        ProfileError: CA_KEY_FORMAT, CA_KEY_CHECKSUM or CA_KEY_TWICE: the file is not as exported.
    """
    try:
        document = path.read_bytes()
    except FileNotFoundError:
        return ()
    return load_ca_keys(document)
