"""Callers' tokens while the module serves: each opened by its own login, and kept open."""

from __future__ import annotations

import hmac
from hashlib import sha256

from cardwright.hsm.port import HsmError
from cardwright.secret import SecretText
from services.keymanagement.module.pkcs11.backend import Pkcs11Backend
from services.keymanagement.module.pkcs11.cryptoki import Cryptoki
from services.keymanagement.module.pkcs11.holders import CUSTODIANS, token_label
from services.keymanagement.module.pkcs11.pins import user_pin
from services.keymanagement.module.pkcs11.token import Token

__all__ = ["Pkcs11Tokens"]


class Pkcs11Tokens:
    """Implements `Tokens`.

    A login counts for the whole process (PKCS#11 2.40, 6.7.4): once a token is open, the library
    compares no PIN. So the login that opened it is remembered, by its digest, and compared here.

    Raises:
        HsmError: TOKEN_UNKNOWN, there is no custodians' token; BACKEND_UNAVAILABLE.
    """

    def __init__(self, cryptoki: Cryptoki, house: str) -> None:
        self._cryptoki, self._house = cryptoki, house
        self._public = Token(cryptoki, token_label(house, CUSTODIANS), None)
        self._open: dict[str, tuple[bytes, Pkcs11Backend]] = {}

    def of(self, caller: str, login: SecretText) -> Pkcs11Backend:
        """Return the token of a caller.

        Raises:
            HsmError: TOKEN_UNKNOWN, TOKEN_LOGIN, BACKEND_UNAVAILABLE.
        """
        digest = sha256(login.reveal().encode()).digest()
        if caller in self._open:
            known, backend = self._open[caller]
            if not hmac.compare_digest(known, digest):
                raise HsmError("TOKEN_LOGIN", f"This login does not open the token of {caller}.")
            return backend
        label = token_label(self._house, caller)
        backend = Pkcs11Backend(Token(self._cryptoki, label, user_pin(login, label)), self._public)
        self._open[caller] = digest, backend
        return backend
