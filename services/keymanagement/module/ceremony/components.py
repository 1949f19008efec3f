"""Components: parts of a key of which all but one tell nothing (X9.24-1, split knowledge).

A key is the exclusive-or of two or three components, each as long as the key. Components of DES
keys have odd parity, as people are used to; so has the key that they make, whatever comes out.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import reduce
from typing import Final

from cardwright.cipher import ClearAes, ClearTdes, odd_parity
from cardwright.emv.keys import kcv, kcv_aes_cmac
from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes
from services.keymanagement.module.keys import Algorithm, Family

__all__ = ["COUNTS", "combine", "component_check_value", "require_component", "split"]

COUNTS: Final = (2, 3)
_OCTETS: Final = {112: 16, 168: 24, 128: 16, 192: 24, 256: 32}
_FAMILIES: Final = frozenset({Family.TDES, Family.AES})


def require_component(algorithm: Algorithm, component: SecretBytes) -> None:
    """Refuse what is no component of such a key.

    Raises:
        HsmError: COMPONENT_ALGORITHM, keys of this kind have none; COMPONENT_LENGTH;
            COMPONENT_PARITY, a slip of the pen; COMPONENT_ZERO, it adds nothing.
    """
    if algorithm.family not in _FAMILIES:
        raise HsmError("COMPONENT_ALGORITHM", f"A {algorithm} key has no components.")
    value = component.reveal()
    if len(value) != _OCTETS[algorithm.bits]:
        raise HsmError("COMPONENT_LENGTH", f"A component is as long as its {algorithm} key.")
    if algorithm.family is Family.TDES and value != odd_parity(value):
        raise HsmError("COMPONENT_PARITY", "A component has odd parity: enter it again.")
    if not any(octet & 0xFE for octet in value):
        raise HsmError("COMPONENT_ZERO", "A component of zeros adds nothing: make another.")


def combine(algorithm: Algorithm, components: Sequence[SecretBytes]) -> SecretBytes:
    """Make the key of its components.

    Raises:
        HsmError: as `require_component`; COMPONENT_COUNT; COMPONENT_EQUAL, two are the same and
            would cancel out.
    """
    if len(components) not in COUNTS:
        raise HsmError("COMPONENT_COUNT", "A key has two or three components.")
    for component in components:
        require_component(algorithm, component)
    values = [component.reveal() for component in components]
    if len(set(values)) < len(values):
        raise HsmError("COMPONENT_EQUAL", "Two components are the same: they cancel out.")
    whole = reduce(_xor, values)
    return SecretBytes(odd_parity(whole) if algorithm.family is Family.TDES else whole)


def split(algorithm: Algorithm, value: SecretBytes, count: int) -> list[SecretBytes]:
    """Split a key into components, all but the last of them random.

    Raises:
        HsmError: COMPONENT_ALGORITHM or COMPONENT_COUNT.
    """
    if count not in COUNTS:
        raise HsmError("COMPONENT_COUNT", "A key has two or three components.")
    if algorithm.family not in _FAMILIES:
        raise HsmError("COMPONENT_ALGORITHM", f"A {algorithm} key has no components.")
    parts = [os.urandom(len(value)) for _ in range(count - 1)]
    parts.append(reduce(_xor, parts, value.reveal()))
    if algorithm.family is Family.TDES:
        parts = [odd_parity(part) for part in parts]
    return [SecretBytes(part) for part in parts]


def component_check_value(algorithm: Algorithm, component: SecretBytes) -> bytes:
    """Compute a component's check value, three octets, as a key's of its kind."""
    if algorithm.family is Family.TDES:
        return kcv(ClearTdes(component))
    return kcv_aes_cmac(ClearAes(component))


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))
