"""Which backend a folder of keys has: the sealed keystore, or tokens behind PKCS#11."""

from __future__ import annotations

from pathlib import Path

from cardwright.secret import SecretText
from services.keymanagement.module.backend import Tokens
from services.keymanagement.module.inventory.keeper import Store
from services.keymanagement.module.keystore import KEYSTORE_FILE, KeystoreBackend
from services.keymanagement.module.pkcs11.folder import STORE_FILE, open_library
from services.keymanagement.module.pkcs11.store import Pkcs11Store
from services.keymanagement.module.pkcs11.tokens import Pkcs11Tokens
from services.keymanagement.module.policy import Policy
from services.keymanagement.module.software import SoftwareTokens

__all__ = ["POLICY_FILE", "open_store", "open_tokens"]

POLICY_FILE = "policy.json"


def open_store(folder: Path, passphrase: SecretText) -> Store:
    """Open a folder's keys to be changed, by its passphrase.

    Raises:
        HsmError: FILE_MISSING, KEYSTORE_PASSPHRASE and others of the keystore; TOKEN_LOGIN,
            BACKEND_UNAVAILABLE and others of PKCS#11.
    """
    if not (folder / STORE_FILE).exists():
        return KeystoreBackend(folder / KEYSTORE_FILE, passphrase)
    callers = Policy.load(folder / POLICY_FILE).callers
    return Pkcs11Store(*open_library(folder), passphrase, list(callers))


def open_tokens(folder: Path, passphrase: SecretText) -> Tokens:
    """Open a folder's keys to be used. Tokens behind PKCS#11 wait for their callers' own logins.

    Raises:
        HsmError: as `open_store`.
    """
    if (folder / STORE_FILE).exists():
        return Pkcs11Tokens(*open_library(folder))
    return SoftwareTokens(KeystoreBackend(folder / KEYSTORE_FILE, passphrase))
