"""The sealed keystore file: AES-256-GCM under a passphrase's key by scrypt (RFC 7914)."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module.files import read_private, write_private
from services.keymanagement.module.keys import Algorithm, Key, Usage
from services.keymanagement.module.software import SoftwareBackend
from services.keymanagement.module.values import check_value

__all__ = [
    "KEYSTORE_FILE",
    "KeystoreBackend",
    "load_keystore",
    "save_keystore",
    "seal_file",
    "unseal_file",
]

KEYSTORE_FILE: Final = "keystore.json"

_FORMAT: Final = "cardwright-keystore-v2"
# OWASP's recommendation for scrypt is N=2^17, r=8, p=1: 128 MiB and a few tenths of a second.
_COST: Final = {"n": 2**17, "r": 8, "p": 1}
# What an attacker who swaps the file may make us spend: no more than four times our own choice.
_DEAREST: Final = {"n": 2**19, "r": 8, "p": 1}


def save_keystore(path: Path, passphrase: SecretText, values: Mapping[Key, SecretBytes]) -> None:
    """Seal keys into a file, replacing it in one step; only its owner may read it."""
    entries = [
        {
            "label": key.label,
            "version": key.version,
            "usage": key.usage.value,
            "algorithm": str(key.algorithm),
            "kcv": key.kcv.hex(),
            "value": value.reveal().hex(),
        }
        for key, value in values.items()
    ]
    seal_file(path, passphrase, json.dumps(entries).encode(), _FORMAT)


def load_keystore(path: Path, passphrase: SecretText) -> dict[Key, SecretBytes]:
    """Open a keystore.

    Raises:
        HsmError: FILE_MISSING or FILE_EXPOSED, KEYSTORE_MALFORMED, KEYSTORE_PASSPHRASE (wrong, or
            the file was changed), KEYSTORE_KCV (a key is not what its check value says).
    """
    content = unseal_file(path, passphrase, _FORMAT)
    return dict(_entry(entry) for entry in json.loads(content.reveal()))


def seal_file(path: Path, passphrase: SecretText, content: bytes, form: str) -> None:
    """Seal anything into a file of a named format, replacing it in one step."""
    header = {"format": form, **_COST, "salt": os.urandom(16).hex()}
    nonce = os.urandom(12)
    sealed = AESGCM(_sealing_key(passphrase, header, form)).encrypt(
        nonce, content, _associated(header)
    )
    document = {"header": header, "nonce": nonce.hex(), "sealed": sealed.hex()}
    write_private(path, json.dumps(document).encode())


def unseal_file(path: Path, passphrase: SecretText, form: str) -> SecretBytes:
    """Open what `seal_file` wrote.

    Raises:
        HsmError: FILE_MISSING or FILE_EXPOSED, KEYSTORE_MALFORMED or KEYSTORE_PASSPHRASE.
    """
    try:
        document: dict[str, Any] = json.loads(read_private(path))
        header = document["header"]
        nonce, sealed = bytes.fromhex(document["nonce"]), bytes.fromhex(document["sealed"])
        sealing_key = _sealing_key(passphrase, header, form)
    except (ValueError, KeyError, TypeError):
        raise HsmError(
            "KEYSTORE_MALFORMED", f"{path.name} is no sealed file of format {form}."
        ) from None
    try:
        return SecretBytes(AESGCM(sealing_key).decrypt(nonce, sealed, _associated(header)))
    except (InvalidTag, ValueError):
        raise HsmError(
            "KEYSTORE_PASSPHRASE", f"{path.name} does not open: another passphrase, or changed."
        ) from None


class KeystoreBackend(SoftwareBackend):
    """The software backend over a keystore file: it takes up what another process wrote there.

    Args:
        path: the file.
        passphrase: opens it.

    Raises:
        HsmError: as `load_keystore`.
    """

    def __init__(self, path: Path, passphrase: SecretText) -> None:
        self._path = path
        self._passphrase = passphrase
        self._seen = _look(path)
        super().__init__(load_keystore(path, passphrase))

    def refresh(self) -> None:
        """Read the file again if it was replaced; some tenths of a second, as scrypt has it."""
        seen = _look(self._path)
        if seen == self._seen:
            return
        found = load_keystore(self._path, self._passphrase)
        for key in self.values.keys() - found.keys():
            self.destroy(key)
        for key in found.keys() - self.values.keys():
            self._take(key, found[key])
        self._seen = seen

    def commit(self) -> None:
        """Replace the file."""
        save_keystore(self._path, self._passphrase, self.values)
        self._seen = _look(self._path)


def _look(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise HsmError("FILE_MISSING", f"{path.name} can't be read: {error.strerror}.") from None
    return status.st_ino, status.st_mtime_ns


def _entry(entry: dict[str, Any]) -> tuple[Key, SecretBytes]:
    usage, algorithm = Usage(entry["usage"]), Algorithm.parse(entry["algorithm"])
    value = SecretBytes(bytes.fromhex(entry["value"]))
    key = Key(entry["label"], entry["version"], usage, algorithm, bytes.fromhex(entry["kcv"]))
    if check_value(algorithm, value) != key.kcv:
        raise HsmError("KEYSTORE_KCV", f"The check value of {key.key_id} does not fit its value.")
    return key, value


def _sealing_key(passphrase: SecretText, header: Mapping[str, Any], form: str) -> bytes:
    if header["format"] != form or any(header[name] > most for name, most in _DEAREST.items()):
        raise ValueError("another format or cost")
    scrypt = Scrypt(bytes.fromhex(header["salt"]), 32, header["n"], header["r"], header["p"])
    return scrypt.derive(passphrase.reveal().encode())


def _associated(header: Mapping[str, Any]) -> bytes:
    return json.dumps(header, sort_keys=True).encode()
