"""The folder of a PKCS#11 backend: which library, and for SoftHSM where its tokens are."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretText
from services.keymanagement.module.files import read_private, write_private
from services.keymanagement.module.pkcs11.cryptoki import Cryptoki, load, softhsm_library
from services.keymanagement.module.pkcs11.holders import CUSTODIANS, token_label
from services.keymanagement.module.pkcs11.pins import officer_pin, user_pin
from services.keymanagement.module.pkcs11.store import Pkcs11Store
from services.keymanagement.module.policy import Caller

__all__ = ["LIBRARY", "STORE_FILE", "make_store", "name_store", "open_library"]

LIBRARY: Final = "CARDWRIGHT_PKCS11_LIBRARY"
STORE_FILE: Final = "pkcs11.json"
_CONFIG, _TOKENS, _SOFTHSM = "softhsm2.conf", "softhsm", "softhsm"


def make_store(
    folder: Path,
    passphrase: SecretText,
    callers: Sequence[Caller],
    logins: Mapping[str, SecretText],
    house: str = "",
) -> Pkcs11Store:
    """Make the custodians' token and one for each caller, all empty.

    The library is the setting's, or else SoftHSM, whose tokens are then made in this folder.

    Args:
        folder: of the keys.
        passphrase: the custodians'.
        callers: who gets a token.
        logins: their logins, by name.
        house: begins the tokens' labels, where folders share an HSM.

    Raises:
        HsmError: PKCS11_BINDING, PKCS11_LIBRARY, PKCS11_LOADED, TOKEN_EXISTS, TOKEN_SLOT.
    """
    if _library() == _SOFTHSM:
        _configure_softhsm(folder)
    cryptoki, label = _load(_library(), folder), token_label(house, CUSTODIANS)
    cryptoki.make_token(label, officer_pin(passphrase, label), user_pin(passphrase, label))
    store = Pkcs11Store(cryptoki, house, passphrase, callers)
    for caller in callers:
        store.admit(caller.name, logins[caller.name])
    return store


def name_store(folder: Path, house: str = "") -> None:
    """Write which library it is, as the last step of a set-up: it says that the rest is there."""
    document = {"library": _library(), "house": house}
    write_private(folder / STORE_FILE, json.dumps(document).encode())


def open_library(folder: Path) -> tuple[Cryptoki, str]:
    """Load the library of a folder; CARDWRIGHT_PKCS11_LIBRARY goes before what its file says.

    Returns:
        The library, and the house whose tokens are the folder's.

    Raises:
        HsmError: FILE_MISSING, STORE_MALFORMED, PKCS11_BINDING, PKCS11_LIBRARY, PKCS11_LOADED.
    """
    try:
        document = json.loads(read_private(folder / STORE_FILE))
        library, house = str(document["library"]), str(document["house"])
    except (ValueError, KeyError, TypeError):
        raise HsmError(
            "STORE_MALFORMED", f"{STORE_FILE} names no library: make it by init."
        ) from None
    return _load(os.environ.get(LIBRARY) or library, folder), house


def _library() -> str:
    return os.environ.get(LIBRARY) or _SOFTHSM


def _load(library: str, folder: Path) -> Cryptoki:
    if library == _SOFTHSM:
        return load(softhsm_library(), (folder / _CONFIG).resolve())
    return load(library)


def _configure_softhsm(folder: Path) -> None:
    tokens = folder.resolve() / _TOKENS
    if tokens.exists() and not (folder / STORE_FILE).exists():
        shutil.rmtree(tokens)  # of a set-up that a crash cut short
    tokens.mkdir(mode=0o700)
    lines = (
        f"directories.tokendir = {tokens}",
        "objectstore.backend = file",
        "log.level = ERROR",
        "slots.removable = false",
    )
    write_private(folder / _CONFIG, "\n".join((*lines, "")).encode())
