"""Secure Channel Protocol 03 (GlobalPlatform Card Specification 2.3, Amendment D), S8 mode.

The chain of C-MACs and the encryption counter depend on the commands alone, never on the
responses. So the security module can wrap a card's whole script in one go, and the station that
holds the card needs neither keys nor further calls: see ``wrap_script``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from hmac import compare_digest
from typing import Final, Self

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.cmac import CMAC

from cardwright.globalplatform.authentication import (
    C_ENC,
    MAX_PLAIN_DATA,
    R_ENC,
    R_MAC,
    InitializeUpdateResponse,
    SecurityLevel,
    initialize_update,
    supported_level,
)
from cardwright.globalplatform.errors import (
    CardCryptogramError,
    CommandError,
    ResponseMacError,
)
from cardwright.globalplatform.keys import StaticKeys, derive, diversify

__all__ = [
    "MAX_PLAIN_DATA",
    "InitializeUpdateResponse",
    "SecureChannel",
    "SecurityLevel",
    "StaticKeys",
    "diversify",
    "initialize_update",
    "wrap_script",
]

_BLOCK: Final = 16
_ZERO_BLOCK: Final = bytes(_BLOCK)
_MAC_LENGTH: Final = 8  # S8 mode
_SECURE_MESSAGING: Final = 0x04  # CLA bit 3, GP 2.3, 11.1.4

# Derivation constants, Amendment D, 4.1.5.
_CARD_CRYPTOGRAM, _HOST_CRYPTOGRAM = 0x00, 0x01
_S_ENC, _S_MAC, _S_RMAC = 0x04, 0x06, 0x07


class SecureChannel:
    """One SCP03 session, from a verified card cryptogram on. Keeps no key but in its ciphers."""

    __slots__ = (
        "_chaining",
        "_counter",
        "_dek",
        "_host_cryptogram",
        "_level",
        "_pending",
        "_s_enc",
        "_s_mac",
        "_s_rmac",
    )

    def __init__(
        self, keys: StaticKeys, context: bytes, level: SecurityLevel, host_cryptogram: bytes
    ) -> None:
        size = len(keys.enc)
        self._s_enc = AES(derive(keys.enc.reveal(), _S_ENC, context, size))
        self._s_mac = CMAC(AES(derive(keys.mac.reveal(), _S_MAC, context, size)))
        self._s_rmac = CMAC(AES(derive(keys.mac.reveal(), _S_RMAC, context, size)))
        self._dek = AES(keys.dek.reveal())
        self._level = level
        self._host_cryptogram = host_cryptogram
        self._chaining = _ZERO_BLOCK
        self._counter = 0
        # The chaining value and counter of commands whose response is still to come: responses
        # may arrive long after a whole script was wrapped.
        self._pending: deque[tuple[bytes, int]] = deque()

    @classmethod
    def open(
        cls,
        keys: StaticKeys,
        host_challenge: bytes,
        response: InitializeUpdateResponse,
        level: int,
    ) -> Self:
        """Verify the card and derive the session keys (Amendment D, 6.2).

        Raises ``CardCryptogramError`` when the card does not hold ``keys``, and
        ``SecurityLevelError`` for a level that is unknown or beyond the card's ``i``.
        """
        checked = supported_level(level, response.i)
        context = host_challenge + response.card_challenge
        s_mac = derive(keys.mac.reveal(), _S_MAC, context, len(keys.mac))
        expected = derive(s_mac, _CARD_CRYPTOGRAM, context, 8)
        if not compare_digest(expected, response.card_cryptogram):
            raise CardCryptogramError(
                "The card cryptogram is wrong: the card holds other keys than these. Check the "
                "key set version and the card's lot; each further try may count against the card."
            )
        return cls(keys, context, checked, derive(s_mac, _HOST_CRYPTOGRAM, context, 8))

    @property
    def level(self) -> SecurityLevel:
        """The security level that EXTERNAL AUTHENTICATE asks for."""
        return self._level

    def external_authenticate(self) -> bytes:
        """Build EXTERNAL AUTHENTICATE (Amendment D, 7.1.2): the first command of the chain."""
        header = bytes((0x84, 0x82, self._level, 0, 16))
        return header + self._host_cryptogram + self._mac_command(header + self._host_cryptogram)

    def wrap(self, apdu: bytes) -> bytes:
        """Protect one short command as the level asks (Amendment D, 6.2.4 and 6.2.6).

        Raises ``CommandError`` for a malformed, extended or too long command; the channel is
        then unchanged and stays usable.
        """
        header, data, le = _split(apdu)
        if len(data) > MAX_PLAIN_DATA[self._level]:
            raise CommandError(
                f"{len(data)} octets of command data are too long to wrap at level "
                f"{self._level:02X}: at most {MAX_PLAIN_DATA[self._level]}; split the command."
            )
        self._counter += 1  # also for a command without data
        if data and self._level & C_ENC:
            data = self._cbc(self._counter.to_bytes(_BLOCK, "big"), _pad(data))
        head = bytes((header[0] | _SECURE_MESSAGING, *header[1:], len(data) + _MAC_LENGTH))
        body = head + data
        wrapped = body + self._mac_command(body) + le
        if self._level & R_MAC:
            self._pending.append((self._chaining, self._counter))
        return wrapped

    def unwrap(self, response: bytes) -> bytes:
        """Check and decrypt the response to the oldest command not yet answered.

        Takes and returns response data followed by the status word. An error status is passed
        as it is, since the card protects none (Amendment D, 6.2.5). Raises ``ResponseMacError``.
        """
        if not self._level & R_MAC:
            return response
        if not self._pending:
            raise ResponseMacError("A response came without a command: the exchange is mixed up.")
        chaining, counter = self._pending.popleft()
        status = response[-2:]
        if status != b"\x90\x00" and status[:1] not in (b"\x62", b"\x63"):
            return response
        data, received = response[:-10], response[-10:-2]
        mac = self._s_rmac.copy()
        mac.update(chaining + data + status)
        if not compare_digest(mac.finalize()[:_MAC_LENGTH], received):
            raise ResponseMacError(
                "The response MAC is wrong: the response was changed or answers another command. "
                "End the session and treat the card as not personalized."
            )
        if data and self._level & R_ENC:
            data = self._decrypt_response(data, counter)
        return data + status

    def encrypt_sensitive(self, data: bytes) -> bytes:
        """Encrypt keys or PINs under the static DEK, AES-CBC with a zero ICV (6.2.8).

        Data that is no multiple of 16 octets is first padded with 80 00... as EMV CPS asks;
        data that is, stays as long as it was.
        """
        padded = data if len(data) % _BLOCK == 0 else _pad(data)
        return Cipher(self._dek, CBC(_ZERO_BLOCK)).encryptor().update(padded)

    def _mac_command(self, body: bytes) -> bytes:
        mac = self._s_mac.copy()
        mac.update(self._chaining + body)
        self._chaining = mac.finalize()
        return self._chaining[:_MAC_LENGTH]

    def _cbc(self, icv_input: bytes, padded: bytes) -> bytes:
        # Encrypting the counter block in front of the data under a zero IV yields the very ICV
        # of 6.2.6 as its first block: one cipher object instead of two.
        encryptor = Cipher(self._s_enc, CBC(_ZERO_BLOCK)).encryptor()
        return encryptor.update(icv_input + padded)[_BLOCK:]

    def _decrypt_response(self, data: bytes, counter: int) -> bytes:
        icv_input = b"\x80" + counter.to_bytes(_BLOCK - 1, "big")  # 6.2.7: the top bit marks R-ENC
        icv = Cipher(self._s_enc, CBC(_ZERO_BLOCK)).encryptor().update(icv_input)
        padded = Cipher(self._s_enc, CBC(icv)).decryptor().update(data)
        plain, mark, zeros = padded.rpartition(b"\x80")
        if not mark or zeros.strip(b"\0"):
            raise ResponseMacError(
                "A response with a right MAC decrypts to wrong padding: the card's R-ENC differs "
                "from Amendment D. Open the session at a level without R-ENC."
            )
        return plain


def wrap_script(channel: SecureChannel, apdus: Iterable[bytes]) -> list[bytes]:
    """Wrap a whole script at once; responses don't enter into it at any level."""
    return [channel.wrap(apdu) for apdu in apdus]


def _split(apdu: bytes) -> tuple[bytes, bytes, bytes]:
    """Split a short command (ISO/IEC 7816-3, cases 1 to 4) into header, data and Le."""
    if len(apdu) in (4, 5):
        return apdu[:4], b"", apdu[4:]
    end = 5 + apdu[4] if len(apdu) > 5 else 0
    if not apdu[4:5].strip(b"\0") or len(apdu) not in (end, end + 1):
        raise CommandError(
            f"{len(apdu)} octets are no short command APDU: check Lc; extended length is not "
            "used here."
        )
    return apdu[:4], apdu[5:end], apdu[end:]


def _pad(data: bytes) -> bytes:
    """ISO/IEC 7816-4 padding: 80, then zeros to a whole block."""
    return data + b"\x80" + bytes(-(len(data) + 1) % _BLOCK)
