"""The console's desk, where custodians come one after the other: each sees only their own part."""

from __future__ import annotations

from typing import Protocol

from cardwright.secret import SecretBytes
from services.keymanagement.module.ceremony.custodians import Custodian

__all__ = ["ComponentDesk"]


class ComponentDesk(Protocol):
    """Asks custodians for components, and hands components out."""

    def holder(self, number: int, count: int) -> Custodian:
        """Have a custodian come to the desk and give their passphrase.

        Args:
            number: which component is theirs, from 1.
            count: how many there are.
        """

    def enter(self, custodian: Custodian, number: int) -> SecretBytes:
        """Have them enter their component; nobody else sees it."""

    def confirm(self, custodian: Custodian, number: int, check_value: bytes) -> bool:
        """Have them compare the component's check value with the one on their paper."""

    def hand_out(self, custodian: Custodian, number: int, component: SecretBytes) -> None:
        """Show them their component, and nobody else."""
