"""The life of a key in versions: a newer one takes over, an old one is destroyed."""

from __future__ import annotations

from collections.abc import Mapping

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes
from services.keymanagement.module.keys import Key
from services.keymanagement.module.values import check_value, make

__all__ = ["rotated", "without"]


def rotated(keys: Mapping[Key, SecretBytes], label: str) -> tuple[dict[Key, SecretBytes], Key]:
    """Add a random next version of a key; the versions before it keep opening what they sealed.

    Raises:
        HsmError: KEY_UNKNOWN.
    """
    newest = _newest(keys, label)
    usage, algorithm = newest.usage, newest.algorithm
    value = make(usage, algorithm)
    key = Key(label, newest.version + 1, usage, algorithm, check_value(algorithm, value))
    return {**keys, key: value}, key


def without(keys: Mapping[Key, SecretBytes], key_id: str) -> dict[Key, SecretBytes]:
    """Leave out a version that is not the newest: what it sealed can never be opened again.

    Raises:
        HsmError: KEY_UNKNOWN, or KEY_IN_USE: the newest stays, so that no number comes twice.
    """
    left = {key: value for key, value in keys.items() if key.key_id != key_id}
    if len(left) == len(keys):
        raise HsmError("KEY_UNKNOWN", f"There is no key {key_id}.")
    if _newest(keys, key_id.rpartition("#")[0]).key_id == key_id:
        raise HsmError("KEY_IN_USE", f"{key_id} is the newest of its label: rotate it first.")
    return left


def _newest(keys: Mapping[Key, SecretBytes], label: str) -> Key:
    versions = [key for key in keys if key.label == label]
    if not versions:
        raise HsmError("KEY_UNKNOWN", f"There is no key {label}.")
    return max(versions, key=lambda key: key.version)
