"""Secure Channel Protocol 03 (GlobalPlatform Card Specification 2.3, Amendment D 1.2).

The chain of C-MACs and the encryption counter depend on the commands alone, never on the
responses. So the security module can wrap a card's whole script in one go, and the station that
holds the card needs neither keys nor further calls: see ``wrap_script``.

S8 mode has challenges, cryptograms and MACs of 8 octets, S16 mode of 16.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Self

from cardwright.cipher import ClearAes
from cardwright.globalplatform.authentication import (
    C_ENC,
    R_ENC,
    R_MAC,
    InitializeUpdateResponse,
    Scp,
    SecurityLevel,
    check_challenge,
    check_cryptogram,
    initialize_update,
    supported_level,
)
from cardwright.globalplatform.channel import wrap_script
from cardwright.globalplatform.errors import (
    InitializeUpdateError,
    KeyLengthError,
    ResponseMacError,
)
from cardwright.globalplatform.keys import KeyAlgorithm, StaticKeys, diversify
from cardwright.globalplatform.messaging import (
    MAX_SHORT,
    Envelope,
    check_response_mac,
    is_error,
    pad,
    unpad,
)
from cardwright.globalplatform.scp03_derivation import Constant, card_challenge, derive, session_key

__all__ = [
    "MAX_PLAIN_DATA",
    "InitializeUpdateResponse",
    "Scp03Channel",
    "SecurityLevel",
    "StaticKeys",
    "diversify",
    "initialize_update",
    "wrap_script",
]

_BLOCK: Final = 16
_ZERO_BLOCK: Final = bytes(_BLOCK)

MAX_PLAIN_DATA: Final = {
    level: Envelope(MAX_SHORT, 8, _BLOCK if level & C_ENC else 0).max_plain_data
    for level in SecurityLevel
}
"""Longest command data of a short command in S8 mode, for who plans before there is a channel."""


class Scp03Channel:
    """One SCP03 session, from a verified card cryptogram on. Keeps no key but in its ciphers."""

    __slots__ = (
        "_chaining",
        "_counter",
        "_dek",
        "_envelope",
        "_host_cryptogram",
        "_level",
        "_pending",
        "_s_enc",
        "_s_mac",
        "_s_rmac",
    )

    def __init__(
        self, keys: StaticKeys, context: bytes, level: SecurityLevel, max_data: int
    ) -> None:
        mac = len(context) // 2
        key_mac = ClearAes(keys.mac)
        self._s_enc = ClearAes(session_key(ClearAes(keys.enc), Constant.S_ENC, context))
        self._s_mac = ClearAes(session_key(key_mac, Constant.S_MAC, context))
        self._s_rmac = ClearAes(session_key(key_mac, Constant.S_RMAC, context))
        self._dek = ClearAes(keys.dek)
        self._level = level
        self._envelope = Envelope(max_data, mac, _BLOCK if level & C_ENC else 0)
        self._host_cryptogram = derive(self._s_mac, Constant.HOST_CRYPTOGRAM, context, mac)
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
        *,
        max_data: int = MAX_SHORT,
        card_manager: bytes | None = None,
    ) -> Self:
        """Verify the card and derive the session keys (Amendment D, 6.2).

        Args:
            keys: the card's static AES keys.
            host_challenge: what INITIALIZE UPDATE was sent with.
            response: what it was answered with.
            level: the security level to ask for.
            max_data: octets of command data that the card takes; above 255 it takes extended
                length.
            card_manager: the AID that was selected, to check a pseudo-random challenge by it;
                None: it is not checked.

        Raises:
            KeyLengthError: the keys are not AES.
            InitializeUpdateError: the answer is not SCP03's, or of another mode than the challenge.
            SecurityLevelError: the level is unknown or beyond the card's ``i``.
            CardCryptogramError: the card does not hold ``keys``.
            CardChallengeError: its challenge is not what its counter says.
        """
        if response.scp is not Scp.SCP03 or response.i is None:
            raise InitializeUpdateError("The card does not speak SCP03.")
        if keys.algorithm is not KeyAlgorithm.AES:
            raise KeyLengthError("The card speaks SCP03, which needs AES keys.")
        if len(host_challenge) != len(response.card_challenge):
            raise InitializeUpdateError(
                f"The card (i={response.i:02X}) takes host challenges of "
                f"{len(response.card_challenge)} octets, not {len(host_challenge)}."
            )
        context = host_challenge + response.card_challenge
        channel = cls(keys, context, supported_level(level, response.i), max_data)
        check_cryptogram(
            derive(channel._s_mac, Constant.CARD_CRYPTOGRAM, context, len(host_challenge)),
            response.card_cryptogram,
        )
        if card_manager is not None and response.sequence_counter is not None:
            expected = card_challenge(
                ClearAes(keys.enc), response.sequence_counter, card_manager, len(host_challenge)
            )
            check_challenge(expected, response.card_challenge)
        return channel

    @property
    def level(self) -> SecurityLevel:
        """The security level that EXTERNAL AUTHENTICATE asks for."""
        return self._level

    @property
    def algorithm(self) -> KeyAlgorithm:
        """The algorithm of the Key-DEK."""
        return KeyAlgorithm.AES

    @property
    def max_plain_data(self) -> int:
        """Longest command data, in octets, that ``wrap`` takes."""
        return self._envelope.max_plain_data

    def external_authenticate(self) -> bytes:
        """Build EXTERNAL AUTHENTICATE (Amendment D, 7.1.2): the first command of the chain."""
        length = len(self._host_cryptogram) + self._envelope.mac
        body = bytes((0x84, 0x82, self._level, 0, length)) + self._host_cryptogram
        return body + self._mac_command(body)

    def wrap(self, apdu: bytes) -> bytes:
        """Protect one command as the level asks (Amendment D, 6.2.4 and 6.2.6).

        Raises:
            CommandError: it is malformed or too long; the channel is unchanged and stays usable.
        """
        command = self._envelope.read(apdu)
        self._counter += 1  # also for a command without data
        data = command.data
        if data and self._level & C_ENC:
            data = self._encrypt(data)
        head, tail = self._envelope.frame(command, len(data))
        body = head + data
        wrapped = body + self._mac_command(body) + tail
        if self._level & R_MAC:
            self._pending.append((self._chaining, self._counter))
        return wrapped

    def unwrap(self, response: bytes) -> bytes:
        """Check and decrypt the response to the oldest command not yet answered.

        Takes and returns response data followed by the status word. An error status is passed
        as it is, since the card protects none (Amendment D, 6.2.5).

        Raises:
            ResponseMacError: the MAC or the padding is wrong, or no command was wrapped for it.
        """
        if not self._level & R_MAC:
            return response
        if not self._pending:
            raise ResponseMacError("A response came without a command: the exchange is mixed up.")
        chaining, counter = self._pending.popleft()
        body, status = response[:-2], response[-2:]
        if is_error(status):
            return response
        data, received = body[: -self._envelope.mac], body[-self._envelope.mac :]
        expected = self._s_rmac.cmac(chaining + data + status)
        check_response_mac(expected[: self._envelope.mac], received)
        if data and self._level & R_ENC:
            data = self._decrypt_response(data, counter)
        return data + status

    def encrypt_sensitive(self, data: bytes) -> bytes:
        """Encrypt keys or PINs under the static DEK, AES-CBC with a zero ICV (6.2.8).

        Data that is no multiple of 16 octets is first padded with 80 00... as EMV CPS asks;
        data that is, stays as long as it was.
        """
        padded = data if len(data) % _BLOCK == 0 else pad(data, _BLOCK)
        return self._dek.encrypt_cbc(padded, _ZERO_BLOCK)

    def _mac_command(self, body: bytes) -> bytes:
        self._chaining = self._s_mac.cmac(self._chaining + body)
        return self._chaining[: self._envelope.mac]

    def _encrypt(self, data: bytes) -> bytes:
        # Encrypting the counter block in front of the data under a zero IV yields the very ICV
        # of 6.2.6 as its first block: one cipher operation instead of two.
        counter = self._counter.to_bytes(_BLOCK, "big")
        return self._s_enc.encrypt_cbc(counter + pad(data, _BLOCK), _ZERO_BLOCK)[_BLOCK:]

    def _decrypt_response(self, data: bytes, counter: int) -> bytes:
        # 6.2.7: the top bit marks R-ENC.
        icv = self._s_enc.encrypt(b"\x80" + counter.to_bytes(_BLOCK - 1, "big"))
        plain = None if len(data) % _BLOCK else unpad(self._s_enc.decrypt_cbc(data, icv))
        if plain is None:
            raise ResponseMacError(
                "A response with a right MAC decrypts to wrong padding: the card's R-ENC differs "
                "from Amendment D. Open the session at a level without R-ENC."
            )
        return plain
