"""A secure channel as scripts see it, whatever the protocol."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from cardwright.globalplatform.authentication import SecurityLevel
from cardwright.globalplatform.keys import KeyAlgorithm

__all__ = ["SecureChannel", "wrap_script"]


class SecureChannel(Protocol):
    """One session with a card whose cryptogram is verified: SCP02 or SCP03.

    What it wraps depends on static keys, both challenges, the counter, the level and the commands
    alone. So who holds these can open it again and check the responses of a script long after the
    script was wrapped.
    """

    @property
    def level(self) -> SecurityLevel:
        """The security level that EXTERNAL AUTHENTICATE asks for."""

    @property
    def algorithm(self) -> KeyAlgorithm:
        """The algorithm under which ``encrypt_sensitive`` encrypts."""

    @property
    def max_plain_data(self) -> int:
        """Longest command data, in octets, that ``wrap`` takes."""

    def external_authenticate(self) -> bytes:
        """Build EXTERNAL AUTHENTICATE, the first command of the session."""

    def wrap(self, apdu: bytes) -> bytes:
        """Protect the next command as the level asks; ``CommandError`` if it can't be."""

    def unwrap(self, response: bytes) -> bytes:
        """Check and decrypt the next response, data and status word; ``ResponseMacError``."""

    def encrypt_sensitive(self, data: bytes) -> bytes:
        """Encrypt keys or PINs under the DEK, padded with 80 00... if they are no whole blocks."""


def wrap_script(channel: SecureChannel, apdus: Iterable[bytes]) -> list[bytes]:
    """Wrap a whole script at once; responses don't enter into it at any level."""
    return [channel.wrap(apdu) for apdu in apdus]
