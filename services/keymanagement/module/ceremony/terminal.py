"""The desk at a terminal: prompts without echo, or one private file a custodian."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from getpass import getpass
from pathlib import Path

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module.ceremony.custodians import (
    CUSTODIANS_FOLDER,
    Custodian,
    open_custodian,
)
from services.keymanagement.module.files import read_private, write_private

__all__ = ["TerminalDesk"]

_CLEAR = "\x1b[2J\x1b[3J\x1b[H"


class TerminalDesk:
    """Custodians at the module's console.

    Args:
        folder: the keys' folder, with the custodians' sealed key files.
        passphrases: a folder with ``<name>.passphrase``, for test custodians; None to ask.
        components: by custodian, in their order, the file that holds or gets their component, in
            hexadecimal; empty to ask and to show.
    """

    def __init__(
        self, folder: Path, passphrases: Path | None, components: Mapping[str, Path]
    ) -> None:
        self._folder = folder / CUSTODIANS_FOLDER
        self._passphrases = passphrases
        self._files = dict(components)

    def custodian(self, name: str) -> Custodian:
        """Have somebody give their passphrase.

        Raises:
            HsmError: as `open_custodian`.
        """
        return open_custodian(self._folder, name, self.passphrase(name))

    def passphrase(self, name: str) -> SecretText:
        """Ask for a passphrase, or read a test custodian's."""
        if self._passphrases is None:
            return SecretText(getpass(f"passphrase of {name}: "))
        path = self._passphrases / f"{name}.passphrase"
        return SecretText(read_private(path).decode().strip())

    def holder(self, number: int, count: int) -> Custodian:
        """See `ComponentDesk`."""
        names = list(self._files)
        if names and number > len(names):
            raise HsmError("COMPONENT_HOLDER", f"Name {count} custodians with a file each.")
        name = names[number - 1] if names else _ask(f"custodian of component {number} of {count}: ")
        return self.custodian(name)

    def enter(self, custodian: Custodian, number: int) -> SecretBytes:
        """See `ComponentDesk`."""
        if path := self._files.get(custodian.name):
            text = read_private(path).decode(errors="replace")
        else:
            text = getpass(f"{custodian.name}, component {number} in hexadecimal: ")
        try:
            return SecretBytes(bytes.fromhex("".join(text.split())))
        except ValueError:
            raise HsmError(
                "COMPONENT_HEX", "A component is hexadecimal digits: enter it again."
            ) from None

    def confirm(self, custodian: Custodian, number: int, check_value: bytes) -> bool:
        """See `ComponentDesk`. A file was checked by whoever put the component into it."""
        shown = (
            f"component {number} of {custodian.name} has check value {check_value.hex().upper()}"
        )
        if custodian.name in self._files:
            sys.stderr.write(f"{shown}\n")
            return True
        return _ask(f"{shown}: as on your paper? [y/N] ").lower() in {"y", "yes"}

    def hand_out(self, custodian: Custodian, number: int, component: SecretBytes) -> None:
        """See `ComponentDesk`."""
        text = component.reveal().hex().upper()
        if path := self._files.get(custodian.name):
            write_private(path, text.encode())
            return
        sys.stderr.write(f"{custodian.name}, component {number}: {text}\n")
        _ask("write it down, then press Enter: the screen is cleared ")
        sys.stderr.write(_CLEAR)


def _ask(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip()
