"""Components in a ceremony: entered and handed out one by one, each by and to another custodian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes
from services.keymanagement.module.ceremony.components import (
    combine,
    component_check_value,
    require_component,
    split,
)
from services.keymanagement.module.ceremony.custodians import Custodian, signed_by
from services.keymanagement.module.ceremony.desk import ComponentDesk
from services.keymanagement.module.inventory.inventory import Inventory
from services.keymanagement.module.keys import Algorithm

__all__ = ["Part", "call_holders", "gather", "hand_out"]

_COMPONENT: Final = b"cardwright key ceremony, component\n"
_HOLDER: Final = b"cardwright key ceremony, holder\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One component, without its value: who holds it, its check value, and their word for it."""

    holder: str
    check_value: bytes
    signature: bytes


def gather(
    desk: ComponentDesk, inventory: Inventory, digest: bytes, algorithm: Algorithm, count: int
) -> tuple[SecretBytes, list[Part]]:
    """Have components entered, and make the key of them.

    Args:
        desk: where custodians come.
        inventory: says who is a custodian.
        digest: the proposal's.
        algorithm: what the key is.
        count: how many components it has.

    Raises:
        HsmError: COMPONENT_HOLDER, one person holds two, or nobody known; COMPONENT_REFUSED, a
            check value was not the one on paper; others of a component that is none.
    """
    parts: list[Part] = []
    values: list[SecretBytes] = []
    for number in range(1, count + 1):
        custodian = desk.holder(number, count)
        _require_another(custodian, [part.holder for part in parts])
        component = desk.enter(custodian, number)
        require_component(algorithm, component)
        parts.append(_part(desk, inventory, digest, custodian, number, algorithm, component))
        values.append(component)
    return combine(algorithm, values), parts


def call_holders(
    desk: ComponentDesk, inventory: Inventory, digest: bytes, count: int
) -> list[Custodian]:
    """Have all who are to hold a component come and prove who they are, before any is shown.

    Raises:
        HsmError: COMPONENT_HOLDER.
    """
    holders: list[Custodian] = []
    for number in range(1, count + 1):
        custodian = desk.holder(number, count)
        _require_another(custodian, [each.name for each in holders])
        payload = _HOLDER + digest + bytes((number,))
        _require_active(inventory, custodian, payload, custodian.sign(payload))
        holders.append(custodian)
    return holders


def hand_out(
    desk: ComponentDesk,
    inventory: Inventory,
    digest: bytes,
    algorithm: Algorithm,
    value: SecretBytes,
    holders: Sequence[Custodian],
) -> list[Part]:
    """Split a key and hand each holder a component; other arguments and errors as of `gather`."""
    parts: list[Part] = []
    components = split(algorithm, value, len(holders))
    for number, (custodian, component) in enumerate(zip(holders, components, strict=True), 1):
        desk.hand_out(custodian, number, component)
        parts.append(_part(desk, inventory, digest, custodian, number, algorithm, component))
    return parts


def _require_another(custodian: Custodian, holders: Sequence[str]) -> None:
    if custodian.name in holders:
        raise HsmError(
            "COMPONENT_HOLDER", f"{custodian.name} holds a component already: ask another."
        )


def _require_active(
    inventory: Inventory, custodian: Custodian, payload: bytes, signature: bytes
) -> None:
    if not signed_by(inventory, custodian.name, payload, signature):
        raise HsmError("COMPONENT_HOLDER", f"{custodian.name} is no active custodian here.")


def _part(
    desk: ComponentDesk,
    inventory: Inventory,
    digest: bytes,
    custodian: Custodian,
    number: int,
    algorithm: Algorithm,
    component: SecretBytes,
) -> Part:
    check_value = component_check_value(algorithm, component)
    if not desk.confirm(custodian, number, check_value):
        raise HsmError(
            "COMPONENT_REFUSED", f"{custodian.name} has another check value: enter it again."
        )
    payload = _COMPONENT + digest + bytes((number,)) + check_value
    signature = custodian.sign(payload)
    _require_active(inventory, custodian, payload, signature)
    return Part(custodian.name, check_value, signature)
