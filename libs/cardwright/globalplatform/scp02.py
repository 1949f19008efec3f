"""Secure Channel Protocol 02 (GlobalPlatform Card Specification 2.3.1, appendix E).

Explicit initiation, as every option of ``Scp02Option`` has it. GlobalPlatform deprecates the
protocol; it is here for the payment cards that speak nothing else.

As in SCP03, the chain of C-MACs depends on the commands alone. R-MACs are chained with each other
and cover the command too, so the channel keeps the commands until their responses come.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Self

from cardwright.cipher import ClearTdes
from cardwright.globalplatform.authentication import (
    C_ENC,
    R_MAC,
    InitializeUpdateResponse,
    Scp,
    Scp02Option,
    SecurityLevel,
    check_challenge,
    check_cryptogram,
    supported_level,
)
from cardwright.globalplatform.errors import (
    InitializeUpdateError,
    KeyLengthError,
    ResponseMacError,
)
from cardwright.globalplatform.keys import KeyAlgorithm, StaticKeys
from cardwright.globalplatform.messaging import (
    MAX_SHORT,
    Envelope,
    check_response_mac,
    is_error,
    pad,
)
from cardwright.globalplatform.scp02_derivation import (
    Constant,
    RetailMac,
    card_challenge,
    session_key,
)
from cardwright.iso.apdu import CommandApdu

__all__ = ["Scp02Channel"]

_BLOCK: Final = 8
_ZERO_BLOCK: Final = bytes(_BLOCK)
_MAC: Final = 8


class Scp02Channel:
    """One SCP02 session, from a verified card cryptogram on. Keeps no key but in its ciphers."""

    __slots__ = (
        "_c_mac",
        "_dek",
        "_envelope",
        "_host_cryptogram",
        "_icv",
        "_level",
        "_pending",
        "_r_mac",
        "_response_icv",
        "_s_enc",
    )

    def __init__(self, keys: StaticKeys, counter: bytes, level: SecurityLevel) -> None:
        key_mac = ClearTdes(keys.mac)
        self._s_enc = ClearTdes(session_key(ClearTdes(keys.enc), Constant.S_ENC, counter))
        self._c_mac = RetailMac(ClearTdes(session_key(key_mac, Constant.C_MAC, counter)))
        self._r_mac = RetailMac(ClearTdes(session_key(key_mac, Constant.R_MAC, counter)))
        self._dek = ClearTdes(session_key(ClearTdes(keys.dek), Constant.DEK, counter))
        self._level = level
        # GP 2.3.1, 11.1.5: all commands are short; no document says what SCP02 would MAC of others.
        self._envelope = Envelope(MAX_SHORT, _MAC, _BLOCK if level & C_ENC else 0)
        self._host_cryptogram = b""
        self._icv = self._response_icv = _ZERO_BLOCK
        self._pending: deque[bytes] = deque()

    @classmethod
    def open(
        cls,
        keys: StaticKeys,
        host_challenge: bytes,
        response: InitializeUpdateResponse,
        level: int,
        option: Scp02Option,
        *,
        card_manager: bytes | None = None,
    ) -> Self:
        """Verify the card and derive the session keys (E.4).

        Args:
            keys: the card's static triple DES keys.
            host_challenge: the 8 octets that INITIALIZE UPDATE was sent with.
            response: what it was answered with.
            level: the security level to ask for.
            option: the card's parameter i, from its profile or card recognition data.
            card_manager: the AID that was selected, to check a pseudo-random challenge by it;
                None: it is not checked.

        Raises:
            KeyLengthError: the keys are not triple DES.
            InitializeUpdateError: the answer is not SCP02's, or the challenge has no 8 octets.
            SecurityLevelError: the level is unknown or beyond the option.
            CardCryptogramError: the card does not hold ``keys``.
            CardChallengeError: its challenge is not what its counter says.
        """
        if response.scp is not Scp.SCP02 or response.sequence_counter is None:
            raise InitializeUpdateError("The card does not speak SCP02.")
        if keys.algorithm is not KeyAlgorithm.TDES:
            raise KeyLengthError("The card speaks SCP02, which needs triple DES keys.")
        if len(host_challenge) != _BLOCK:
            raise InitializeUpdateError("SCP02 takes host challenges of 8 octets.")
        counter = response.sequence_counter
        channel = cls(keys, counter, supported_level(level, option, Scp.SCP02))
        card = counter + response.card_challenge
        check_cryptogram(channel._cryptogram(host_challenge + card), response.card_cryptogram)
        if card_manager is not None and option.pseudo_random:
            expected = card_challenge(ClearTdes(keys.mac), counter, card_manager)
            check_challenge(expected, response.card_challenge)
        channel._host_cryptogram = channel._cryptogram(card + host_challenge)
        return channel

    @property
    def level(self) -> SecurityLevel:
        """The security level that EXTERNAL AUTHENTICATE asks for."""
        return self._level

    @property
    def algorithm(self) -> KeyAlgorithm:
        """The algorithm of the session's DEK."""
        return KeyAlgorithm.TDES

    @property
    def max_plain_data(self) -> int:
        """Longest command data, in octets, that ``wrap`` takes."""
        return self._envelope.max_plain_data

    def external_authenticate(self) -> bytes:
        """Build EXTERNAL AUTHENTICATE (E.5.2); its MAC begins the chains of both directions."""
        body = bytes((0x84, 0x82, self._level, 0, 16)) + self._host_cryptogram
        mac = self._c_mac.over(body, _ZERO_BLOCK)
        self._icv, self._response_icv = self._c_mac.encrypted_icv(mac), mac
        return body + mac

    def wrap(self, apdu: bytes) -> bytes:
        """Protect one command as the level asks: MAC it, then encrypt (E.4.4 and E.4.6).

        Raises:
            CommandError: it is malformed or too long; the channel is unchanged and stays usable.
        """
        command = self._envelope.read(apdu)
        head, tail = self._envelope.frame(command, len(command.data))
        mac = self._c_mac.over(head + command.data, self._icv)
        self._icv = self._c_mac.encrypted_icv(mac)
        if self._level & R_MAC:
            self._pending.append(_stripped(command))
        if command.data and self._level & C_ENC:
            data = self._s_enc.encrypt_cbc(pad(command.data, _BLOCK), _ZERO_BLOCK)
            head, tail = self._envelope.frame(command, len(data))
            return head + data + mac + tail
        return head + command.data + mac + tail

    def unwrap(self, response: bytes) -> bytes:
        """Check the response to the oldest command not yet answered (E.4.5).

        Takes and returns response data followed by the status word. R-MACs are chained over errors
        too; an error status that comes alone is passed unchecked, since in T=0 no MAC can be beside
        it.

        Raises:
            ResponseMacError: the MAC is wrong, or no command was wrapped for the response.
        """
        if not self._level & R_MAC:
            return response
        if not self._pending:
            raise ResponseMacError("A response came without a command: the exchange is mixed up.")
        body, status = response[:-2], response[-2:]
        bare = is_error(status) and not body
        data, received = (b"", None) if bare else (body[:-_MAC], body[-_MAC:])
        covered = self._pending.popleft() + bytes((len(data) & 0xFF,)) + data + status
        self._response_icv = self._r_mac.over(covered, self._response_icv)
        if received is not None:
            check_response_mac(self._response_icv, received)
        return data + status

    def encrypt_sensitive(self, data: bytes) -> bytes:
        """Encrypt keys or PINs under the session's DEK, block by block (E.4.7).

        Data that is no multiple of 8 octets is first padded with 80 00... as EMV CPS asks; data
        that is, stays as long as it was.
        """
        return self._dek.encrypt(data if len(data) % _BLOCK == 0 else pad(data, _BLOCK))

    def _cryptogram(self, data: bytes) -> bytes:
        """Full triple DES MAC under the session's S-ENC (E.4.2)."""
        return self._s_enc.encrypt_cbc(pad(data, _BLOCK), _ZERO_BLOCK)[-_BLOCK:]


def _stripped(command: CommandApdu) -> bytes:
    """The command as R-MAC sees it: unprotected, with Lc even where there are no data."""
    head = bytes((command.cla, command.ins, command.p1, command.p2, len(command.data)))
    return head + command.data
