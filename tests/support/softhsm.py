"""Tokens of SoftHSM for tests: one folder a test process, houses told apart by their labels."""

from __future__ import annotations

import atexit
import importlib.util
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module.keys import Key
from services.keymanagement.module.pkcs11.backend import Pkcs11Backend
from services.keymanagement.module.pkcs11.cryptoki import Cryptoki, load, softhsm_library
from services.keymanagement.module.pkcs11.folder import LIBRARY
from services.keymanagement.module.pkcs11.holders import CUSTODIANS, token_label
from services.keymanagement.module.pkcs11.pins import officer_pin, user_pin
from services.keymanagement.module.pkcs11.store import Pkcs11Store
from services.keymanagement.module.pkcs11.tokens import Pkcs11Tokens
from services.keymanagement.module.policy import GRANTS, Caller
from services.keymanagement.module.provision import PKCS11, create

__all__ = ["House", "create_keys", "fast_folder", "library", "missing"]

SITE = "site-1"


def missing() -> str:
    """Say what is not installed, or nothing."""
    if importlib.util.find_spec("PyKCS11") is None:
        return "PyKCS11 is not installed"
    try:
        softhsm_library()
    except HsmError:
        return "SoftHSM is not installed"
    return ""


def fast_folder(prefix: str) -> Path:
    """Make a folder in memory where there is one: SoftHSM syncs every object to the disk."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix=prefix, dir=memory if memory.is_dir() else None))


@cache
def library() -> Cryptoki:
    """Load SoftHSM with a folder of this process's own."""
    folder = fast_folder("cardwright-softhsm-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    config = folder / "softhsm2.conf"
    config.write_text(f"directories.tokendir = {folder}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(config)
    return load(softhsm_library())


def create_keys(
    folder: Path, issuers: Sequence[str], sites: Sequence[str], catalogue: Path | None = None
) -> None:
    """Make a folder of keys whose tokens are among this process's, in a house of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(LIBRARY, library().path)
        house = secrets.token_hex(4)
        create(folder, issuers, sites, backend=PKCS11, house=house, catalogue=catalogue)


class House:
    """A custodians' token and one for each role, under a label that no other house has."""

    def __init__(self) -> None:
        self.name = secrets.token_hex(4)
        self.passphrase = SecretText(secrets.token_hex(16))
        self.callers = [Caller(f"{role}.{SITE}", grant) for role, grant in GRANTS.items()]
        self.logins = {each.name: SecretText(secrets.token_hex(32)) for each in self.callers}
        label = token_label(self.name, CUSTODIANS)
        library().make_token(
            label, officer_pin(self.passphrase, label), user_pin(self.passphrase, label)
        )
        self.store = self.opened()
        for caller in self.callers:
            self.store.admit(caller.name, self.logins[caller.name])
        self.tokens = Pkcs11Tokens(library(), self.name)

    def opened(self) -> Pkcs11Store:
        """Open it for custodians."""
        return Pkcs11Store(library(), self.name, self.passphrase, self.callers)

    def backend(self, caller: str) -> Pkcs11Backend:
        """Open a caller's token."""
        return self.tokens.of(caller, self.logins[caller])

    def put(self, keys: Mapping[Key, SecretBytes]) -> None:
        """Bring keys in."""
        for key, value in keys.items():
            made = self.store.put(key.label, key.version, key.usage, key.algorithm, value)
            assert made == key
