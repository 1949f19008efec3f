"""Custodians: people whose approvals a change of keys needs, each with an Ed25519 key of their own.

The private half lies in a file that its owner's passphrase opens, and nothing else. The public half
is a key of the journal, ``custodian/<name>``, with a life like any other: so who may approve is
itself under approvals, and as old as the journal.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretText
from services.keymanagement.module.inventory.inventory import Inventory
from services.keymanagement.module.inventory.lifecycle import State
from services.keymanagement.module.keys import ED25519, Key, Usage
from services.keymanagement.module.keystore import seal_file, unseal_file
from services.keymanagement.module.values import public_check_value

__all__ = [
    "CUSTODIANS_FOLDER",
    "Custodian",
    "active_custodians",
    "custodian_key",
    "label_of",
    "make_custodian",
    "open_custodian",
    "require_name",
    "signed_by",
]

CUSTODIANS_FOLDER: Final = "custodians"
_FORMAT: Final = "cardwright-custodian-v1"
_PREFIX: Final = "custodian/"
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,31}")
_LEAST_PASSPHRASE: Final = 12


@dataclass(frozen=True, slots=True)
class Custodian:
    """Somebody who gave their passphrase.

    Attributes:
        name: who.
        signer: their key.
    """

    name: str
    signer: SigningKey = field(repr=False)

    @property
    def public(self) -> bytes:
        """The public half, 32 octets."""
        return bytes(self.signer.verify_key)

    def sign(self, payload: bytes) -> bytes:
        """Sign by Ed25519."""
        return self.signer.sign(payload).signature


def label_of(name: str) -> str:
    """Return the label of a custodian's key."""
    return _PREFIX + name


def custodian_key(name: str, version: int, public: bytes) -> Key:
    """Describe a custodian's key, as the journal has it."""
    return Key(label_of(name), version, Usage.SIGN, ED25519, public_check_value(public))


def make_custodian(folder: Path, name: str, passphrase: SecretText) -> bytes:
    """Make a custodian's key file; returns the public half, to be enrolled by the others.

    Raises:
        HsmError: CUSTODIAN_NAME, CUSTODIAN_EXISTS, or CUSTODIAN_PASSPHRASE, it is too short.
    """
    require_name(name)
    path = folder / f"{name}.key"
    if path.exists():
        raise HsmError("CUSTODIAN_EXISTS", f"{name} has a key: move it away if it is lost.")
    if len(passphrase) < _LEAST_PASSPHRASE:
        raise HsmError(
            "CUSTODIAN_PASSPHRASE", f"A passphrase has {_LEAST_PASSPHRASE} characters or more."
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    seed = os.urandom(32)
    seal_file(path, passphrase, seed, _FORMAT)
    return bytes(SigningKey(seed).verify_key)


def open_custodian(folder: Path, name: str, passphrase: SecretText) -> Custodian:
    """Open a custodian's key file.

    Raises:
        HsmError: CUSTODIAN_NAME, FILE_MISSING, FILE_EXPOSED, KEYSTORE_MALFORMED, or
            KEYSTORE_PASSPHRASE, it is another.
    """
    require_name(name)
    seed = unseal_file(folder / f"{name}.key", passphrase, _FORMAT)
    return Custodian(name, SigningKey(seed.reveal()))


def require_name(name: str) -> None:
    """Refuse what is no custodian's name, above all what would lead out of the folder.

    Raises:
        HsmError: CUSTODIAN_NAME.
    """
    if not _NAME.fullmatch(name):
        raise HsmError(
            "CUSTODIAN_NAME", "A custodian's name is 2 to 32 small letters, digits and hyphens."
        )


def active_custodians(inventory: Inventory) -> list[str]:
    """Name those who may approve now."""
    return sorted(
        {
            record.key.label.removeprefix(_PREFIX)
            for record in inventory.records()
            if record.key.label.startswith(_PREFIX) and record.state is State.ACTIVE
        }
    )


def signed_by(inventory: Inventory, name: str, payload: bytes, signature: bytes) -> bool:
    """Whether an active key of a custodian signed this."""
    for record in inventory.versions(label_of(name)):
        if record.state is State.ACTIVE and record.public:
            try:
                VerifyKey(record.public).verify(payload, signature)
            except (BadSignatureError, ValueError):
                continue
            return True
    return False
