"""A vendor's PKCS#11 library in this process: loaded, slots found by label, errors told apart.

The binding is imported when a library is first opened, so that the software keystore needs none.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable
from pathlib import Path
from threading import RLock
from typing import Any, Final

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretText

__all__ = ["Cryptoki", "is_loss", "load", "name_of", "softhsm_library"]

_SOFTHSM: Final = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
"""Where Debian, Fedora and a build from source put SoftHSM."""

_LABEL: Final = 32  # octets of a token's label, padded with blanks (PKCS#11 2.40, C_InitToken)
_INITIALIZED: Final = 0x400  # CKF_TOKEN_INITIALIZED
_LOST: Final = frozenset(
    {
        0x003,  # CKR_SLOT_ID_INVALID
        0x005,  # CKR_GENERAL_ERROR: what network modules say when their line is down
        0x006,  # CKR_FUNCTION_FAILED: the same
        0x030,  # CKR_DEVICE_ERROR
        0x032,  # CKR_DEVICE_REMOVED
        0x060,  # CKR_KEY_HANDLE_INVALID: a handle of before
        0x082,  # CKR_OBJECT_HANDLE_INVALID: the same
        0x090,  # CKR_OPERATION_ACTIVE: a session that an error left in mid-operation
        0x0B0,  # CKR_SESSION_CLOSED
        0x0B3,  # CKR_SESSION_HANDLE_INVALID
        0x0E0,  # CKR_TOKEN_NOT_PRESENT
        0x0E1,  # CKR_TOKEN_NOT_RECOGNIZED
        0x101,  # CKR_USER_NOT_LOGGED_IN
        0x190,  # CKR_CRYPTOKI_NOT_INITIALIZED
    }
)


def _binding() -> Any:
    """Return the binding, PyKCS11.

    Raises:
        HsmError: PKCS11_BINDING, it is not installed.
    """
    try:
        return importlib.import_module("PyKCS11")
    except ImportError:
        raise HsmError("PKCS11_BINDING", "PyKCS11 is not installed: make .venv/pkcs11.") from None


def softhsm_library() -> str:
    """Return the path of SoftHSM's library.

    Raises:
        HsmError: PKCS11_LIBRARY, there is none where packages put it.
    """
    for path in _SOFTHSM:
        if Path(path).exists():
            return path
    raise HsmError(
        "PKCS11_LIBRARY",
        "SoftHSM is not installed: apt install softhsm2, or name a CARDWRIGHT_PKCS11_LIBRARY.",
    )


def is_loss(error: Exception) -> bool:
    """Whether sessions, login or the token went away, so that to open them anew may mend it."""
    return getattr(error, "value", None) in _LOST


def name_of(error: Exception) -> str:
    """Name the return value, e.g. "CKR_DEVICE_REMOVED": nothing else that a library says."""
    return str(error).partition(" ")[0]


_LOADED: Final[dict[str, Cryptoki]] = {}


def load(library: str, config: Path | None = None) -> Cryptoki:
    """Load a library, once a process: C_Initialize counts for all of it.

    Args:
        library: path of the shared library.
        config: SoftHSM's configuration, which says where its tokens are; None for other vendors.

    Raises:
        HsmError: PKCS11_BINDING, PKCS11_LIBRARY, or PKCS11_LOADED with another configuration.
    """
    loaded = _LOADED.get(library)
    if loaded is None:
        loaded = _LOADED[library] = Cryptoki(library, config)
    elif loaded.config != config:
        raise HsmError("PKCS11_LOADED", f"{library} serves another folder: start a process anew.")
    return loaded


class Cryptoki:
    """A loaded library: see `load`.

    Attributes:
        lock: held through every use, so that no restart ends a session in use. It costs nothing:
            the binding holds the interpreter's own lock through every call.
        epoch: counts the restarts. Handles of an earlier one may be another's by now.

    Raises:
        HsmError: PKCS11_BINDING, PKCS11_LIBRARY.
    """

    def __init__(self, library: str, config: Path | None) -> None:
        self.p11 = _binding()
        self.path, self.config, self.epoch, self.lock = library, config, 0, RLock()
        if config is not None:
            os.environ["SOFTHSM2_CONF"] = str(config.resolve())  # read at C_Initialize
        self.lib: Any = self.p11.PyKCS11Lib()
        self._load()

    def restart(self) -> None:
        """Finalize and initialize the library, which ends every session and login.

        Raises:
            HsmError: BACKEND_UNAVAILABLE.
        """
        self.epoch += 1
        self.lib.lib.C_Finalize()  # which fails if that is what is wrong
        if returned := self.lib.lib.C_Initialize():
            name = name_of(self.p11.PyKCS11Error(returned))
            raise HsmError("BACKEND_UNAVAILABLE", f"The PKCS#11 library does not start: {name}.")

    def slots(self) -> dict[str, int]:
        """Return the slots of initialized tokens by label."""
        found = {}
        for slot in self.lib.getSlotList(tokenPresent=True):
            token = self.lib.getTokenInfo(slot)
            if token.flags & _INITIALIZED:
                found[token.label.strip(" \0")] = slot
        return found

    def slot(self, label: str) -> int:
        """Return the slot of a token.

        Raises:
            HsmError: TOKEN_UNKNOWN.
        """
        found = self.slots().get(label)
        if found is None:
            raise HsmError("TOKEN_UNKNOWN", f"There is no token {label}: make it by init.")
        return found

    def mechanisms(self, slot: int) -> frozenset[str]:
        """Return the names of the mechanisms that a slot announces, "CKM_…"."""
        found = set(self.lib.getMechanismList(slot))
        if "CKM_ECDSA_KEY_PAIR_GEN" in found:  # its name before PKCS#11 2.10
            found.add("CKM_EC_KEY_PAIR_GEN")
        return frozenset(found)

    def make_token(self, label: str, officer: SecretText, pin: SecretText) -> None:
        """Initialize an empty token with a security officer's and a user's PIN.

        Raises:
            HsmError: TOKEN_EXISTS, TOKEN_SLOT: no slot is left that holds an empty token.
        """
        if label in self.slots():
            raise HsmError("TOKEN_EXISTS", f"There is a token {label}: it is not overwritten.")
        try:
            slot = self._empty(self.lib.getSlotList(tokenPresent=True))
            self.lib.initToken(slot, officer.reveal(), label.ljust(_LABEL))
            session = self.lib.openSession(self.slot(label), self.p11.CKF_RW_SESSION)
            session.login(officer.reveal(), self.p11.CKU_SO)
            session.initPin(pin.reveal())
            session.logout()
            session.closeSession()
        except self.p11.PyKCS11Error as error:
            raise HsmError(
                "TOKEN_SLOT", f"The token {label} can't be made here: {name_of(error)}."
            ) from None

    def _empty(self, slots: Iterable[int]) -> int:
        for slot in slots:
            if not self.lib.getTokenInfo(slot).flags & _INITIALIZED:
                return slot
        raise HsmError("TOKEN_SLOT", "No slot has an empty token: add one with the vendor's tool.")

    def _load(self) -> None:
        try:
            self.lib.load(self.path)
        except self.p11.PyKCS11Error as error:
            raise HsmError(
                "PKCS11_LIBRARY", f"{self.path} can't be used as PKCS#11 library: {name_of(error)}."
            ) from None
