"""One token, opened by its login: pooled sessions, handles by name, and what to do when it is lost.

Every use goes through `Token.run`. If the library says that the session, the login or the token is
gone, everything is opened anew and the work is done once more: no work here changes anything that a
repetition would change again. What stays away is BACKEND_UNAVAILABLE, which callers wait out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final, TypeVar

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretText
from services.keymanagement.module.pkcs11.cryptoki import Cryptoki, is_loss, name_of

__all__ = ["Token"]

_T = TypeVar("_T")
_WRONG_PIN: Final = {
    0x0A0,  # CKR_PIN_INCORRECT
    0x0A1,  # CKR_PIN_INVALID
    0x0A2,  # CKR_PIN_LEN_RANGE
    0x0A4,  # CKR_PIN_LOCKED
    0x102,  # CKR_USER_PIN_NOT_INITIALIZED
}
_INCAPABLE: Final = {
    0x054,  # CKR_FUNCTION_NOT_SUPPORTED
    0x070,  # CKR_MECHANISM_INVALID
    0x140,  # CKR_CURVE_NOT_SUPPORTED
}
_LOGGED_IN: Final = 0x100  # CKR_USER_ALREADY_LOGGED_IN


class Token:
    """A token's sessions.

    Args:
        cryptoki: the library.
        label: the token's.
        pin: of its user; None to see public objects alone.
        writable: whether objects are made and destroyed.

    Raises:
        HsmError: TOKEN_UNKNOWN, TOKEN_LOGIN, BACKEND_UNAVAILABLE.
    """

    def __init__(
        self, cryptoki: Cryptoki, label: str, pin: SecretText | None, *, writable: bool = False
    ) -> None:
        self.cryptoki, self.label = cryptoki, label
        self.p11 = cryptoki.p11
        self._pin, self._writable = pin, writable
        self._idle: list[Any] = []
        self._handles: dict[tuple[str, bytes], Any] = {}
        self._slot, self._epoch = -1, -1
        with cryptoki.lock:
            self._reach(self._open)

    @property
    def slot(self) -> int:
        """The slot that holds it now."""
        return self._slot

    def run(self, work: Callable[[Any], _T]) -> _T:
        """Do work in a session of the pool.

        Raises:
            HsmError: BACKEND_UNAVAILABLE, BACKEND_INCAPABLE, or BACKEND_REFUSED for whatever else
                the library said.
        """
        with self.cryptoki.lock:
            if self._epoch != self.cryptoki.epoch:
                self._reach(self._reopen)
            try:
                return self._once(work)
            except self.p11.PyKCS11Error as error:
                if not is_loss(error):
                    raise _refused(error) from None
            self._reach(self._reopen)
            try:
                return self._once(work)
            except self.p11.PyKCS11Error as error:
                raise _fault(self.label, error) from None

    def use(self, name: str, ident: bytes, work: Callable[[Any, Any], _T]) -> _T:
        """Do work with a key: the session and the key's handle are given to it.

        Raises:
            HsmError: KEY_NOT_HELD, or as `run`.
        """

        def with_handle(session: Any) -> _T:
            handle = self._handles.get((name, ident))
            if handle is None:
                handle = self._handles[name, ident] = self._find(session, name, ident)
            return work(session, handle)

        return self.run(with_handle)

    def forget(self) -> None:
        """Forget all handles: keys came or went."""
        self._handles.clear()

    def close(self) -> None:
        """Close all sessions, which ends the login."""
        with self.cryptoki.lock:
            idle, self._idle = self._idle, []
            self._handles.clear()
            if self._epoch == self.cryptoki.epoch:  # else these numbers may be another's sessions
                for session in idle:
                    self._end(session)

    def _once(self, work: Callable[[Any], _T]) -> _T:
        session = self._idle.pop() if self._idle else self._session()
        try:
            result = work(session)
        except HsmError:
            self._idle.append(session)
            raise
        except BaseException:
            self._end(session)  # it may be in mid-operation
            raise
        self._idle.append(session)
        return result

    def _find(self, session: Any, name: str, ident: bytes) -> Any:
        template = [
            (self.p11.CKA_LABEL, name),
            (self.p11.CKA_ID, ident),
            (self.p11.CKA_PRIVATE, self.p11.CK_TRUE),
        ]
        for handle in session.findObjects(template):
            return handle
        raise HsmError("KEY_NOT_HELD", f"The token {self.label} does not hold {name}.")

    def _reach(self, attempt: Callable[[], None]) -> None:
        """Open sessions, after a new start of the library if it must be."""
        try:
            attempt()
        except self.p11.PyKCS11Error as error:
            if not is_loss(error):
                raise self._no_login(error) from None
        else:
            return
        self.cryptoki.restart()
        try:
            attempt()
        except self.p11.PyKCS11Error as error:
            raise _fault(self.label, error) from None

    def _open(self) -> None:
        self._epoch = self.cryptoki.epoch
        self._slot = self.cryptoki.slot(self.label)
        session = self._session()
        try:
            self._login(session)
        except BaseException:
            self._end(session)
            raise
        self._idle.append(session)

    def _reopen(self) -> None:
        self.close()
        try:
            self._open()
        except HsmError as error:
            if error.code != "TOKEN_UNKNOWN":
                raise
            # It was there once: its slot is empty now, and that may pass.
            raise HsmError("BACKEND_UNAVAILABLE", f"The token {self.label} is away.") from None

    def _login(self, session: Any) -> None:
        if self._pin is None:
            return
        try:
            session.login(self._pin.reveal())
        except self.p11.PyKCS11Error as error:
            if error.value != _LOGGED_IN:  # another `Token` of this process did it
                raise

    def _session(self) -> Any:
        flags = self.p11.CKF_RW_SESSION if self._writable else 0
        return self.cryptoki.lib.openSession(self._slot, flags)

    def _end(self, session: Any) -> None:
        # It may be gone already, and then there is nothing to close.
        with contextlib.suppress(self.p11.PyKCS11Error):
            session.closeSession()

    def _no_login(self, error: Any) -> HsmError:
        if error.value in _WRONG_PIN:
            return HsmError("TOKEN_LOGIN", f"This login does not open the token {self.label}.")
        return _refused(error)


def _refused(error: Any) -> HsmError:
    if error.value in _INCAPABLE:
        return HsmError(
            "BACKEND_INCAPABLE",
            f"The PKCS#11 library can't do this ({name_of(error)}): run the module's probe.",
        )
    return HsmError("BACKEND_REFUSED", f"The PKCS#11 library refused: {name_of(error)}.")


def _fault(label: str, error: Any) -> HsmError:
    if is_loss(error):
        return HsmError("BACKEND_UNAVAILABLE", f"The token {label} is away: {name_of(error)}.")
    return _refused(error)
